"""Circuit breaker shared by all processes: a block closes the door for half an hour, a repeat for twice as long."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrations.sdk import Store

FIRST_COOL_DOWN = 30 * 60.0
LONGEST_COOL_DOWN = 24 * 3600.0
FORGET_AFTER = 7 * 24 * 3600.0
FAILURES_BEFORE_PAUSE = 5
FAILURE_PAUSE = 5 * 60.0


@dataclass(slots=True)
class BreakerState:
    """`open_until` and `changed_at` are Unix seconds; `reason` is fit for the operator."""

    blocks: int = 0
    failures: int = 0
    open_until: float = 0.0
    reason: str = ""
    changed_at: float = 0.0

    def is_open(self, now: float) -> bool:
        """Whether requests are forbidden at `now`."""
        return now < self.open_until


class Breaker:
    """State of one platform in the shared store."""

    def __init__(self, store: Store, platform: str, clock: Callable[[], float] = time.time) -> None:
        self.store, self.platform, self.clock = store, platform, clock
        self.key = f"properties:breaker:{platform}"

    async def state(self) -> BreakerState:
        """The current state."""
        raw = await self.store.get(self.key)
        return BreakerState(**json.loads(raw)) if raw else BreakerState()

    async def _save(self, state: BreakerState) -> BreakerState:
        state.changed_at = self.clock()
        await self.store.set(self.key, json.dumps(asdict(state)).encode(), ttl=FORGET_AFTER)
        return state

    async def blocked(self, reason: str, retry_after: float | None = None) -> BreakerState:
        """Record a block: half an hour, doubled on each repeat, never shorter than what the platform asks for."""
        state = await self.state()
        pause = min(FIRST_COOL_DOWN * 2**state.blocks, LONGEST_COOL_DOWN)
        state.blocks += 1
        state.open_until = self.clock() + max(pause, retry_after or 0.0)
        state.reason = reason
        return await self._save(state)

    async def failed(self, reason: str) -> BreakerState:
        """Record an outage; after a few in a row the platform is left alone for some minutes."""
        state = await self.state()
        state.failures += 1
        state.reason = reason
        if state.failures >= FAILURES_BEFORE_PAUSE:
            state.open_until = max(state.open_until, self.clock() + FAILURE_PAUSE)
        return await self._save(state)

    async def succeeded(self) -> BreakerState:
        """Record a complete collection. Past blocks keep counting until they are forgotten after a week."""
        state = await self.state()
        if not state.failures and not state.open_until:
            return state
        state.failures, state.open_until, state.reason = 0, 0.0, ""
        return await self._save(state)

    async def reset(self) -> None:
        """Forget everything: an operator has settled the matter with the platform."""
        await self.store.delete(self.key)
