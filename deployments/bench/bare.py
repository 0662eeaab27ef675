"""The yardstick: the SDK's own server with one no-op tool, on uvicorn. `python -m deployments.bench.bare PORT`."""

from __future__ import annotations

import sys

import uvicorn
from mcp.server import MCPServer


def main(port: int) -> None:
    server = MCPServer("bare")

    @server.tool()
    async def echo(text: str) -> dict[str, str]:
        """Give the text back."""
        return {"text": text}

    uvicorn.run(
        server.streamable_http_app(streamable_http_path="/mcp"),
        host="127.0.0.1",
        port=port,
        log_level="error",
        loop="uvloop",
        http="httptools",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
