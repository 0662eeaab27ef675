"""More than one capped list made into one ranking, with a proof of how far the ranking is certain.

KIS lists end after 30 rows. A list that is full hides only stocks whose value is at most its last row's. So after
merging, every rank whose value is at least the highest such last value is certain. Full lists that could still hide a
wanted rank are split by price into two narrower ones, until all wanted ranks are certain or the call budget ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from statistics import median_low
from typing import Generic, Protocol, TypeVar

from markets.kis.endpoints import Band


class Priced(Protocol):
    """A row with a code and a price in won."""

    @property
    def code(self) -> str: ...

    @property
    def price(self) -> int: ...


R = TypeVar("R", bound=Priced)


@dataclass(frozen=True, slots=True)
class Part(Generic[R]):
    """One capped list: its scope and price band, and whether it was cut."""

    scope: str
    band: Band
    rows: Sequence[R]
    capped: bool


@dataclass(slots=True)
class Merged(Generic[R]):
    """The merged ranking, best first. `certain` ranks are proven; `exhausted` when no list hides anything."""

    rows: list[R] = field(default_factory=list)
    certain: int = 0
    exhausted: bool = False
    calls: int = 0


async def merge_top(
    fetch: Callable[[str, Band], Awaitable[Part[R]]],
    *,
    scopes: Sequence[str],
    band: Band,
    count: int,
    value: Callable[[R], int],
    keep: Callable[[R], bool] = lambda row: True,
    max_calls: int = 24,
) -> Merged[R]:
    """The best `count` rows that `keep` accepts over disjoint scopes; concurrent, at most `max_calls` lists."""
    merged: Merged[R] = Merged()
    leaves: list[Part[R]] = []
    found: dict[str, R] = {}
    wanted: list[tuple[str, Band]] = [(scope, band) for scope in scopes]
    while wanted:
        parts = await asyncio.gather(*(fetch(scope, piece) for scope, piece in wanted))
        merged.calls += len(wanted)
        leaves.extend(parts)
        for part in parts:
            found.update((row.code, row) for row in part.rows)
        kept = sorted((row for row in found.values() if keep(row)), key=lambda row: (-value(row), row.code))
        open_parts = [part for part in leaves if part.capped]
        bound = max((_floor(part, value) for part in open_parts), default=None)
        merged.certain = len(kept) if bound is None else sum(1 for row in kept if value(row) >= bound)
        merged.exhausted = bound is None
        merged.rows = kept[:count]
        if merged.certain >= count or bound is None:
            break
        least = value(kept[count - 1]) if len(kept) >= count else -1
        wanted = []
        for part in sorted(open_parts, key=lambda part: -_floor(part, value)):
            halves = _split(part)
            if _floor(part, value) <= least or halves is None or merged.calls + len(wanted) + 2 > max_calls:
                continue
            leaves.remove(part)
            wanted.extend((part.scope, half) for half in halves)
    merged.certain = min(merged.certain, len(merged.rows))
    return merged


def _floor(part: Part[R], value: Callable[[R], int]) -> int:
    """No hidden stock of a full list has a higher value than this."""
    return min((value(row) for row in part.rows), default=0)


def _split(part: Part[R]) -> tuple[Band, Band] | None:
    """Two price bands that hold about half of the visible rows each; None when the prices do not differ."""
    prices = sorted(row.price for row in part.rows)
    if not prices or prices[0] == prices[-1]:
        return None
    middle = median_low(prices)
    if middle == prices[-1]:
        middle = max(price for price in prices if price < middle)
    return Band(part.band.low, middle), Band(middle + 1, part.band.high)
