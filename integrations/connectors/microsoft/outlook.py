"""Outlook: mails and events."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from pydantic import BaseModel

from integrations.connectors.microsoft.client import GRAPH, Graph, microsoft_oauth
from integrations.sdk import Connector, Context, FieldProblem, FileRef, InvalidParams, Param, Rate, Text
from integrations.sdk.html import text_of_html

outlook = Connector(
    "outlook",
    title=Text("Outlook", "아웃룩"),
    description=Text(
        "Searches, reads and sends mails; lists and creates events.",
        "메일을 찾고 읽고 보내며, 일정을 조회하고 만듭니다.",
    ),
    auth=microsoft_oauth("Mail.ReadWrite", "Mail.Send", "Calendars.ReadWrite"),
    upstream=GRAPH,
    rate=Rate(10, per=1),
    group="communication",
    icon="outlook.svg",
    docs_url="https://learn.microsoft.com/graph/api/resources/mail-api-overview",
)

GraphId = Annotated[str, Param("Id", "ID", pattern=r"^[A-Za-z0-9_=-]+$", max_length=500)]
Address = Annotated[str, Param("E-mail address", "이메일 주소", pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$", max_length=254)]
LocalTime = Annotated[
    str,
    Param(
        "Local time, 2026-03-02T09:00",
        "현지 시각(2026-03-02T09:00)",
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$",
    ),
]
Zone = Annotated[str, Param("Time zone", "시간대", advanced=True, pattern=r"^[A-Za-z0-9_/+ -]{1,60}$")]
#: Graph takes attachments inside the request up to 3 MB each.
MAX_ATTACHED = 3 * 1024 * 1024


class MailHead(BaseModel):
    """A mail without its text."""

    id: str
    subject: str = ""
    sender: str = ""
    received_at: str = ""
    preview: str = ""
    unread: bool = False
    has_attachments: bool = False
    url: str = ""


class Mail(MailHead):
    """A mail with its text."""

    to: list[str] = []
    text: str = ""


class Mails(BaseModel):
    """Mails; `complete` is false when there are more."""

    mails: list[MailHead]
    count: int
    complete: bool


class Sent(BaseModel):
    """A mail was handed to Outlook for sending."""

    to: list[str]
    subject: str


class Event(BaseModel):
    """An event; times are local to `zone`."""

    id: str
    title: str = ""
    start: str
    end: str
    zone: str = ""
    all_day: bool = False
    location: str = ""
    attendees: list[str] = []
    url: str = ""


class Events(BaseModel):
    """Events in order; `complete` is false when there are more."""

    events: list[Event]
    count: int
    complete: bool


def _address(raw: Any) -> str:
    return str(((raw or {}).get("emailAddress") or {}).get("address", ""))


def head_of(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": raw["id"],
        "subject": raw.get("subject") or "",
        "sender": _address(raw.get("from")),
        "received_at": raw.get("receivedDateTime", ""),
        "preview": raw.get("bodyPreview", ""),
        "unread": not raw.get("isRead", True),
        "has_attachments": raw.get("hasAttachments", False),
        "url": raw.get("webLink", ""),
    }


def _event(raw: dict[str, Any]) -> Event:
    return Event(
        id=raw["id"],
        title=raw.get("subject") or "",
        start=raw["start"]["dateTime"],
        end=raw["end"]["dateTime"],
        zone=raw["start"].get("timeZone", ""),
        all_day=raw.get("isAllDay", False),
        location=(raw.get("location") or {}).get("displayName", ""),
        attendees=[_address(one) for one in raw.get("attendees", [])],
        url=raw.get("webLink", ""),
    )


@outlook.action(
    title=Text("Search mails", "메일 검색"),
    description_ko="메일을 검색하거나 최근 메일을 조회합니다.",
    scopes=("Mail.Read",),
    example={"count": 3},
)
async def search_mails(
    ctx: Context,
    query: Annotated[
        str, Param("Words, or from:…, subject:…; empty: the newest", "검색어(비우면 최근 메일)", max_length=200)
    ] = "",
    unread_only: Annotated[
        bool, Param("Unread only; not together with words", "읽지 않은 것만(검색어와 함께 못 씀)")
    ] = False,
    count: Annotated[int, Param("Mails at most", "최대 메일 수", ge=1, le=500)] = 20,
) -> Mails:
    """Finds mails, or lists the newest ones."""
    if query and unread_only:
        problem = FieldProblem("unread_only", "Graph cannot search words and filter at once.", "Use one of them.")
        raise InvalidParams("The search does not fit.", problems=[problem])
    params: dict[str, Any] = {"$top": min(count, 100)}
    if query:
        params["$search"] = '"' + query.replace("\\", " ").replace('"', " ") + '"'
    else:
        params["$orderby"] = "receivedDateTime desc"
        params["$filter"] = "isRead eq false" if unread_only else None
    raw, complete = await Graph(ctx).pages("/me/messages", count, **params)
    mails = [MailHead.model_validate(head_of(one)) for one in raw]
    return Mails(mails=mails, count=len(mails), complete=complete)


@outlook.action(
    title=Text("Read mail", "메일 읽기"),
    description_ko="메일 한 통을 본문과 함께 읽습니다.",
    scopes=("Mail.Read",),
    example={"id": "AAMk1"},
)
async def read_mail(ctx: Context, id: GraphId) -> Mail:
    """Reads one mail with its text."""
    raw = await Graph(ctx).get(f"/me/messages/{id}")
    body = raw.get("body") or {}
    text = body.get("content", "")
    return Mail(
        **head_of(raw),
        to=[_address(one) for one in raw.get("toRecipients", [])],
        text=text_of_html(text) if body.get("contentType") == "html" else text,
    )


@outlook.action(
    title=Text("Send mail", "메일 보내기"),
    description_ko="메일을 보냅니다.",
    effect="write",
    timeout=60,
    scopes=("Mail.Send",),
    example={"to": ["minji@sandbox.example"], "subject": "안녕하세요", "text": "본문"},
)
async def send_mail(
    ctx: Context,
    to: Annotated[list[Address], Param("E-mail addresses", "이메일 주소", min_length=1, max_length=100)],
    subject: Annotated[str, Param("Subject", "제목", max_length=255)],
    text: Annotated[str, Param("The text", "본문", widget="textarea", max_length=1_000_000)],
    cc: Annotated[list[Address], Param("E-mail addresses", "참조", max_length=100)] = [],  # noqa: B006
    html: Annotated[bool, Param("The text is HTML", "본문이 HTML", advanced=True)] = False,
    files: Annotated[
        list[FileRef], Param("Files to attach, 3 MB together", "첨부 파일(모두 합쳐 3MB)", max_length=10)
    ] = [],  # noqa: B006
) -> Sent:
    """Sends a mail."""
    attachments, total = [], 0
    for ref in files:
        content = await ctx.files.read(ref)
        total += len(content)
        if total > MAX_ATTACHED:
            problem = FieldProblem("files", "The files are larger than 3 MB.", "Share them by OneDrive instead.")
            raise InvalidParams("The attachments are too large.", problems=[problem])
        attachments.append(
            {
                "@odata.type": "#microsoft.graph.fileAttachment",
                "name": ref.name,
                "contentType": ref.content_type,
                "contentBytes": base64.b64encode(content).decode(),
            }
        )
    message = {
        "subject": subject,
        "body": {"contentType": "HTML" if html else "Text", "content": text},
        "toRecipients": [{"emailAddress": {"address": one}} for one in to],
        "ccRecipients": [{"emailAddress": {"address": one}} for one in cc],
        "attachments": attachments,
    }
    await Graph(ctx).call("POST", "/me/sendMail", json={"message": message})
    return Sent(to=to, subject=subject)


@outlook.action(
    title=Text("List events", "일정 목록"),
    description_ko="기간 안의 일정을 시작 순서로 조회합니다.",
    scopes=("Calendars.Read",),
    example={"start": "2026-03-01T00:00", "end": "2026-04-01T00:00"},
)
async def list_events(
    ctx: Context,
    start: LocalTime,
    end: LocalTime,
    zone: Zone = "Asia/Seoul",
    count: Annotated[int, Param("Events at most", "최대 일정 수", ge=1, le=1000)] = 100,
) -> Events:
    """Lists the events of a span; repeated ones appear singly."""
    offset = _offset(start, zone)
    raw, complete = await Graph(ctx).pages(
        "/me/calendarView",
        count,
        headers={"Prefer": f'outlook.timezone="{zone}"'},
        startDateTime=f"{start}{offset}",
        endDateTime=f"{end}{_offset(end, zone)}",
        **{"$orderby": "start/dateTime", "$top": min(count, 100)},
    )
    events = [_event(one) for one in raw]
    return Events(events=events, count=len(events), complete=complete)


@outlook.action(
    title=Text("Create event", "일정 만들기"),
    description_ko="새 일정을 만듭니다.",
    effect="write",
    scopes=("Calendars.ReadWrite",),
    example={"title": "회의", "start": "2026-03-02T10:00", "end": "2026-03-02T11:00"},
)
async def create_event(
    ctx: Context,
    title: Annotated[str, Param("Title", "제목", min_length=1, max_length=255)],
    start: LocalTime,
    end: LocalTime,
    zone: Zone = "Asia/Seoul",
    location: Annotated[str, Param("Place", "장소", max_length=255)] = "",
    text: Annotated[str, Param("Description", "설명", widget="textarea", max_length=32_000)] = "",
    attendees: Annotated[list[Address], Param("E-mail addresses", "참석자 이메일", max_length=100)] = [],  # noqa: B006
) -> Event:
    """Creates an event and invites the attendees."""
    if end <= start:
        problem = FieldProblem("end", "The end must be after the start.", "Choose a later end.")
        raise InvalidParams("The times do not fit.", problems=[problem])
    _offset(start, zone)
    body: dict[str, Any] = {
        "subject": title,
        "start": {"dateTime": start, "timeZone": zone},
        "end": {"dateTime": end, "timeZone": zone},
        "location": {"displayName": location},
        "body": {"contentType": "Text", "content": text},
        "attendees": [{"emailAddress": {"address": one}, "type": "required"} for one in attendees],
    }
    if ctx.idempotency_key:
        # Graph drops a second event with the same transaction id.
        body["transactionId"] = ctx.idempotency_key
    return _event(await Graph(ctx).call("POST", "/me/events", json=body))


def _offset(moment: str, zone: str) -> str:
    """The zone's offset at a local time, as +09:00."""
    from integrations.connectors.data.dates import parse_moment, zone_of

    return parse_moment(moment, zone_of(zone), "start").isoformat()[-6:]


@outlook.test
async def check(ctx: Context) -> str:
    """Ask Graph who we are."""
    me = await Graph(ctx).get("/me")
    return f"Signed in as {me.get('mail') or me.get('userPrincipalName')}."
