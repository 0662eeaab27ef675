"""Time is UTC in storage and Asia/Seoul at the edge."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


def utc_now() -> datetime:
    return datetime.now(UTC)


def seoul_now() -> datetime:
    return datetime.now(SEOUL)


def seoul_today() -> date:
    """The calendar day in Seoul, whatever the host's zone."""
    return seoul_now().date()
