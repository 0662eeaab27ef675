"""The sandbox's switches and its memory: tokens, request times, clock and faults of one account world."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from markets.sandbox.figures import CLOSE, SEOUL, sessions


class RefusedCall(BaseModel):
    """Answer with `rt_cd` 1 inside HTTP 200."""

    code: str = "OPSQ0002"
    message: str = "없는 서비스 코드 입니다"
    times: int = Field(default=1, ge=1)


class Clock(BaseModel):
    """Where the sandbox's day stands: `at` (Seoul time unless it has a zone) and how many times faster it runs."""

    at: datetime
    speed: float = Field(default=0.0, ge=0)


class Faults(BaseModel):
    """The body of `POST /kis/__faults__`; every field left out keeps its value, `{"reset": true}` starts over."""

    model_config = ConfigDict(extra="forbid")

    reset: bool = False
    #: Share of calls refused with EGW00201, whatever the real rate.
    rate_storm: float = Field(default=0.0, ge=0, le=1)
    #: The next call finds its token expired, told as HTTP 500 or inside HTTP 200; all issued tokens are void then.
    expire_token: str = Field(default="", pattern="^(|500|200)$")
    #: That many calls meet the maintenance page (HTML, 503); -1 for good.
    html_503: int = Field(default=0, ge=-1)
    #: That many calls are answered `delay` seconds late; -1 for all.
    delay: float = Field(default=0.0, ge=0, le=60)
    delay_times: int = Field(default=-1, ge=-1)
    #: Added to every answer: the distance to the real upstream.
    latency: float = Field(default=0.0, ge=0, le=10)
    #: All-blank rows put before the real ones.
    blank_rows: int = Field(default=0, ge=0, le=30)
    #: Nothing but blank rows.
    only_blank_rows: bool = False
    #: Failures carry an empty `msg1`.
    empty_messages: bool = False
    refuse: RefusedCall | None = None
    malformed_master: bool = False
    #: The exchange is closed today, whatever the calendar says.
    market_closed: bool = False
    #: Generated exchange-traded products take part in volume-rank.
    funds: bool = False
    #: Restrict the faults to one endpoint, for example `volume-rank`.
    only: str = ""
    clock: Clock | None = None
    #: Real limits: requests a second and seconds between two tokens.
    per_second: int = Field(default=20, ge=1, le=10_000)
    token_pause: float = Field(default=60.0, ge=0)


def _default_clock() -> Clock:
    return Clock(at=datetime.combine(sessions()[-1], CLOSE, SEOUL) + timedelta(hours=2, minutes=30))


@dataclass(slots=True)
class World:
    """Everything one running sandbox remembers."""

    faults: Faults = field(default_factory=Faults)
    tokens: dict[str, str] = field(default_factory=dict)  # token -> app key
    issued: dict[str, tuple[float, str]] = field(default_factory=dict)  # app key -> (when, token)
    calls: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    arrivals: dict[str, deque[float]] = field(default_factory=dict)
    busiest_second: int = 0
    tokens_issued: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(20250211))  # noqa: S311 - repeatable faults
    clock: Clock = field(default_factory=_default_clock)
    clock_set: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """The sandbox's own Seoul time."""
        at = self.clock.at if self.clock.at.tzinfo else self.clock.at.replace(tzinfo=SEOUL)
        gone = (time.monotonic() - self.clock_set) * self.clock.speed
        return at.astimezone(SEOUL) + timedelta(seconds=gone)

    def switch(self, wanted: dict[str, Any]) -> None:
        """Apply a validated change of the switches."""
        change = Faults.model_validate(wanted)
        if change.reset:
            fresh = World()
            self.faults, self.clock, self.clock_set = fresh.faults, fresh.clock, fresh.clock_set
            self.tokens, self.issued, self.tokens_issued = {}, {}, 0
            self.calls, self.refused, self.arrivals, self.busiest_second = Counter(), Counter(), {}, 0
            self.chance = fresh.chance
        fields = {name: getattr(change, name) for name in change.model_fields_set - {"reset"}}
        self.faults = self.faults.model_copy(update=fields)
        if change.clock is not None:
            self.clock, self.clock_set = change.clock, time.monotonic()

    def admit(self, app_key: str) -> bool:
        """Count an arrival of an account; False when its second is full. Refused requests do not count."""
        now = time.monotonic()
        window = self.arrivals.setdefault(app_key, deque())
        while window and window[0] <= now - 1.0:
            window.popleft()
        if len(window) >= self.faults.per_second:
            return False
        window.append(now)
        self.busiest_second = max(self.busiest_second, len(window))
        return True

    def spend(self, name: str) -> bool:
        """Use one of the times a counted fault has left."""
        left = int(getattr(self.faults, name))
        if left == 0:
            return False
        if left > 0:
            self.faults = self.faults.model_copy(update={name: left - 1})
        return True

    def report(self) -> dict[str, Any]:
        """What happened so far, for tests and the curious."""
        return {
            "now": self.now().isoformat(),
            "calls": dict(self.calls),
            "refused": dict(self.refused),
            "busiest_second": self.busiest_second,
            "tokens_issued": self.tokens_issued,
            "faults": self.faults.model_dump(mode="json", exclude_defaults=True),
        }
