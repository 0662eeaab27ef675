"""Measurements of tool calls against the bare MCP SDK, in one run on one machine: `make bench`."""
