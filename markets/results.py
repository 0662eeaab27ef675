"""What the market tools answer: typed, with unit, time, session, source and completeness beside the figures."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from markets.kis.endpoints import Venue
from markets.kis.hours import Session


class Market(StrEnum):
    """Which board of the exchange."""

    ALL = "ALL"
    KOSPI = "KOSPI"
    KOSDAQ = "KOSDAQ"

    @property
    def scope(self) -> str:
        """The KIS market code."""
        return {"ALL": "0000", "KOSPI": "0001", "KOSDAQ": "1001"}[self.value]


class Exclusion(StrEnum):
    """Kinds of instruments a list can leave out."""

    ETF = "etf"
    ETN = "etn"
    SPAC = "spac"
    PREFERRED = "preferred"
    HALTED = "halted"
    WARNED = "warned"
    ADMINISTRATIVE = "administrative"


class Model(BaseModel):
    """Base of every answer part."""

    model_config = ConfigDict(frozen=True)


class Completeness(Model):
    """How much of the truth a list holds. A failure or a cap never looks like an empty market."""

    returned: int = Field(description="Rows in this answer")
    requested: int = Field(description="Rows asked for")
    complete: bool = Field(description="True when these provably are the right rows, in the right order")
    certain_to_rank: int = Field(description="Ranks 1 to this one are certain even when the list is not complete")
    candidates: int | None = Field(
        default=None, description="Size of the set that was ranked, null when it is the whole market"
    )
    upstream_calls: int = Field(default=0, description="Upstream lists this answer was merged from")
    method: str = Field(description="How the list was put together")
    blank_rows: int = Field(default=0, description="Padding rows of the upstream that were dropped")
    broken_rows: int = Field(default=0, description="Rows of the upstream that could not be read")


class Freshness(Model):
    """Where the figures came from on their way here."""

    layer: Literal["upstream", "process", "shared", "stale"] = Field(
        description="upstream: asked just now; process, shared: from the cache; stale: the upstream fails just now"
    )
    age_seconds: float = Field(ge=0)


class Answer(Model):
    """What every market answer carries."""

    as_of: datetime = Field(description="When the upstream gave the figures")
    data_date: date = Field(description="The session the figures belong to, Seoul calendar")
    session: Session = Field(description="State of the regular market when the figures were given")
    venue: Venue
    market: Market
    source: str
    unit: str
    completeness: Completeness
    freshness: Freshness
    notices: list[str] = Field(default_factory=list, description="What a careful reader should know")


class RankedStock(Model):
    """One stock of a ranking. Amounts are won, volumes shares."""

    rank: int
    code: str = Field(description="Six characters; leading zeros and letters belong to it")
    name: str
    price: int = Field(description="Won")
    change: int | None = Field(default=None, description="Won against the previous close")
    change_percent: float | None = Field(default=None, description="Per cent against the previous close")
    volume: int | None = Field(default=None, description="Shares")
    trading_value: int | None = Field(default=None, description="Won traded in the session")
    market_cap: int | None = Field(default=None, description="Won")
    turnover_percent: float | None = Field(default=None, description="Trading value in per cent of the market value")
    market_share_percent: float | None = Field(default=None, description="Share of the market's total")


class Ranking(Answer):
    """A ranked list of stocks."""

    rows: list[RankedStock]
    market_total: int | None = Field(default=None, description="Trading value of the whole market, won")
    concentration_percent: float | None = Field(
        default=None, description="Share of these rows in the trading value of the whole market"
    )


class ChangedStock(RankedStock):
    """A stock with its trading value against a base."""

    base_value: int | None = Field(default=None, description="Won; the base it is compared with")
    base_sessions: int = Field(description="Sessions with trading that make the base")
    change_in_value_percent: float | None = Field(
        default=None, description="Growth of the trading value against the base; null when there is no base"
    )
    note: str = Field(default="", description="resumed: no trading in the session before; new: no base yet")


class ChangeRanking(Answer):
    """Stocks by growth of their trading value."""

    base: str
    rows: list[ChangedStock]


class InvestorStock(RankedStock):
    """A stock with the net trading of one investor group."""

    net_amount: int | None = Field(default=None, description="Won bought less won sold")
    net_quantity: int | None = Field(default=None, description="Shares bought less shares sold")


class InvestorRanking(Answer):
    """Stocks by net trading of one investor group."""

    investor: str
    side: str
    provisional: bool = Field(description="Estimates of the running session; final figures follow after the close")
    rows: list[InvestorStock]


class SectorVolume(Model):
    """One sector. Amounts are won, volumes shares."""

    rank: int
    code: str
    name: str
    market: Market
    trading_value: int
    volume: int | None = None
    share_percent: float | None = Field(default=None, description="Share of its board's trading value")
    change_percent: float | None = None
    aggregate: bool = Field(default=False, description="Contains other sectors of this list: do not add up")


class SectorRanking(Answer):
    """Sectors by trading value, without counting a stock twice."""

    rows: list[SectorVolume]
    market_total: int | None = None
    covered_percent: float | None = Field(default=None, description="Share of the market's total inside these sectors")


class Evidence(Model):
    """One measured reason."""

    measure: str
    value: float
    threshold: float | None = None
    passed: bool
    detail: str = ""


class UnusualStock(RankedStock):
    """A stock whose trading does not fit its own past and the market's day."""

    kind: str = Field(description="unexplained, or with_price_move when the price movement explains most of it")
    score: float = Field(description="Robust score with market and price movement taken out; higher is more unusual")
    volume_score: float = Field(description="The same with the price movement left in")
    times_usual: float | None = Field(default=None, description="Trading value against its usual level today")
    baseline_sessions: int
    evidence: list[Evidence]
    causes: list[str] = Field(description="Checkable causes, or `cause unknown`")


class UnusualVolume(Answer):
    """Findings of the unusual-volume detector."""

    method: str
    threshold: float
    market_factor: float = Field(description="How busy the whole market is against its usual level")
    rows: list[UnusualStock]


class PriceBar(Model):
    """One finished or running session of one stock, prices adjusted for later corporate actions."""

    date: date
    open: int
    high: int
    low: int
    close: int
    volume: int = Field(description="Shares")
    trading_value: int | None = Field(default=None, description="Won")
    halted: bool = Field(default=False, description="No trading on this day: prices are missing, not zero")
    unusual_score: float | None = Field(
        default=None, description="Score of the unusual-volume detector from what was known that morning"
    )
    unusual_kind: str = ""


class PriceHistory(Answer):
    """Daily bars of one stock, oldest first."""

    code: str
    name: str
    market_name: str
    sector_name: str
    rows: list[PriceBar]


class FoundSymbol(Model):
    """One instrument of the symbol master."""

    code: str
    name: str
    market: Market
    kind: str
    sector: str
    sector_name: str
    preferred: bool
    spac: bool
    halted: bool
    match: str = Field(description="Why it was found: code, name, prefix, initials, part")


class SymbolSearch(Model):
    """Instruments that fit a search text, best first."""

    as_of: datetime
    source: str
    query: str
    total: int = Field(description="How many fit; more than the rows when the list is cut")
    rows: list[FoundSymbol]
    notices: list[str] = Field(default_factory=list)


class Check(Model):
    """One part of the health report."""

    name: str
    ok: bool
    detail: str
    milliseconds: float | None = None


class Health(Model):
    """State of everything the market tools lean on."""

    ok: bool
    as_of: datetime
    mode: str
    session: Session
    data_date: date | None
    checks: list[Check]
    cache: dict[str, int]
    hit_rate: float | None
    notices: list[str] = Field(default_factory=list)
