"""News of finished calls for open server pages, at no cost for servers that nobody looks at.

A page that is open says so on one channel every `REPEAT_SECONDS`; web processes remember it for `WATCHED_SECONDS`.
Only then a finished call leads to a message, and many calls within `PAUSE_SECONDS` lead to one. The message carries a
count and nothing else: the page asks for what changed with its own rights.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from uuid import UUID

from redis.exceptions import RedisError

from portal.common.hub import client, hub
from portal.common.loops import per_loop

logger = logging.getLogger(__name__)
WATCH_CHANNEL = "calls:watched"
REPEAT_SECONDS = 20.0
#: What a process asks on that channel when it starts to listen.
WHO = b"?"
WATCHED_SECONDS = 50.0
PAUSE_SECONDS = 0.3


def channel_of(deployment_id: UUID) -> str:
    return f"calls:{deployment_id}"


class Watched:
    """What this event loop knows of open pages, and the calls that it has not told them yet."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._untold: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None

    def call_ended(self, deployment_id: UUID) -> None:
        """Count a finished call; returns at once, whoever watches."""
        if self._listening is None or (self._listening.done() and self._listening.exception() is not None):
            self._listening = asyncio.ensure_future(self._listen())
        key = str(deployment_id)
        # Until the open pages have answered, every server may be one of them.
        if self._listening.done() and self._until.get(key, 0.0) < time.monotonic():
            return
        waiting = key in self._untold
        self._untold[key] = self._untold.get(key, 0) + 1
        if not waiting:
            task = asyncio.create_task(self._tell(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _listen(self) -> None:
        await hub().subscribe(WATCH_CHANNEL, self._noted)
        await client().publish(WATCH_CHANNEL, WHO)
        await asyncio.sleep(PAUSE_SECONDS)

    def _noted(self, data: bytes) -> None:
        if data == WHO:
            return
        now = time.monotonic()
        for key in [key for key, until in self._until.items() if until < now]:
            del self._until[key]
        self._until[data.decode()] = now + WATCHED_SECONDS

    async def _tell(self, key: str) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        if self._listening is not None and not self._listening.done():
            await asyncio.wait([self._listening])
        count = self._untold.pop(key, 0)
        if self._until.get(key, 0.0) < time.monotonic():
            return
        try:
            await client().publish(f"calls:{key}", str(count))
        except (RedisError, OSError) as error:
            logger.warning("Open pages were not told of calls: %s", type(error).__name__)


def watched() -> Watched:
    return per_loop("watched-servers", Watched)


async def keep_watching(deployment_id: UUID) -> None:
    """Say that a page is open, again and whenever a process asks, until cancelled."""
    asked = asyncio.Event()

    def heard(data: bytes) -> None:
        if data == WHO:
            asked.set()

    async with hub().listening(WATCH_CHANNEL, heard):
        while True:
            with contextlib.suppress(RedisError, OSError):
                await client().publish(WATCH_CHANNEL, str(deployment_id))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asked.wait(), REPEAT_SECONDS)
            asked.clear()
