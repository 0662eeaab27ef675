"""Google Calendar: list, create, update, delete, free and busy."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel

from integrations.connectors.google.client import Google, google_oauth
from integrations.sdk import Connector, Context, FieldProblem, InvalidParams, Param, Rate, Text, Upstream

google_calendar = Connector(
    "google_calendar",
    title=Text("Google Calendar", "구글 캘린더"),
    description=Text(
        "Lists, creates, changes and deletes events; tells who is free.",
        "일정을 조회하고 만들고 고치고 지우며, 빈 시간을 알려 줍니다.",
    ),
    auth=google_oauth("calendar.events", "calendar.freebusy", "calendar.calendarlist.readonly"),
    upstream=Upstream(
        key="google",
        base_url_env="GOOGLE_CALENDAR_BASE_URL",
        live="https://www.googleapis.com/calendar/v3",
        sandbox="/google/calendar/v3",
        sandbox_credential={"access_token": "ya29.sandbox-token"},
    ),
    rate=Rate(10, per=1),
    group="productivity",
    icon="calendar.svg",
    docs_url="https://developers.google.com/workspace/calendar/api",
)

CalendarId = Annotated[
    str, Param("Calendar id; `primary` is one's own", "캘린더 ID(primary는 내 캘린더)", min_length=1, max_length=300)
]
_MOMENT = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?$"
Moment = Annotated[
    str,
    Param("2026-03-02 for a whole day, or 2026-03-02T09:00:00+09:00", "종일이면 날짜, 아니면 시각", pattern=_MOMENT),
]
EventId = Annotated[str, Param("Id of the event", "일정 ID", pattern=r"^[a-zA-Z0-9_-]+$", max_length=1024)]
Notify = Annotated[
    Literal["all", "externalOnly", "none"], Param("Who gets a mail about it", "메일 알림 대상", advanced=True)
]
SEOUL = "Asia/Seoul"


class Event(BaseModel):
    """An event. Whole-day events have dates, others times; the end is not part of it."""

    id: str
    title: str = ""
    start: str
    end: str
    all_day: bool = False
    location: str = ""
    description: str = ""
    status: str = ""
    organizer: str = ""
    attendees: list[str] = []
    meet_url: str = ""
    url: str = ""


class Events(BaseModel):
    """Events in order of their start; `complete` is false when there are more."""

    events: list[Event]
    count: int
    complete: bool


class Span(BaseModel):
    """A span of time."""

    start: str
    end: str


class Busy(BaseModel):
    """When each calendar is busy; `failed` names those that could not be read."""

    busy: dict[str, list[Span]]
    failed: dict[str, str] = {}


class Deleted(BaseModel):
    """An event that is gone."""

    id: str


def _event(raw: dict[str, Any]) -> Event:
    start, end = raw.get("start", {}), raw.get("end", {})
    return Event(
        id=raw["id"],
        title=raw.get("summary", ""),
        start=start.get("dateTime") or start.get("date", ""),
        end=end.get("dateTime") or end.get("date", ""),
        all_day="date" in start,
        location=raw.get("location", ""),
        description=raw.get("description", ""),
        status=raw.get("status", ""),
        organizer=(raw.get("organizer") or {}).get("email", ""),
        attendees=[one["email"] for one in raw.get("attendees", []) if "email" in one],
        meet_url=raw.get("hangoutLink", ""),
        url=raw.get("htmlLink", ""),
    )


def _is_day(moment: str) -> bool:
    return "T" not in moment


def _time(moment: str, field: str) -> dt.datetime:
    """The moment with its offset; without one it is meant in Seoul."""
    try:
        found = dt.datetime.fromisoformat(moment)
    except ValueError:
        problem = FieldProblem(field, "There is no such date or time.", "Check month, day and hour.")
        raise InvalidParams("A time is wrong.", problems=[problem]) from None
    return found if found.tzinfo else found.replace(tzinfo=dt.timezone(dt.timedelta(hours=9)))


def _span(start: str, end: str, zone: str) -> dict[str, dict[str, str]]:
    """Start and end in Google's form; they must be of one kind and in order."""
    first, last = _time(start, "start"), _time(end, "end")
    problem = ""
    if _is_day(start) != _is_day(end):
        problem = "Start and end must both be dates or both be times."
    elif last <= first:
        problem = "The end must be after the start."
    if problem:
        raise InvalidParams("The times do not fit.", problems=[FieldProblem("end", problem, "Choose another end.")])
    if _is_day(start):
        return {"start": {"date": start}, "end": {"date": end}}
    return {
        "start": {"dateTime": first.isoformat(), "timeZone": zone},
        "end": {"dateTime": last.isoformat(), "timeZone": zone},
    }


def _base(calendar: str) -> str:
    return f"/calendars/{quote(calendar, safe='')}/events"


@google_calendar.action(
    title=Text("List events", "일정 목록"),
    description_ko="기간 안의 일정을 시작 순서로 조회합니다.",
    example={"start": "2026-03-01", "end": "2026-04-01"},
)
async def list_events(
    ctx: Context,
    start: Moment,
    end: Moment,
    calendar: CalendarId = "primary",
    query: Annotated[
        str | None, Param("Words in title, place, people", "제목·장소·사람에 있는 말", max_length=200)
    ] = None,
    count: Annotated[int, Param("Events at most", "최대 일정 수", ge=1, le=2000)] = 100,
) -> Events:
    """Lists the events of a span; repeated ones appear singly."""
    raw, complete = await Google(ctx).pages(
        _base(calendar),
        "items",
        count,
        largest=2500,
        timeMin=_time(start, "start").isoformat(),
        timeMax=_time(end, "end").isoformat(),
        q=query,
        singleEvents="true",
        orderBy="startTime",
    )
    return Events(events=[_event(one) for one in raw], count=len(raw), complete=complete)


@google_calendar.action(
    title=Text("Create event", "일정 만들기"),
    description_ko="새 일정을 만듭니다.",
    effect="write",
    example={"title": "회의", "start": "2026-03-02T10:00:00+09:00", "end": "2026-03-02T11:00:00+09:00"},
)
async def create_event(
    ctx: Context,
    title: Annotated[str, Param("Title", "제목", min_length=1, max_length=1024)],
    start: Moment,
    end: Moment,
    calendar: CalendarId = "primary",
    location: Annotated[str, Param("Place", "장소", max_length=1024)] = "",
    description: Annotated[str, Param("Description", "설명", widget="textarea", max_length=8192)] = "",
    attendees: Annotated[list[str], Param("E-mail addresses", "참석자 이메일", max_length=200)] = [],  # noqa: B006
    zone: Annotated[str, Param("Time zone", "시간대", advanced=True)] = SEOUL,
    notify: Notify = "none",
) -> Event:
    """Creates an event."""
    body = {
        **_span(start, end, zone),
        "summary": title,
        "location": location or None,
        "description": description or None,
        "attendees": [{"email": one} for one in attendees] or None,
    }
    given = {name: value for name, value in body.items() if value is not None}
    return _event(await Google(ctx).call("POST", _base(calendar), params={"sendUpdates": notify}, json=given))


@google_calendar.action(
    title=Text("Update event", "일정 고치기"),
    description_ko="일정을 고칩니다. 비운 항목은 그대로 둡니다.",
    effect="write",
    idempotent=True,
    example={"id": "e1", "title": "주간 회의(변경)"},
)
async def update_event(
    ctx: Context,
    id: EventId,
    calendar: CalendarId = "primary",
    title: Annotated[str | None, Param("New title", "새 제목", max_length=1024)] = None,
    start: Annotated[str | None, Param("New start; needs the end too", "새 시작(끝도 필요)", pattern=_MOMENT)] = None,
    end: Annotated[str | None, Param("New end; needs the start too", "새 끝(시작도 필요)", pattern=_MOMENT)] = None,
    location: Annotated[str | None, Param("New place", "새 장소", max_length=1024)] = None,
    description: Annotated[str | None, Param("New description", "새 설명", widget="textarea", max_length=8192)] = None,
    zone: Annotated[str, Param("Time zone", "시간대", advanced=True)] = SEOUL,
    notify: Notify = "none",
) -> Event:
    """Changes an event; what is left out stays as it is."""
    if (start is None) != (end is None):
        problem = FieldProblem("end", "Start and end change together.", "Give both.")
        raise InvalidParams("The times do not fit.", problems=[problem])
    body: dict[str, Any] = {"summary": title, "location": location, "description": description}
    if start is not None and end is not None:
        body |= _span(start, end, zone)
    given = {name: value for name, value in body.items() if value is not None}
    path = f"{_base(calendar)}/{id}"
    return _event(await Google(ctx).call("PATCH", path, params={"sendUpdates": notify}, json=given))


@google_calendar.action(
    title=Text("Delete event", "일정 지우기"),
    description_ko="일정을 지웁니다.",
    effect="destroy",
    example={"id": "e2"},
)
async def delete_event(ctx: Context, id: EventId, calendar: CalendarId = "primary", notify: Notify = "none") -> Deleted:
    """Deletes an event."""
    await Google(ctx).call("DELETE", f"{_base(calendar)}/{id}", params={"sendUpdates": notify})
    return Deleted(id=id)


@google_calendar.action(
    title=Text("Free and busy", "빈 시간 확인"),
    description_ko="기간 안에서 캘린더별로 바쁜 시간을 조회합니다.",
    example={"start": "2026-03-01", "end": "2026-03-08"},
)
async def free_busy(
    ctx: Context,
    start: Moment,
    end: Moment,
    calendars: Annotated[
        list[str], Param("Calendar ids or e-mail addresses", "캘린더 ID 또는 이메일", min_length=1, max_length=50)
    ] = ["primary"],  # noqa: B006
) -> Busy:
    """Tells when calendars are busy."""
    body = {
        "timeMin": _time(start, "start").isoformat(),
        "timeMax": _time(end, "end").isoformat(),
        "items": [{"id": one} for one in calendars],
    }
    data = await Google(ctx).call("POST", "/freeBusy", json=body)
    busy: dict[str, list[Span]] = {}
    failed: dict[str, str] = {}
    for id, found in data["calendars"].items():
        if found.get("errors"):
            failed[id] = str(found["errors"][0].get("reason", "unknown"))
        else:
            busy[id] = [Span(start=one["start"], end=one["end"]) for one in found.get("busy", [])]
    return Busy(busy=busy, failed=failed)
