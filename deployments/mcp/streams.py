"""Open event streams towards clients, kept as small as they can be: one task, one queue, no session object.

The SDK's own stream costs about 111 KiB while idle; thousands of idle clients are normal for HTTP+SSE.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any

import orjson

PING_SECONDS = 15.0
MAX_BACKLOG = 1000
_PING = b": ping\r\n\r\n"
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


def event(data: bytes, name: str = "message") -> bytes:
    """One server-sent event. JSON has no raw line breaks, so one data line is enough."""
    return b"event: " + name.encode() + b"\r\ndata: " + data + b"\r\n\r\n"


class Stream:
    """An event stream to one client. `push` never blocks; a client that stops reading is cut off."""

    __slots__ = ("_backlog", "_closed", "_wake", "slug")

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self._backlog: deque[bytes] = deque()
        self._wake: asyncio.Future[bool] | None = None
        self._closed = False

    def push(self, frame: bytes) -> None:
        if self._closed:
            return
        if len(self._backlog) >= MAX_BACKLOG:
            self.close()
            return
        self._backlog.append(frame)
        self._ring()

    def push_message(self, message: dict[str, Any]) -> None:
        self.push(event(orjson.dumps(message)))

    def close(self) -> None:
        self._closed = True
        self._ring()

    def _ring(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(False)

    async def serve(self, receive: Any, send: Any, first: bytes = b"", headers: Any = ()) -> None:
        """Write frames until the client leaves or the stream is closed."""
        loop = asyncio.get_running_loop()
        await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, *headers]})
        await send({"type": "http.response.body", "body": first or _PING, "more_body": True})
        gone = asyncio.ensure_future(_disconnected(receive))
        gone.add_done_callback(lambda _: self.close())
        try:
            while True:
                while self._backlog:
                    frames = b"".join(self._backlog)
                    self._backlog.clear()
                    await send({"type": "http.response.body", "body": frames, "more_body": True})
                if self._closed:
                    break
                self._wake = loop.create_future()
                timer = loop.call_later(PING_SECONDS, _resolve, self._wake, True)
                ping = await self._wake
                timer.cancel()
                if ping:
                    await send({"type": "http.response.body", "body": _PING, "more_body": True})
            if not gone.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._closed = True
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone


def _resolve(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
