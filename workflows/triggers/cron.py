"""Cron expressions of five fields, as wall clock times of a zone.

The fields are those of crontab(5): minute, hour, day of month, month, day of week (0 and 7 are Sunday). As there,
a day fits when day of month *or* day of week fits, if both are restricted.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

#: A schedule that fits no day within this time (29 February comes every eight years at worst) never comes.
HORIZON_DAYS = 366 * 9
MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
WEEKDAYS = {name: number for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?\Z")


class CronError(ValueError):
    """The text is no cron expression; the message says which field is wrong and why."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression. Days of week count from 0 (Sunday)."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def fits(self, day: dt.date) -> bool:
        """Whether the expression has times on this day."""
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return of_month and of_week
        return of_month or of_week

    def days_from(self, first: dt.date) -> Iterator[dt.date]:
        """Fitting days in order, until the horizon."""
        for offset in range(HORIZON_DAYS):
            day = first + dt.timedelta(days=offset)
            if self.fits(day):
                yield day

    def times(self) -> Iterator[dt.time]:
        """The times of a fitting day, in order."""
        for hour in self.hours:
            for minute in self.minutes:
                yield dt.time(hour, minute)


def parse(text: str) -> Cron:
    """The expression in a text; raises `CronError`."""
    text = ALIASES.get(text.strip().lower(), text)
    fields = text.split()
    if len(fields) != 5:
        raise CronError(f"A cron expression has five fields, this one has {len(fields)}.")
    minutes = _field(fields[0], "minute", 0, 59)
    hours = _field(fields[1], "hour", 0, 23)
    days = _field(fields[2], "day of month", 1, 31)
    months = _field(fields[3], "month", 1, 12, MONTHS)
    weekdays = _field(fields[4], "day of week", 0, 7, WEEKDAYS)
    cron = Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(number % 7 for number in weekdays),
        any_day=fields[2].startswith("*"),
        any_weekday=fields[4].startswith("*"),
    )
    if next(cron.days_from(dt.date(2000, 1, 1)), None) is None:
        raise CronError("There is no such day in any year.")
    return cron


def _field(text: str, name: str, low: int, high: int, words: dict[str, int] | None = None) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.match(part)
        if match is None:
            raise CronError(f"The field {name} cannot be read: {part!r}.")
        step = int(match["step"]) if match["step"] else 1
        if step < 1:
            raise CronError(f"The step in the field {name} must be 1 or more.")
        if match["first"] == "*":
            first, last = low, high
        else:
            first = _number(match["first"], name, words)
            last = _number(match["last"], name, words) if match["last"] else (high if match["step"] else first)
        if not low <= first <= high or not low <= last <= high or first > last:
            raise CronError(f"The field {name} goes from {low} to {high}: {part!r}.")
        found.update(range(first, last + 1, step))
    return found


def _number(text: str, name: str, words: dict[str, int] | None) -> int:
    if text.isdigit():
        return int(text)
    try:
        return (words or {})[text.lower()[:3]]
    except KeyError:
        raise CronError(f"The field {name} cannot be read: {text!r}.") from None


def instant(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    """The moment in UTC at which a wall clock shows this time.

    A time that the clock skips in spring becomes the moment the clock is set forward; of a time that comes twice
    in autumn the first one counts.
    """
    moment = dt.datetime.combine(day, time, zone).astimezone(dt.UTC)
    shown = moment.astimezone(zone)
    if shown.replace(tzinfo=None) == dt.datetime.combine(day, time):
        return moment
    # Inside the gap. The offset before it led past it; walk back to where the new offset begins.
    while (earlier := moment - dt.timedelta(minutes=1)).astimezone(zone).utcoffset() == shown.utcoffset():
        moment = earlier
    return moment
