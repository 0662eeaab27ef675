"""The recorded figures behind the sandbox, and what it makes up where no open source exists (marked *generated*)."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
FOLDER = Path(__file__).parent.parent / "data"
OPEN, CLOSE = time(9, 0), time(15, 30)

#: Generated: share of a session's volume traded by minute of the session (the usual U shape of the KRX day).
PACE = (
    (0, 0.0), (5, 0.07), (30, 0.22), (60, 0.32), (120, 0.47), (180, 0.58), (240, 0.68), (300, 0.77), (360, 0.89),
    (390, 1.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Symbol:
    """One instrument; `factor` turns stored (adjusted) prices into the prices quoted at the time."""

    code: str
    name: str
    market: str
    std_code: str
    group: str
    size: str
    sector_large: str
    sector_medium: str
    halted: bool
    liquidation: bool
    administrative: bool
    warning: str
    preferred: str
    list_date: str
    shares: int
    factor: float
    market_cap_100m: int

    @property
    def is_spac(self) -> bool:
        return "스팩" in self.name

    def is_in(self, scope: str) -> bool:
        """Whether the instrument belongs to a KIS market or sector code."""
        if scope == "0000":
            return True
        kospi = self.market == "KOSPI"
        if scope in {"0001", "1001"}:
            return kospi == (scope == "0001")
        size = {"1": "2", "2": "3", "3": "4"}.get(self.size)
        codes = {self.sector_large, self.sector_medium, f"{'000' if kospi else '100'}{size}" if size else ""}
        return scope in codes


@dataclass(frozen=True, slots=True)
class Bar:
    """One session as recorded: adjusted prices in won, adjusted volume in shares, trading value in won."""

    date: date
    open: int
    high: int
    low: int
    close: int
    volume: int
    amount: int


@dataclass(frozen=True, slots=True)
class Sector:
    """One sector over one session: shares, won, per cent."""

    date: date
    code: str
    volume: int
    amount: int
    change: float
    up: int
    down: int
    flat: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A stock at one moment, in the prices quoted then."""

    symbol: Symbol
    date: date
    open: int
    high: int
    low: int
    price: int
    previous_close: int
    volume: int
    previous_volume: int
    amount: int

    @property
    def change(self) -> int:
        return self.price - self.previous_close if self.previous_close else 0

    @property
    def change_percent(self) -> float:
        return self.change / self.previous_close * 100 if self.previous_close else 0.0

    @property
    def sign(self) -> str:
        return "2" if self.change > 0 else "5" if self.change < 0 else "3"

    @property
    def market_cap(self) -> int:
        return self.price * self.symbol.shares


def _read(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(FOLDER / name, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def symbols() -> dict[str, Symbol]:
    """Every instrument of the excerpt by code."""
    found = {}
    for row in _read("symbols.csv.gz"):
        found[row["code"]] = Symbol(
            code=row["code"],
            name=row["name"],
            market=row["market"],
            std_code=row["std_code"] or "",
            group=row["group"] or "ST",
            size=row["size"] or "0",
            sector_large=row["sec_l"] or "0000",
            sector_medium=row["sec_m"] or "0000",
            halted=row["halted"] == "Y",
            liquidation=row["liquidation"] == "Y",
            administrative=row["admin"] == "Y",
            warning=row["warn"] or "00",
            preferred=row["pref"] or "0",
            list_date=row["list_date"] or "19900101",
            shares=int(row["shares"] or 0),
            factor=float(row["factor"] or 1),
            market_cap_100m=int(row["marcap_100m"] or 0),
        )
    return found


@cache
def bars() -> dict[str, list[Bar]]:
    """The recorded sessions of each stock, oldest first."""
    found: dict[str, list[Bar]] = {}
    for row in _read("bars.csv.gz"):
        numbers = (int(row[key] or 0) for key in ("open", "high", "low", "close", "volume", "amount"))
        found.setdefault(row["code"], []).append(Bar(date.fromisoformat(row["date"]), *numbers))
    return found


@cache
def sectors() -> dict[date, list[Sector]]:
    """Sector sums of each session."""
    found: dict[date, list[Sector]] = {}
    for row in _read("sectors.csv.gz"):
        when = date.fromisoformat(row["date"])
        found.setdefault(when, []).append(
            Sector(
                when, row["sector"], int(row["volume"]), int(row["amount"]), float(row["change"] or 0),
                int(row["up"]), int(row["down"]), int(row["flat"]),
            )
        )  # fmt: skip
    return found


@cache
def sector_names() -> dict[str, str]:
    """KIS sector and index codes with their names."""
    return {row["code"]: row["name"] for row in _read("sector_names.csv.gz")}


@cache
def index_days() -> dict[str, list[dict[str, str]]]:
    """The recorded index lines by market, oldest first."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in _read("index.csv.gz"):
        found.setdefault(row["market"], []).append(row)
    return found


@cache
def sessions() -> tuple[date, ...]:
    """Every recorded session, oldest first."""
    return tuple(sorted(sectors()))


@cache
def closed_days(year: int) -> frozenset[date]:
    """Weekdays of a year on which the Korea Exchange stays closed."""
    import holidays

    return frozenset(holidays.financial_holidays("XKRX", years=year))


def is_open_day(day: date) -> bool:
    """Whether the exchange trades on a date."""
    return day.weekday() < 5 and day not in closed_days(day.year)


def open_time(day: date) -> time:
    """The opening time: an hour later on the first session of a year."""
    january = (day.replace(month=1, day=number) for number in range(1, 15))
    first = next(item for item in january if is_open_day(item))
    return time(10, 0) if day == first else OPEN


def done_share(moment: datetime, day: date) -> float:
    """Generated: the share of a session's volume that is traded by a moment."""
    if moment.date() > day or moment.time() >= CLOSE:
        return 1.0
    start = datetime.combine(day, open_time(day), SEOUL)
    length = (datetime.combine(day, CLOSE, SEOUL) - start).total_seconds() / 60
    minutes = max(0.0, (moment - start).total_seconds() / 60) * 390 / length
    for (left, low), (right, high) in pairwise(PACE):
        if minutes <= right:
            return low + (high - low) * (minutes - left) / (right - left)
    return 1.0


def session_at(moment: datetime) -> date:
    """The session whose figures are shown at a moment: today's once it has opened, else the last recorded one."""
    today = moment.date()
    latest = [day for day in sessions() if day < today or (day == today and moment.time() >= open_time(day))]
    return latest[-1] if latest else sessions()[0]


@dataclass(frozen=True, slots=True)
class View:
    """The market as seen at one moment."""

    moment: datetime

    @property
    def day(self) -> date:
        return session_at(self.moment)

    @property
    def share(self) -> float:
        return done_share(self.moment, self.day)

    @property
    def is_final(self) -> bool:
        return self.share >= 1.0

    def history(self, code: str) -> list[Bar]:
        """Recorded bars up to the session shown, oldest first; the last one is still growing during a session."""
        return [bar for bar in bars().get(code, ()) if bar.date <= self.day]

    def quote(self, code: str) -> Quote | None:
        """The stock at this moment, None when it has no recorded session."""
        past = self.history(code)
        if not past or past[-1].date != self.day:
            return None
        symbol, bar = symbols()[code], past[-1]
        before = next((item for item in reversed(past[:-1]) if item.volume), None)
        factor, share = symbol.factor, self.share
        close = bar.close or (before.close if before else 0)
        price = close
        if not self.is_final and bar.volume:
            price = round(bar.open + (bar.close - bar.open) * share)
        return Quote(
            symbol=symbol,
            date=self.day,
            open=round(bar.open * factor),
            high=round(bar.high * factor),
            low=round(bar.low * factor),
            price=round(price * factor),
            previous_close=round(before.close * factor) if before else 0,
            volume=round(bar.volume * share / factor),
            previous_volume=round((past[-2].volume if len(past) > 1 else 0) / factor),
            amount=round(bar.amount * share),
        )

    def quotes(self) -> list[Quote]:
        """Every stock of the excerpt at this moment."""
        return list(_quotes(self))


@lru_cache(maxsize=4)
def _quotes(view: View) -> tuple[Quote, ...]:
    found = (view.quote(code) for code in bars())
    return tuple(quote for quote in found if quote is not None)


def flows(code: str, bar: Bar) -> dict[str, tuple[int, int]]:
    """Generated: (bought, sold) shares per investor group, repeatable and bounded by the session's volume."""
    # One row per session and stock, the same on every machine.
    seed = hashlib.sha256(f"{code}{bar.date}".encode()).digest()
    noise = [byte / 255 - 0.5 for byte in seed[:8]]
    lean = max(-1.0, min(1.0, (bar.close - bar.open) / bar.open * 12)) if bar.open else 0.0
    usual, pull, spread = (0.56, 0.24, 0.18), (-0.07, 0.055, 0.045), (0.1, 0.1, 0.08)
    parts = list(zip(usual, pull, spread, strict=True))
    buy = [share + tug * lean + wide * noise[index] for index, (share, tug, wide) in enumerate(parts)]
    sell = [share - tug * lean + wide * noise[index + 3] for index, (share, tug, wide) in enumerate(parts)]
    groups = ("individual", "foreign", "institution")
    # Other corporations, which the per-stock endpoint leaves out, keep the last two per cent of both sides.
    bought = [max(0, round(bar.volume * part / sum(buy) * 0.98)) for part in buy]
    sold = [max(0, round(bar.volume * part / sum(sell) * 0.98)) for part in sell]
    found = {group: (bought[index], sold[index]) for index, group in enumerate(groups)}
    program = max(0.02, 0.22 + 0.1 * noise[6])
    tilt = 0.15 * lean + 0.1 * noise[7]
    found["program"] = (round(bar.volume * program * (1 + tilt) / 2), round(bar.volume * program * (1 - tilt) / 2))
    return found


def next_days(first: date, count: int) -> list[date]:
    """Calendar days from a date on."""
    return [first + timedelta(days=number) for number in range(count)]
