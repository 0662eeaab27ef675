"""Dates as people of the product write them: ISO texts, Korean compact forms, epoch seconds."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from integrations.sdk import FieldProblem, InvalidParams

_COMPACT = re.compile(
    r"(\d{4})[.\-/년\s]*(\d{1,2})[.\-/월\s]*(\d{1,2})[일.]?\s*(?:(\d{1,2}):?(\d{2})(?::?(\d{2}))?)?\Z"
)
KOREAN_WEEKDAYS = "월화수목금토일"


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name; `InvalidParams` when unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problem = FieldProblem("zone", f"There is no time zone {name!r}.", "Use a name such as Asia/Seoul or UTC.")
        raise InvalidParams("The time zone is not known.", problems=[problem]) from None


def parse_moment(value: str | float, zone: ZoneInfo, field: str = "value") -> dt.datetime:
    """A moment with a zone; a text without one is meant in `zone`, a number is seconds since the epoch."""
    try:
        if isinstance(value, int | float):
            return dt.datetime.fromtimestamp(value, zone)
        text = value.strip()
        if text.lower() in ("now", "today"):
            now = dt.datetime.now(zone)
            return now if text.lower() == "now" else now.replace(hour=0, minute=0, second=0, microsecond=0)
        if found := _COMPACT.match(text):
            moment = dt.datetime(*(int(part) for part in found.groups(default="0")))  # type: ignore[arg-type]
        else:
            moment = dt.datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        problem = FieldProblem(
            field, "This is not a date.", "Use a form such as 2026-03-02 or 2026-03-02T09:00:00+09:00."
        )
        raise InvalidParams("A date cannot be read.", problems=[problem]) from None
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def add_months(moment: dt.datetime, months: int) -> dt.datetime:
    """The same day some months later, or the month's last day when it is shorter."""
    total = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(total, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise OverflowError
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))


def shift(moment: dt.datetime, *, months: int, days: int, hours: float, minutes: float) -> dt.datetime:
    """A moment later (or earlier): months and days keep the clock time, hours and minutes are elapsed time."""
    try:
        local = add_months(moment, months) + dt.timedelta(days=days)
        elapsed = dt.timedelta(hours=hours, minutes=minutes)
        return (local.astimezone(dt.UTC) + elapsed).astimezone(moment.tzinfo)
    except (OverflowError, ValueError):
        raise InvalidParams("The date leaves the calendar.", remedy="Use smaller steps.") from None
