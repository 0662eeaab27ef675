"""Visits as iCalendar (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from icalendar import Alarm, Calendar, Event

from properties.desk_models import Visit

STATUS = {Visit.State.PLANNED: "CONFIRMED", Visit.State.DONE: "CONFIRMED", Visit.State.CANCELLED: "CANCELLED"}


def calendar_of(visits: Iterable[Visit], *, name: str, base_url: str) -> bytes:
    """A calendar file. Entries keep their UID for life, so that a moved visit moves in every calendar program."""
    calendar = Calendar()
    calendar.add("prodid", "-//portal//visits//KO")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval;value=duration", "PT30M")
    host = urlsplit(base_url).hostname or "localhost"
    for visit in visits:
        calendar.add_component(_event(visit, host, base_url))
    return bytes(calendar.to_ical())


def _event(visit: Visit, host: str, base_url: str) -> Event:
    event = Event()
    event.add("uid", f"visit-{visit.pk}@{host}")
    event.add("dtstamp", visit.changed_at)
    event.add("last-modified", visit.changed_at)
    event.add("sequence", visit.revision)
    event.add("dtstart", visit.starts_at)
    event.add("dtend", visit.ends_at)
    event.add("summary", f"{visit.customer} · {visit.place}")
    event.add("status", STATUS[Visit.State(visit.state)])
    place = ", ".join(part for part in (visit.listing.address if visit.listing else "", visit.place) if part)
    event.add("location", place)
    if visit.note:
        event.add("description", visit.note)
    event.add("url", f"{base_url.rstrip('/')}/properties/visits/{visit.pk}")
    if visit.state == Visit.State.PLANNED:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("trigger", timedelta(minutes=-30))
        alarm.add("description", str(visit))
        event.add_component(alarm)
    return event
