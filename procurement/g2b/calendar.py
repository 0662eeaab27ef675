"""Days and windows as the upstream counts them: Asia/Seoul, both ends inclusive, calendar months."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


def seoul_now(now: datetime | None = None) -> datetime:
    """The wall clock of Seoul, whatever the time zone of this machine."""
    return (now or datetime.now(UTC)).astimezone(SEOUL)


def seoul_today(now: datetime | None = None) -> date:
    return seoul_now(now).date()


def newest_stable_day(now: datetime | None = None) -> date:
    """The newest day whose rows no longer change: the upstream lists data up to yesterday, Seoul time."""
    return seoul_today(now) - timedelta(days=1)


def next_seoul_midnight(now: datetime | None = None) -> datetime:
    """When daily quotas are taken to start again (the portal does not document the hour)."""
    tomorrow = seoul_today(now) + timedelta(days=1)
    return datetime.combine(tomorrow, datetime.min.time(), SEOUL)


@dataclass(frozen=True, slots=True)
class Span:
    """The longest period an operation accepts in one question: calendar months or days."""

    months: int = 0
    days: int = 0

    @property
    def longest(self) -> int | None:
        """A number of days that is accepted wherever it starts; None when there is no limit."""
        if self.days:
            return self.days
        return {0: None, 1: 31}.get(self.months, self.months * 30)

    def __str__(self) -> str:
        if self.months:
            return f"{self.months} month{'s' if self.months > 1 else ''}"
        return f"{self.days} day{'s' if self.days != 1 else ''}" if self.days else "no limit"


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Days `start` to `end`, both included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def halves(self) -> tuple[Window, Window]:
        """The newer and the older half; `ValueError` for a single day."""
        if self.days < 2:
            raise ValueError("one day cannot be split")
        middle = self.start + timedelta(days=self.days // 2)
        return Window(middle, self.end), Window(self.start, middle - timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d}..{self.end:%Y-%m-%d}"


def windows_back(start: date, end: date, span: Span, window_days: int | None = None) -> Iterator[Window]:
    """Adjacent windows from `end` back to `start`, each within the operation's limit.

    A limit of one month means a calendar month (31 days across February are refused), so those windows are cut at
    month boundaries; the last window may be a single day.
    """
    if start > end:
        raise ValueError(f"the period starts on {start} and ends before, on {end}")
    longest = min(days for days in (span.longest, window_days, 3650) if days)
    cursor = end
    while cursor >= start:
        first = max(start, cursor - timedelta(days=longest - 1))
        if span.months == 1:
            first = max(first, cursor.replace(day=1))
        yield Window(first, cursor)
        cursor = first - timedelta(days=1)
