"""Pure client of the KIS Open API (Korea Investment & Securities): no web framework, no global state."""
