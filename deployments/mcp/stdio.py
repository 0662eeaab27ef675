"""A deployment over stdin and stdout, for clients that start their servers as local processes.

Whoever may run management commands may do anything with the installation, so there is no key to check; the
person is the user of the operating system.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import json
import sys
import threading
from collections.abc import Callable
from typing import Any

from deployments.mcp.auth import Principal, with_client
from deployments.mcp.endpoint import endpoints
from deployments.mcp.exchange import DEFAULT_VERSION, BadMessage, Caller, answer, cancelled_id, is_request, parse
from deployments.mcp.streams import Stream
from deployments.mcp.target import targets
from portal.common.errors import NotFound

Write = Callable[[dict[str, Any]], None]


class _Announcements(Stream):
    """Change notices go straight to the output."""

    __slots__ = ("_write",)

    def __init__(self, slug: str, write: Write) -> None:
        super().__init__(slug)
        self._write = write

    def push_message(self, message: dict[str, Any]) -> None:
        self._write(message)


def _lines(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[bytes | None]) -> None:
    """Feed stdin into the loop; a thread, since standard input may be a file, a pipe or a terminal."""
    for line in sys.stdin.buffer:
        loop.call_soon_threadsafe(queue.put_nowait, line)
    loop.call_soon_threadsafe(queue.put_nowait, None)


def _write_line(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
    sys.stdout.buffer.flush()


class StdioServer:
    """One client on stdin and stdout."""

    def __init__(self, slug: str, write: Write = _write_line) -> None:
        self._slug, self._write = slug, write
        self._principal = Principal(id="stdio", kind="stdio", label=getpass.getuser())
        self._version = DEFAULT_VERSION
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Look at the server and listen for changes; `NotFound` when it is not live."""
        if (target := await targets().get(self._slug)) is None or not target.is_live:
            raise NotFound(f"There is no live server {self._slug!r}.")
        await endpoints().ready()
        endpoints().get(self._slug).streams.add(_Announcements(self._slug, self._write))

    async def run(self) -> None:
        """Serve until the input ends, then let running calls finish."""
        await self.start()
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        threading.Thread(target=_lines, args=(asyncio.get_running_loop(), queue), daemon=True).start()
        while (line := await queue.get()) is not None:
            if line.strip():
                self.take(line)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def take(self, line: bytes) -> None:
        """Accept one message; requests are served side by side."""
        try:
            message = parse(line)
        except BadMessage as error:
            self._write(error.body())
            return
        if is_request(message):
            task = asyncio.create_task(self._serve(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            endpoints().in_flight.add("stdio", message["id"], task)
        elif (request_id := cancelled_id(message)) is not None:
            endpoints().in_flight.cancel("stdio", request_id)

    async def _serve(self, message: dict[str, Any]) -> None:
        async def notify(notification: dict[str, Any]) -> None:
            self._write(notification)

        target = await targets().get(self._slug)
        if target is None or not target.is_live:
            gone = {"code": -32000, "message": "This server is not live any more."}
            self._write({"jsonrpc": "2.0", "id": message["id"], "error": gone})
            return
        server = endpoints().get(self._slug).server_for(target)
        caller = Caller(target, self._principal, "stdio")
        with contextlib.suppress(asyncio.CancelledError):
            response = await answer(server, message, caller, version=self._version, notify=notify)
            if message["method"] == "initialize" and "result" in response:
                info = message["params"].get("clientInfo") or {}
                self._version = response["result"]["protocolVersion"]
                self._principal = with_client(self._principal, str(info.get("name", "")), str(info.get("version", "")))
            self._write(response)
