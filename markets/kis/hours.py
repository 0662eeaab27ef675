"""The Korea Exchange's days and hours, offline; the upstream's own holiday list takes precedence where it is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache

from markets.kis.wire import SEOUL

#: Days of the college entrance examination, on which the session is 10:00 to 16:30 (announced yearly by the ministry).
EXAM_DAYS = frozenset({date(2023, 11, 16), date(2024, 11, 14), date(2025, 11, 13), date(2026, 11, 19)})


class Session(StrEnum):
    """Where the trading day stands."""

    PRE_OPEN = "pre_open"
    OPEN = "open"
    CLOSING_AUCTION = "closing_auction"
    AFTER_HOURS = "after_hours"
    CLOSED = "closed"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening and closing time of one day, Seoul time."""

    opens: time
    closes: time


@cache
def _closed_days(year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.financial_holidays("XKRX", years=year))


def is_trading_day(day: date, known: dict[date, bool] | None = None) -> bool:
    """Whether the exchange opens; `known` is the upstream's own list and wins."""
    if known and day in known:
        return known[day]
    return day.weekday() < 5 and day not in _closed_days(day.year)


def hours_of(day: date) -> Hours:
    """Regular 09:00 to 15:30; 10:00 on the first session of a year; 10:00 to 16:30 on the examination day."""
    if day in EXAM_DAYS:
        return Hours(time(10, 0), time(16, 30))
    if day.month == 1 and all(not is_trading_day(day.replace(day=number)) for number in range(1, day.day)):
        return Hours(time(10, 0), time(15, 30))
    return Hours(time(9, 0), time(15, 30))


def session_at(moment: datetime, known: dict[date, bool] | None = None) -> Session:
    """The state of the regular market at a moment."""
    local = moment.astimezone(SEOUL)
    day, clock = local.date(), local.time()
    if not is_trading_day(day, known):
        return Session.HOLIDAY
    hours = hours_of(day)
    closing = (datetime.combine(day, hours.closes) - timedelta(minutes=10)).time()
    opening = (datetime.combine(day, hours.opens) - timedelta(minutes=30)).time()
    if opening <= clock < hours.opens:
        return Session.PRE_OPEN
    if hours.opens <= clock < closing:
        return Session.OPEN
    if closing <= clock < hours.closes:
        return Session.CLOSING_AUCTION
    if hours.closes <= clock < time(18, 0):
        return Session.AFTER_HOURS
    return Session.CLOSED


def last_session(moment: datetime, known: dict[date, bool] | None = None) -> date:
    """The latest day whose session has begun by a moment."""
    local = moment.astimezone(SEOUL)
    day = local.date()
    if is_trading_day(day, known) and local.time() >= hours_of(day).opens:
        return day
    return previous_session(day, known)


def previous_session(day: date, known: dict[date, bool] | None = None) -> date:
    """The trading day before a date."""
    for _ in range(30):
        day -= timedelta(days=1)
        if is_trading_day(day, known):
            return day
    raise ValueError("no trading day within thirty days")


def progress_of(moment: datetime, day: date) -> float:
    """The share of a day's regular session that has passed, 0 to 1."""
    hours = hours_of(day)
    start = datetime.combine(day, hours.opens, SEOUL)
    length = datetime.combine(day, hours.closes, SEOUL) - start
    return min(1.0, max(0.0, (moment - start) / length))


def utc_now() -> datetime:
    """The present as an aware time."""
    return datetime.now(UTC)
