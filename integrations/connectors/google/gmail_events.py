"""New mails as events."""

from __future__ import annotations

import asyncio
from typing import Annotated

from integrations.connectors.google.client import Google
from integrations.connectors.google.gmail import AT_ONCE, ME, MailHead, _head, gmail
from integrations.sdk import Context, Event, EventPage, Param, Text

PAGE = 100
#: Gmail's `after:` counts whole seconds, and mails may be filed a moment after their date.
OVERLAP_SECONDS = 120


@gmail.trigger(
    title=Text("New mail", "새 메일"),
    description_ko="검색식에 맞는 새 메일이 오면 알립니다.",
    interval=120,
    example={"query": "is:unread"},
)
async def new_mail(
    ctx: Context,
    query: Annotated[
        str, Param("Gmail search: from:, subject:, label: …", "Gmail 검색식: from:, subject:, label: …", max_length=500)
    ] = "in:inbox",
) -> EventPage:
    """A mail that fits a Gmail search."""
    api = Google(ctx)
    since = f" after:{int(ctx.cursor) // 1000 - OVERLAP_SECONDS}" if ctx.cursor else ""
    found, _ = await api.pages(f"{ME}/messages", "messages", PAGE if ctx.cursor else 20, q=f"{query}{since}".strip())
    gate = asyncio.Semaphore(AT_ONCE)

    async def read(id: str) -> tuple[int, MailHead]:
        async with gate:
            raw = await api.get(f"{ME}/messages/{id}", format="metadata")
            return int(raw.get("internalDate") or 0), MailHead.model_validate(_head(raw))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(read(one["id"])) for one in found]
    mails = sorted((task.result() for task in tasks), key=lambda one: (one[0], one[1].id))
    events = [Event(id=head.id, at=head.date, data=head.model_dump(mode="json")) for _, head in mails]
    newest = max((moment for moment, _ in mails), default=0)
    return EventPage(events=events, cursor=str(max(newest, int(ctx.cursor or 0))) if newest or ctx.cursor else "")
