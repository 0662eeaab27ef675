"""The recorded market excerpt that the sandbox serves. See README.md for its sources."""
