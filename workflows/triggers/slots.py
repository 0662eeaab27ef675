"""The moments of a schedule: cron expression, zone and calendar together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from workflows.triggers.cron import Cron, instant

DayRule = Literal["every", "workdays", "market"]
#: What happens with a slot on a closed day.
Closed = Literal["skip", "next"]
_LONGEST_CLOSURE = 15


@lru_cache(maxsize=32)
def _holidays_of(year: int) -> frozenset[dt.date]:
    import holidays

    return frozenset(holidays.country_holidays("KR", years=year))


def is_open(day: dt.date, rule: DayRule) -> bool:
    """Whether the calendar counts the day: all days, Korean working days, or sessions of the Korea Exchange."""
    if rule == "every":
        return True
    if rule == "market":
        from markets.kis.hours import is_trading_day

        return is_trading_day(day)
    return day.weekday() < 5 and day not in _holidays_of(day.year)


def _open_days(cron: Cron, first: dt.date, rule: DayRule, closed: Closed) -> Iterator[dt.date]:
    last: dt.date | None = None
    # A day before `first` may have been moved to `first` or later.
    start = first - dt.timedelta(days=_LONGEST_CLOSURE) if closed == "next" and rule != "every" else first
    for day in cron.days_from(start):
        moved = day
        if not is_open(day, rule):
            if closed == "skip":
                continue
            moved = next(
                (later for n in range(1, _LONGEST_CLOSURE) if is_open(later := day + dt.timedelta(days=n), rule)), day
            )
        if moved >= first and (last is None or moved > last):
            last = moved
            yield moved


def slots_after(
    cron: Cron, moment: dt.datetime, zone: ZoneInfo, rule: DayRule = "every", closed: Closed = "skip"
) -> Iterator[dt.datetime]:
    """The schedule's moments in UTC later than `moment`, in order and each once."""
    latest = moment.astimezone(dt.UTC)
    # One day back: east of Greenwich the local day begins before the UTC day does, and clocks may be set back.
    for day in _open_days(cron, latest.astimezone(zone).date() - dt.timedelta(days=1), rule, closed):
        for time in cron.times():
            slot = instant(day, time, zone)
            if slot > latest:
                latest = slot
                yield slot


def next_slots(
    cron: Cron, moment: dt.datetime, zone: ZoneInfo, rule: DayRule = "every", closed: Closed = "skip", count: int = 5
) -> list[dt.datetime]:
    """The next moments, five unless asked otherwise."""
    return list(islice(slots_after(cron, moment, zone, rule, closed), count))
