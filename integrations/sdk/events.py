"""What a polled trigger gives back: new events and where to go on."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Event(BaseModel):
    """Something that happened upstream. The id is the upstream's own and makes it one event for ever."""

    id: str = Field(min_length=1, max_length=500)
    #: ISO 8601, empty when the upstream does not tell.
    at: str = ""
    data: dict[str, Any] = {}


class EventPage(BaseModel):
    """Events oldest first, and the cursor for the next call. `more` asks to be called again at once.

    Events may overlap with those of earlier calls: the product runs each id once. Without a cursor (the first call)
    the newest few events are enough; they are remembered, not run.
    """

    events: list[Event] = []
    cursor: str = ""
    more: bool = False
