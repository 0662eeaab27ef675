"""Dates of adverts. Everything is Korean time except texts that carry their own zone and `…Utc` fields."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

KST = timezone(timedelta(hours=9), "KST")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_LONG = re.compile(r"^(\d{4})[.\-/년]\s*(\d{1,2})[.\-/월]\s*(\d{1,2})[.일]?$")
_SHORT = re.compile(r"^(\d{2})[.\-/]\s*(\d{1,2})[.\-/]\s*(\d{1,2})\.?$")
_DOT_NET = re.compile(r"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$")


@lru_cache(maxsize=16_384)
def parse_moment(text: str | None, *, utc: bool = False) -> datetime | None:
    """Moment in UTC of an ISO, compact, dotted or .NET date text; None when it is not a valid one."""
    work = str(text).strip() if text is not None else ""
    if not work:
        return None
    home = UTC if utc else KST
    try:
        if match := _COMPACT.match(work) or _LONG.match(work):
            return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=home).astimezone(UTC)
        if match := _SHORT.match(work):
            return datetime(2000 + int(match[1]), int(match[2]), int(match[3]), tzinfo=home).astimezone(UTC)
        if match := _DOT_NET.match(work):
            return datetime.fromtimestamp(int(match[1]) / 1000, tz=UTC)
        if len(work) == 14 and work.isdigit():
            return datetime.strptime(work, "%Y%m%d%H%M%S").replace(tzinfo=home).astimezone(UTC)
        moment = datetime.fromisoformat(work)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=home)).astimezone(UTC)


def parse_date(text: str | None, *, utc: bool = False) -> date | None:
    """Calendar day in Korea of a date text."""
    moment = parse_moment(text, utc=utc)
    return moment.astimezone(KST).date() if moment else None
