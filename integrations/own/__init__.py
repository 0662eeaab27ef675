"""Connectors that a workspace makes for itself: from an OpenAPI document, or from another MCP server's tools."""
