"""Ranking maths: shares, turnover and growth against a base, with zero bases and resumptions told apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median


class Base(StrEnum):
    """What a session's trading value is compared with; the session itself is never part of it."""

    PREVIOUS = "previous_session"
    MEAN_5 = "mean_5_sessions"
    MEAN_20 = "mean_20_sessions"
    MEDIAN_20 = "median_20_sessions"

    @property
    def sessions(self) -> int:
        """How many sessions the base looks back."""
        return {"previous_session": 1, "mean_5_sessions": 5}.get(self.value, 20)


def percent_of(part: int | float | None, whole: int | float | None) -> float | None:
    """`part` in per cent of `whole`; None when either is unknown or the whole is not positive."""
    if part is None or whole is None or whole <= 0:
        return None
    return round(part / whole * 100, 4)


def concentration(values: Iterable[int], total: int | None) -> float | None:
    """The share of the listed values in the market's total, in per cent."""
    return percent_of(sum(values), total)


def turnover(trading_value: int | None, market_cap: int | None) -> float | None:
    """Trading value in per cent of the market value."""
    return percent_of(trading_value, market_cap)


@dataclass(frozen=True, slots=True)
class Growth:
    """A value against its base. `percent` is None when there is nothing to compare with; `note` says why."""

    base: int | None
    sessions: int
    percent: float | None
    note: str = ""


def growth(today: int, past: Sequence[int | None], base: Base) -> Growth:
    """Growth of `today` against `past` sessions, newest first; 0 or None marks a session without trading.

    Halted sessions do not dilute a mean: they are left out, and fewer sessions are reported. A base of nothing gives no
    percentage instead of an infinite one. Against the previous session, a halt before today is `resumed`.
    """
    window = past[: base.sessions]
    traded = [value for value in window if value]
    if not traded:
        note = "resumed" if any(past) else "new"
        return Growth(None, 0, None, note)
    if base is Base.PREVIOUS:
        level: float = traded[0]
    elif base is Base.MEDIAN_20:
        level = median(traded)
    else:
        level = fmean(traded)
    note = "resumed" if past and not past[0] else ""
    if base is not Base.PREVIOUS and len(traded) < max(2, base.sessions // 2):
        note = note or "new"
    return Growth(round(level), len(traded), round((today / level - 1) * 100, 2), note)


def percent_from_ratio(ratio: float | None) -> float | None:
    """KIS gives `vol_inrt` as today in per cent *of* yesterday: 72.63 means -27.37."""
    return None if ratio is None else round(ratio - 100, 2)


@dataclass(frozen=True, slots=True)
class SectorLine:
    """What the sector maths needs of a sector: its code and trading value in won."""

    code: str
    trading_value: int


#: Size groups, listing departments and whole markets repeat the stocks of the industries.
WHOLE = frozenset({"0001", "1001"})
REPEATING = frozenset(
    {"0002", "0003", "0004", "1002", "1003", "1004", "1042", "1043", "1044", "1045", "1049", "0163", "0164", "0165"}
)
#: Industries that contain other industries, as the exchange groups them.
CONTAINS = {
    "0027": tuple(f"{number:04d}" for number in range(5, 16)),
    "0021": ("0024", "0025"),
    "1009": tuple(str(number) for number in range(1019, 1032)),
}


def is_aggregate(code: str, present: Iterable[str]) -> bool:
    """Whether a sector repeats stocks of other sectors that are present in the same list."""
    codes = set(present)
    if code in WHOLE or code in REPEATING or code[0] == "2":
        return True
    return any(part in codes for part in CONTAINS.get(code, ()))


def industry_remainder(lines: Sequence[SectorLine]) -> dict[str, int]:
    """What a containing industry trades beyond the parts listed, in won: 0021 without securities and insurers."""
    values = {line.code: line.trading_value for line in lines}
    rest = {}
    for code, parts in CONTAINS.items():
        if code in values:
            inside = sum(values[part] for part in parts if part in values)
            rest[code] = max(0, values[code] - inside)
    return rest
