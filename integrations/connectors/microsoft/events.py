"""New mails and changed files as events, by delta queries: Graph tells what has changed since the last call.

https://learn.microsoft.com/graph/delta-query-overview
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from integrations.connectors.microsoft.client import Graph
from integrations.connectors.microsoft.onedrive import DriveItem, item_of, onedrive
from integrations.connectors.microsoft.outlook import MailHead, head_of, outlook
from integrations.sdk import Context, Event, EventPage, Rejected, Text, Unavailable

FIELDS = "subject,from,receivedDateTime,bodyPreview,isRead,hasAttachments,webLink"
#: Mails that came shortly before the trigger was made are remembered too, so that none falls between.
FIRST_LOOK = dt.timedelta(hours=1)


async def _delta(ctx: Context, start: str, **params: Any) -> tuple[list[dict[str, Any]], str, bool]:
    """Changed rows, the link for the next call, and whether more wait there already."""
    home = str(ctx.http.base_url).rstrip("/")
    address, query = (f"{home}{ctx.cursor}", {}) if ctx.cursor else (start, params)
    try:
        data = await Graph(ctx).get(address, **query)
    except Rejected as error:
        if ctx.cursor is None or error.error_code != "upstream_not_found":
            raise
        # 410 Gone: the link is too old for Graph. What happened meanwhile is lost there; we go on from now.
        ctx.log("warning", "Microsoft has forgotten where the last look ended; it begins anew.")
        data = await Graph(ctx).get(start, **params)
    rows = data.get("value") if isinstance(data, dict) else None
    following = data.get("@odata.nextLink") or data.get("@odata.deltaLink") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not isinstance(following, str):
        raise Unavailable("Microsoft did not answer with a list of changes.", code="broken_answer")
    # The token is in our headers: it must only ever follow to Graph itself.
    if not following.startswith(f"{home}/"):
        raise Unavailable("Microsoft's next page lies elsewhere.", code="broken_answer")
    if following == f"{home}{ctx.cursor}" and "@odata.nextLink" in data:
        raise Unavailable("Microsoft's pages lead in a circle.", code="page_loop")
    return rows, following.removeprefix(home), "@odata.nextLink" in data


@outlook.trigger(
    title=Text("New mail", "새 메일"),
    description_ko="받은 편지함에 새 메일이 오면 알립니다.",
    interval=120,
    example={},
)
async def new_mail(ctx: Context) -> EventPage:
    """A mail that arrived in the inbox."""
    since = (dt.datetime.now(dt.UTC) - FIRST_LOOK).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows, cursor, more = await _delta(
        ctx,
        "/me/mailFolders/inbox/messages/delta",
        **{"$select": FIELDS, "$filter": f"receivedDateTime ge {since}", "changeType": "created"},
    )
    heads = [MailHead.model_validate(head_of(row)) for row in rows if "@removed" not in row]
    events = [Event(id=head.id, at=head.received_at, data=head.model_dump(mode="json")) for head in heads]
    return EventPage(events=sorted(events, key=lambda one: one.at), cursor=cursor, more=more)


@onedrive.trigger(
    title=Text("Changed file", "바뀐 파일"),
    description_ko="원드라이브에 파일이 생기거나 바뀌면 알립니다.",
    interval=300,
    example={},
)
async def changed_file(ctx: Context) -> EventPage:
    """A file on OneDrive that is new or has changed."""
    rows, cursor, more = await _delta(ctx, "/me/drive/root/delta", token="latest")  # noqa: S106 - Graph's own word
    events = []
    for row in rows:
        if "file" not in row or "deleted" in row:
            continue
        item: DriveItem = item_of(row)
        version = row.get("cTag") or row.get("lastModifiedDateTime") or ""
        events.append(Event(id=f"{item.id}:{version}"[:500], at=item.modified_at, data=item.model_dump(mode="json")))
    return EventPage(events=sorted(events, key=lambda one: one.at), cursor=cursor, more=more)
