"""Changed files of Drive as events, from the list of changes (https://developers.google.com/drive/api/guides/manage-changes)."""

from __future__ import annotations

from integrations.connectors.google.client import Google
from integrations.connectors.google.drive import FIELDS, file_of, google_drive
from integrations.sdk import Context, Event, EventPage, Text, Unavailable

CHANGES = f"nextPageToken,newStartPageToken,changes(removed,file({FIELDS},version))"


@google_drive.trigger(
    title=Text("Changed file", "바뀐 파일"),
    description_ko="드라이브에 파일이 생기거나 바뀌면 알립니다.",
    interval=300,
    example={},
)
async def changed_file(ctx: Context) -> EventPage:
    """A file of Drive that is new or has changed."""
    api = Google(ctx)
    if not ctx.cursor:
        # Nothing is news yet: the token names the present end of the list.
        start = await api.get("/drive/v3/changes/startPageToken")
        return EventPage(cursor=str(start["startPageToken"]))
    data = await api.get(
        "/drive/v3/changes", pageToken=ctx.cursor, pageSize=100, includeRemoved="false", fields=CHANGES
    )
    following = data.get("nextPageToken") or data.get("newStartPageToken")
    if not following:
        raise Unavailable("Google did not say where the next changes are.", code="broken_answer")
    if data.get("nextPageToken") == ctx.cursor:
        raise Unavailable("Google's pages lead in a circle.", code="page_loop")
    events = []
    for change in data.get("changes", []):
        raw = change.get("file")
        if change.get("removed") or raw is None or raw["mimeType"].endswith(".folder"):
            continue
        file = file_of(raw)
        version = raw.get("version") or file.modified_at
        events.append(Event(id=f"{file.id}:{version}", at=file.modified_at, data=file.model_dump(mode="json")))
    return EventPage(events=events, cursor=str(following), more="nextPageToken" in data)
