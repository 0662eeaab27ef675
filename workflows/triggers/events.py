"""The form in which events reach expressions as `event.…`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo


def slot_event(slot: datetime, timezone: str) -> dict[str, Any]:
    """A moment of a schedule, in UTC and on the wall clock of its zone."""
    local = slot.astimezone(ZoneInfo(timezone))
    return {
        "slot": slot.astimezone(UTC).isoformat(),
        "local": local.isoformat(),
        "date": local.date().isoformat(),
        "time": local.strftime("%H:%M"),
        "timezone": timezone,
    }


def mail_fields(event: dict[str, Any]) -> dict[str, Any]:
    """What a mail offers to inputs by name: `from` is a word of the language, so `sender` stands for it."""
    return {**event, "sender": event.get("from", ""), "body": event.get("text", "")}
