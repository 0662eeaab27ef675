"""Shared limits: at most ten calls in flight and a daily number of calls per operation, over all processes.

The store is the SDK's port: Redis in the product (every process sees the same counters), memory in a notebook.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from integrations.sdk.store import Store
from procurement.g2b.calendar import next_seoul_midnight, seoul_today
from procurement.g2b.errors import QuotaExhausted

IN_FLIGHT = 10
DAILY_CALLS = 1000
#: Spacing of calls after the upstream said "too fast", and for how long it is kept, seconds.
SPACING, CALM = 0.15, 30.0


class _Local:
    """The places this process uses on one event loop: waiting here is fair and needs no store call."""

    def __init__(self, size: int) -> None:
        self.free = asyncio.Semaphore(size)
        self.indexes = list(range(size))


_LOCAL: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Local]] = WeakKeyDictionary()


class Gate:
    """The door every call passes. `scope` names the service key (its fingerprint), for the counters."""

    def __init__(
        self,
        store: Store,
        scope: str,
        *,
        in_flight: int = IN_FLIGHT,
        daily_calls: int = DAILY_CALLS,
        lease: float = 150.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self.store, self.scope = store, scope
        self.in_flight, self.daily_calls = in_flight, daily_calls
        self._lease, self._clock, self._sleep = lease, clock, sleep
        self._next_start = 0.0

    def _key(self, *parts: str) -> str:
        return ":".join(("g2b", self.scope, *parts))

    def _quota_key(self, operation: str) -> str:
        return self._key("calls", f"{seoul_today(self._clock()):%Y%m%d}", operation)

    async def reserve(self, operation: str) -> int:
        """Count one call before it is sent, retries too; `QuotaExhausted` when today's are used up."""
        used = await self.store.incr(self._quota_key(operation), ttl=172_800)
        if used > self.daily_calls:
            raise self._exhausted(operation)
        return used

    async def used(self, operation: str) -> int:
        """Calls of this operation counted today, never more than the allowance."""
        return min(int(await self.store.get(self._quota_key(operation)) or b"0"), self.daily_calls)

    async def exhaust(self, operation: str) -> QuotaExhausted:
        """Remember that the upstream itself refused: every process stops until midnight in Seoul."""
        await self.store.incr(self._quota_key(operation), self.daily_calls, ttl=172_800)
        return self._exhausted(operation)

    def _exhausted(self, operation: str) -> QuotaExhausted:
        now = self._clock()
        resume = next_seoul_midnight(now)
        return QuotaExhausted(
            f"{operation}: today's {self.daily_calls} calls are used up.",
            remedy=f"The job keeps its place; resume after {resume:%Y-%m-%d %H:%M} (Seoul).",
            retry_after=max((resume - now).total_seconds(), 1.0),
            details={"operation": operation, "resume_at": resume.isoformat(), "daily_calls": self.daily_calls},
        )

    async def slow_down(self, seconds: float = CALM) -> None:
        """Space the calls of every process for a while."""
        await self.store.set(self._key("calm"), b"1", ttl=seconds)

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one of the places in flight; the lease ends by itself if this process dies."""
        loop = asyncio.get_running_loop()
        local = _LOCAL.setdefault(loop, {}).setdefault(f"{self.scope}:{self.in_flight}", _Local(self.in_flight))
        async with local.free:
            index = await self._claim(local)
            try:
                if await self.store.get(self._key("calm")) is not None:
                    await self._space_out()
                yield
            finally:
                local.indexes.append(index)
                # A cancelled call must still give its place back.
                await asyncio.shield(self.store.delete(self._key("slot", str(index))))

    async def _claim(self, local: _Local) -> int:
        while True:
            for _ in range(len(local.indexes)):
                index = local.indexes.pop(0)
                try:
                    taken = await self.store.set(
                        self._key("slot", str(index)), b"1", ttl=self._lease, only_if_absent=True
                    )
                except BaseException:
                    local.indexes.append(index)
                    raise
                if taken:
                    return index
                local.indexes.append(index)
            await asyncio.sleep(random.uniform(0.004, 0.02))  # noqa: S311

    async def _space_out(self) -> None:
        now = time.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + SPACING
        await self._sleep(start - now)
