"""New entries of feeds as events."""

from __future__ import annotations

from typing import Annotated

from integrations.connectors.web.connector import Url, read_feed, web
from integrations.sdk import Context, Event, EventPage, Param, Text


@web.trigger(
    title=Text("New feed entry", "새 피드 글"),
    description_ko="RSS나 Atom 피드에 새 글이 올라오면 알립니다.",
    interval=900,
    example={"url": "/feed.xml"},
)
async def new_entry(
    ctx: Context,
    url: Url,
    words: Annotated[
        str, Param("Only entries with this in title or summary", "제목이나 요약에 이 말이 있는 글만", max_length=200)
    ] = "",
) -> EventPage:
    """An entry that an RSS or Atom feed did not have before."""
    feed = await read_feed(ctx, url=url, count=200)
    wanted = words.lower().strip()
    entries = [item for item in reversed(feed.items) if not wanted or wanted in f"{item.title} {item.summary}".lower()]
    events = [
        Event(
            id=(item.id or item.url)[:500],
            at=item.published_at,
            data={**item.model_dump(mode="json"), "feed": feed.title},
        )
        for item in entries
        if item.id or item.url
    ]
    return EventPage(events=events, cursor=feed.items[0].published_at if feed.items else ctx.cursor or "")
