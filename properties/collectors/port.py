"""What a collector is asked and what it answers. Blocked, failed and partial are never an empty result."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from properties.normalise.codes import PropertyType, Trade
from properties.normalise.listing import RawAdvert


class Outcome(StrEnum):
    """How a collection ended. Only COMPLETE says anything about adverts that are missing from it."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    BLOCKED = "blocked"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """One region and what to look for there. `region_code` has 10 digits; the box is (south, west, north, east)."""

    region_code: str
    region_name: str = ""
    trades: tuple[Trade, ...] = (Trade.SALE, Trade.JEONSE, Trade.MONTHLY)
    property_types: tuple[PropertyType, ...] = (PropertyType.APARTMENT,)
    box: tuple[float, float, float, float] | None = None
    complex_ids: tuple[str, ...] = ()
    max_pages: int = 50
    seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class PageReport:
    """One answer of the platform: kept raw for its retention period, and what was read from it."""

    step: str
    url: str
    status: int
    body: str
    rows: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked for, of what the platform lists: a complete collection is complete for this and no more."""

    trades: tuple[Trade, ...] = ()
    property_types: tuple[PropertyType, ...] = ()
    is_whole_region: bool = False


@dataclass(slots=True)
class Collected:
    """The result of one collection, with what is needed to judge its completeness."""

    platform: str
    outcome: Outcome
    adverts: list[RawAdvert] = field(default_factory=list)
    pages: list[PageReport] = field(default_factory=list)
    expected: int | None = None
    missing_ids: tuple[str, ...] = ()
    reason: str = ""
    remedy: str = ""
    robots: str = "not_checked"
    requests: int = 0
    scope: Scope = Scope()

    @property
    def may_mark_gone(self) -> bool:
        """Whether an advert of the scope that is absent here may count as missing once."""
        return self.outcome is Outcome.COMPLETE and self.scope.is_whole_region
