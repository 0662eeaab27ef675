"""A closed-loop load of MCP tool calls over raw keep-alive connections: the client costs as little as it can.

Every answer is checked. The handshake revision is spoken, since most clients in the field speak it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Figures:
    """What one measurement gave. Durations are seconds."""

    clients: int
    durations: list[float] = field(default_factory=list)
    errors: int = 0
    elapsed: float = 0.0
    cpu_seconds: float = 0.0
    memory_bytes: int = 0

    @property
    def calls_per_second(self) -> float:
        return len(self.durations) / self.elapsed if self.elapsed else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.durations)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else float("nan")

    @property
    def cpu_milliseconds_per_call(self) -> float:
        return self.cpu_seconds * 1000 / len(self.durations) if self.durations else float("nan")


class Connection:
    """One keep-alive HTTP/1.1 connection to an MCP endpoint."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._path = parts.hostname or "", parts.port or 80, parts.path
        self._head = (
            f"POST {self._path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json, text/event-stream\r\nAuthorization: Bearer {key}\r\n"
        )
        self._session = ""

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=4 * 1024 * 1024)
        params = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"},
        }
        headers, answer = await self._post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})
        version = answer["result"]["protocolVersion"]
        self._session = f"Mcp-Protocol-Version: {version}\r\n"
        if session := headers.get("mcp-session-id"):
            self._session += f"Mcp-Session-Id: {session}\r\n"
        await self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def close(self) -> None:
        self._writer.close()

    async def call(self, id: int, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        body: dict[str, Any] = {"jsonrpc": "2.0", "id": id, "method": method}
        if params is not None:
            body["params"] = params
        _, answer = await self._post(body)
        return answer

    async def _post(self, message: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        body = json.dumps(message).encode()
        head = f"{self._head}{self._session}Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        raw = await self._reader.readuntil(b"\r\n\r\n")
        lines = raw.decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        status = int(lines[0].split()[1])
        content = await self._content(headers)
        if status >= 400:
            raise RuntimeError(f"HTTP {status}: {content[:200]!r}")
        if headers.get("content-type", "").startswith("text/event-stream"):
            data = [line[6:] for line in content.decode().splitlines() if line.startswith("data: ")]
            return headers, json.loads(data[-1])
        return headers, json.loads(content) if content else {}

    async def _content(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return await self._reader.readexactly(int(headers["content-length"]))
        parts = []
        while size := int((await self._reader.readline()).strip() or b"0", 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readline()
        await self._reader.readline()
        return b"".join(parts)


async def measure(
    url: str,
    key: str,
    *,
    clients: int,
    seconds: float,
    tool: str = "",
    is_right: Callable[[dict[str, Any], str], bool] = lambda answer, text: True,
) -> Figures:
    """Call `tool` (or list the tools when empty) from `clients` connections at once for some seconds."""
    figures = Figures(clients)
    connections = [Connection(url, key) for _ in range(clients)]
    await asyncio.gather(*(connection.open() for connection in connections))

    async def work(number: int, connection: Connection, until: float) -> None:
        count = 0
        while time.perf_counter() < until:
            count += 1
            text = f"{number}:{count}"
            began = time.perf_counter()
            try:
                if tool:
                    params = {"name": tool, "arguments": {"text": text}}
                    answer = await connection.call(count, "tools/call", params)
                else:
                    answer = await connection.call(count, "tools/list")
                right = "result" in answer and not answer["result"].get("isError") and is_right(answer["result"], text)
            except (OSError, RuntimeError, ValueError, asyncio.IncompleteReadError):
                right = False
            figures.durations.append(time.perf_counter() - began)
            figures.errors += not right

    async def warm_up() -> None:
        await asyncio.gather(*(work(n, c, time.perf_counter() + 0.5) for n, c in enumerate(connections[:10])))

    await warm_up()
    figures.durations.clear()
    figures.errors = 0
    began = time.perf_counter()
    await asyncio.gather(*(work(n, c, began + seconds) for n, c in enumerate(connections)))
    figures.elapsed = time.perf_counter() - began
    await asyncio.gather(*(connection.close() for connection in connections))
    return figures
