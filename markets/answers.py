"""What every tool does the same way: read filters, and put time, session, source and completeness around its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.sdk import ConnectorError, FieldProblem, InvalidParams, Text
from markets.desk import Desk, Moment, Reading
from markets.kis import hours
from markets.kis.client import Page
from markets.kis.endpoints import Band, Exclusions, Venue
from markets.kis.master import Instrument
from markets.results import Completeness, Exclusion, Freshness, Market

LAYERS = ("stale", "upstream", "shared", "process")
DEFAULT_EXCLUSIONS = (Exclusion.ETF, Exclusion.ETN)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which stocks a list is about. Prices and market values are won, both ends included."""

    market: Market = Market.ALL
    venue: Venue = Venue.KRX
    sector: str | None = None
    price_min: int | None = None
    price_max: int | None = None
    market_cap_min: int | None = None
    market_cap_max: int | None = None
    exclude: tuple[Exclusion, ...] = DEFAULT_EXCLUSIONS

    def __post_init__(self) -> None:
        problems = []
        for low, high, name in (
            (self.price_min, self.price_max, "price_max"),
            (self.market_cap_min, self.market_cap_max, "market_cap_max"),
        ):
            if low is not None and high is not None and low > high:
                problems.append(FieldProblem(name, "The upper end is below the lower end.", "Swap the two values."))
        if self.sector is not None and self.market is not Market.ALL:
            board = {"0": Market.KOSPI, "1": Market.KOSDAQ}.get(self.sector[:1])
            if board not in {None, self.market}:
                problems.append(
                    FieldProblem(
                        "sector",
                        f"Sector {self.sector} belongs to {board}, not to {self.market}.",
                        "Leave market at ALL, or choose a sector of that market.",
                    )
                )
        if problems:
            raise InvalidParams("The filters contradict one another.", problems=problems)

    @property
    def band(self) -> Band:
        return Band(self.price_min, self.price_max)

    @property
    def flags(self) -> Exclusions:
        """The exclusions in the form volume-rank takes."""
        return Exclusions(
            warned=Exclusion.WARNED in self.exclude,
            administrative=Exclusion.ADMINISTRATIVE in self.exclude,
            liquidation=Exclusion.ADMINISTRATIVE in self.exclude,
            preferred=Exclusion.PREFERRED in self.exclude,
            halted=Exclusion.HALTED in self.exclude,
            etf=Exclusion.ETF in self.exclude,
            etn=Exclusion.ETN in self.exclude,
            spac=Exclusion.SPAC in self.exclude,
        )

    @property
    def narrows(self) -> bool:
        """Whether an empty list can be the truth."""
        bounds = (self.sector, self.price_min, self.price_max, self.market_cap_min, self.market_cap_max)
        return any(bound is not None for bound in bounds) or self.venue is Venue.NXT

    def scopes(self, *, split: bool) -> list[str]:
        """The KIS market codes to ask; `split` asks each board on its own."""
        if self.sector is not None:
            return [self.sector]
        if self.market is Market.ALL and split:
            return [Market.KOSPI.scope, Market.KOSDAQ.scope]
        return [self.market.scope]

    def accepts_cap(self, market_cap: int | None) -> bool:
        """Whether a market value in won is inside the bounds; an unknown one only when there are none."""
        if self.market_cap_min is None and self.market_cap_max is None:
            return True
        if market_cap is None:
            return False
        low = self.market_cap_min if self.market_cap_min is not None else 0
        return low <= market_cap and (self.market_cap_max is None or market_cap <= self.market_cap_max)

    def accepts_instrument(self, item: Instrument | None) -> bool:
        """Whether the symbol master's facts pass the exclusions and the sector; unknown codes pass the exclusions."""
        if item is None:
            return self.sector is None
        if self.sector is not None and self.sector not in sector_codes(item):
            return False
        reasons = {
            Exclusion.ETF: item.kind == "etf",
            Exclusion.ETN: item.kind == "etn",
            Exclusion.SPAC: item.is_spac,
            Exclusion.PREFERRED: item.is_preferred,
            Exclusion.HALTED: item.is_halted,
            Exclusion.WARNED: item.warning not in {"", "00"},
            Exclusion.ADMINISTRATIVE: item.is_administrative or item.is_liquidation,
        }
        return not any(reasons[kind] for kind in self.exclude)


def sector_codes(item: Instrument) -> set[str]:
    """Every KIS sector code an instrument belongs to."""
    size = {"1": "2", "2": "3", "3": "4"}.get(item.size)
    group = f"{'000' if item.market == 'KOSPI' else '100'}{size}" if size else ""
    return {code for code in (item.sector_large, item.sector_medium, group) if code and code != "0000"}


@dataclass(slots=True)
class Ledger:
    """The upstream lists an answer was made from: how old, how broken, through which layer."""

    readings: list[Reading[Any]] = field(default_factory=list)
    notices: list[Text] = field(default_factory=list)

    def add(self, reading: Reading[Page]) -> Page:
        self.readings.append(reading)
        return reading.value

    @property
    def blank(self) -> int:
        return sum(reading.value.blank for reading in self.readings if isinstance(reading.value, Page))

    @property
    def broken(self) -> int:
        return sum(reading.value.broken for reading in self.readings if isinstance(reading.value, Page))

    def completeness(
        self,
        *,
        returned: int,
        requested: int,
        certain: int,
        complete: bool,
        method: str,
        candidates: int | None = None,
    ) -> Completeness:
        """An unreadable row could have belonged anywhere, so with one nothing is called complete."""
        if self.broken:
            complete, certain = False, 0
            self.notices.append(
                Text(
                    f"{self.broken} rows of the upstream could not be read and are missing.",
                    f"업스트림의 {self.broken}개 행을 읽을 수 없어 빠졌습니다.",
                )
            )
        return Completeness(
            returned=returned,
            requested=requested,
            complete=complete,
            certain_to_rank=min(certain, returned),
            candidates=candidates,
            upstream_calls=len(self.readings),
            method=method,
            blank_rows=self.blank,
            broken_rows=self.broken,
        )

    def frame(self, desk: Desk, moment: Moment, market: Market, venue: Venue, unit: str) -> dict[str, Any]:
        """The common fields of an answer; the oldest list gives the time, the worst layer the freshness."""
        if not self.readings:
            raise AssertionError("an answer needs at least one upstream list")
        oldest = min(self.readings, key=lambda reading: reading.fetched_at)
        layer = next(name for name in LAYERS if any(reading.layer == name for reading in self.readings))
        said = [*moment.notices, *self.notices]
        if layer == "stale":
            said.append(
                Text(
                    "KIS does not answer just now; these are the last good figures.",
                    "KIS가 응답하지 않아 마지막으로 받은 값을 보여 줍니다.",
                )
            )
        return {
            "as_of": oldest.fetched_at,
            "data_date": moment.data_date,
            "session": moment.session,
            "venue": venue,
            "market": market,
            "source": desk.source,
            "unit": unit,
            "freshness": Freshness(layer=layer, age_seconds=round(oldest.age, 3)),
            "notices": [text.in_language(desk.language) for text in said],
        }


async def instruments_or_notice(desk: Desk, ledger: Ledger, what: str) -> dict[str, Instrument] | None:
    """The symbol master, or None with a notice naming what could not be applied."""
    try:
        return (await desk.instruments()).value
    except ConnectorError as error:
        ledger.notices.append(
            Text(f"{what} could not be applied: {error.message}", f"적용하지 못했습니다({what}): {error.message}")
        )
        return None


def market_total(moment: Moment, market: Market, venue: Venue) -> int | None:
    """The trading value of a whole market in won, None when it is unknown or belongs to another venue."""
    if venue is not Venue.KRX:
        return None
    names: Iterable[str] = ("KOSPI", "KOSDAQ") if market is Market.ALL else (market.value,)
    values = [moment.totals.get(name) for name in names]
    return None if any(value is None for value in values) else sum(value for value in values if value is not None)


def progress(moment: Moment, desk: Desk) -> float:
    """The share of the data's session that has passed by now, 1.0 once it is over."""
    return hours.progress_of(desk.now(), moment.data_date)


def join(parts: Sequence[str]) -> str:
    """Words of a method, one after the other."""
    return "; ".join(part for part in parts if part)
