"""The small shared memory an action may use: values with a lifetime, counters, locks and rate windows.

In the product it is Redis, so that all processes see the same token, limit or lock; in a notebook or a
unit test it is `MemoryStore`.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol


class Store(Protocol):
    """Keys are plain strings; the product prefixes them per connector, never per workspace unless the key says so."""

    async def get(self, key: str) -> bytes | None:
        """The stored value, or None when absent or expired."""

    async def set(self, key: str, value: bytes, *, ttl: float | None = None, only_if_absent: bool = False) -> bool:
        """Store a value for `ttl` seconds (for good when None); False when it was there and must not be replaced."""

    async def delete(self, key: str) -> None: ...

    async def incr(self, key: str, by: int = 1, *, ttl: float | None = None) -> int:
        """Add to a counter and return the new value; `ttl` starts when the counter is created."""

    async def take(self, key: str, *, limit: int, per: float, cost: int = 1) -> float:
        """Take `cost` places in a sliding window of `per` seconds: 0.0 when granted, else the seconds to wait.

        `ValueError` when the cost is larger than the limit: no wait would ever be enough.
        """

    def lock(self, key: str, *, ttl: float = 30.0, wait: float = 10.0) -> AbstractAsyncContextManager[bool]:
        """Hold a lock across processes; yields False when it was not free within `wait` seconds."""


class MemoryStore:
    """A `Store` inside one process."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[bytes, float | None]] = {}
        self._windows: defaultdict[str, deque[float]] = defaultdict(deque)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, key: str) -> bytes | None:
        found = self._values.get(key)
        if found is None:
            return None
        value, expires = found
        if expires is not None and expires <= time.monotonic():
            del self._values[key]
            return None
        return value

    async def set(self, key: str, value: bytes, *, ttl: float | None = None, only_if_absent: bool = False) -> bool:
        if only_if_absent and await self.get(key) is not None:
            return False
        self._values[key] = (value, None if ttl is None else time.monotonic() + ttl)
        return True

    async def delete(self, key: str) -> None:
        self._values.pop(key, None)

    async def incr(self, key: str, by: int = 1, *, ttl: float | None = None) -> int:
        current = await self.get(key)
        total = int(current or b"0") + by
        expires = self._values[key][1] if current is not None else (None if ttl is None else time.monotonic() + ttl)
        self._values[key] = (str(total).encode(), expires)
        return total

    async def take(self, key: str, *, limit: int, per: float, cost: int = 1) -> float:
        if cost > limit:
            raise ValueError(f"{cost} places can never fit into a window of {limit}")
        window, now = self._windows[key], time.monotonic()
        while window and window[0] <= now - per:
            window.popleft()
        if len(window) + cost <= limit:
            window.extend([now] * cost)
            return 0.0
        blocking = min(len(window) + cost - limit, len(window)) - 1
        return max(window[blocking] + per - now, 0.001)

    @asynccontextmanager
    async def lock(self, key: str, *, ttl: float = 30.0, wait: float = 10.0) -> AsyncIterator[bool]:
        lock = self._locks[key]
        try:
            await asyncio.wait_for(lock.acquire(), wait)
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()


async def wait_turn(store: Store, key: str, *, limit: int, per: float, deadline: float | None = None) -> bool:
    """Wait until the window has room; False when the `deadline` (monotonic seconds) would pass first."""
    while (delay := await store.take(key, limit=limit, per=per)) > 0:
        if deadline is not None and time.monotonic() + delay > deadline:
            return False
        await asyncio.sleep(delay)
    return True
