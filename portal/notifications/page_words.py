"""Words and pictures that the pages of notifications share."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, gettext_lazy, pgettext_lazy

from portal.notifications.models import Channel, Delivery, Mode, Severity
from portal.notifications.topics import topics

PAGE_SIZE = 30
CHANNELS: dict[str, Any] = {
    Channel.PAGE: gettext_lazy("Page"),
    Channel.EMAIL: gettext_lazy("E-mail"),
    Channel.PUSH: gettext_lazy("Push"),
    Channel.SLACK: gettext_lazy("Slack"),
    Channel.WEBHOOK: gettext_lazy("Webhook"),
    Channel.SMS: gettext_lazy("SMS"),
}
CHANNEL_ICONS = {
    Channel.PAGE: "bell",
    Channel.EMAIL: "mail",
    Channel.PUSH: "phone",
    Channel.SLACK: "chat",
    Channel.WEBHOOK: "code",
    Channel.SMS: "phone",
}
MODES: dict[str, Any] = {
    Mode.INSTANT: gettext_lazy("At once"),
    Mode.HOURLY: gettext_lazy("Hourly digest"),
    Mode.DAILY: gettext_lazy("Daily digest"),
    Mode.OFF: pgettext_lazy("notification", "Off"),
}
PAGE_MODES: dict[str, Any] = {Mode.INSTANT: gettext_lazy("Show"), Mode.OFF: pgettext_lazy("notification", "Off")}
SEVERITIES: dict[str, Any] = {
    Severity.INFO: gettext_lazy("Information"),
    Severity.SUCCESS: gettext_lazy("Success"),
    Severity.WARNING: gettext_lazy("Warning"),
    Severity.CRITICAL: gettext_lazy("Critical"),
}
SEVERITY_ICONS = {"info": "info", "success": "tick", "warning": "alert", "critical": "shield-x"}
AREAS: dict[str, Any] = {
    "markets": gettext_lazy("Stock rankings"),
    "procurement": gettext_lazy("Procurement"),
    "properties": gettext_lazy("Real estate"),
    "timeseries": gettext_lazy("Time series"),
    "workflows": gettext_lazy("Workflows and servers"),
    "portal": gettext_lazy("Portal"),
}
#: Delivery status → state of the design system, word.
STATES: dict[str, tuple[str, Any]] = {
    Delivery.Status.PENDING: ("queued", pgettext_lazy("delivery", "Waiting")),
    Delivery.Status.SENDING: ("running", pgettext_lazy("delivery", "Sending")),
    Delivery.Status.SENT: ("succeeded", pgettext_lazy("delivery", "Sent")),
    Delivery.Status.FAILED: ("failed", pgettext_lazy("delivery", "Failed")),
    Delivery.Status.DROPPED: ("skipped", pgettext_lazy("delivery", "Not sent")),
}
#: How long a person can pause everything, in hours.
PAUSES: dict[int, Any] = {
    1: gettext_lazy("for an hour"),
    8: gettext_lazy("for 8 hours"),
    24: gettext_lazy("for a day"),
    168: gettext_lazy("for a week"),
}


def language() -> str:
    """The reader's language."""
    return get_language() or "en"


def areas() -> list[tuple[str, Any, list[Any]]]:
    """Topics by area: (area, its name, [(topic, its title)])."""
    found: dict[str, list[Any]] = {}
    for topic in topics().values():
        found.setdefault(topic.area, []).append((topic.id, topic.title.in_language(language())))
    return [(area, AREAS.get(area, area), rows) for area, rows in found.items()]
