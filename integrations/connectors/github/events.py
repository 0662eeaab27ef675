"""New and changed issues as events."""

from __future__ import annotations

from typing import Annotated, Literal

from integrations.connectors.github.client import GitHub
from integrations.connectors.github.connector import REPO, Repo, github
from integrations.connectors.github.models import Issue
from integrations.sdk import Context, Event, EventPage, Param, Text

PAGE = 100


@github.trigger(
    title=Text("Issue or pull request", "이슈·풀 리퀘스트"),
    description_ko="이슈나 풀 리퀘스트가 열리거나 바뀌면 알립니다.",
    interval=120,
    example={"repository": REPO},
)
async def issue_event(
    ctx: Context,
    repository: Repo,
    on: Annotated[
        Literal["opened", "changed"],
        Param("opened, or every change", "열릴 때 또는 바뀔 때마다", title="When", title_ko="언제"),
    ] = "opened",
    pull_requests: Annotated[bool, Param("Pull requests too", "풀 리퀘스트도 포함")] = False,
) -> EventPage:
    """An issue that was opened (or changed) in a repository."""
    raw, complete = await GitHub(ctx).pages(
        f"/repos/{repository}/issues",
        PAGE if ctx.cursor else 30,
        state="all",
        sort="updated",
        # Oldest first, so that a long absence is caught up page by page.
        direction="asc" if ctx.cursor else "desc",
        since=ctx.cursor or None,
    )
    found = sorted((Issue.of(one) for one in raw), key=lambda one: (one.updated_at, one.number))
    kept = [one for one in found if pull_requests or not one.is_pull_request]
    if on == "opened" and ctx.cursor:
        kept = [one for one in kept if one.created_at >= ctx.cursor]
    events = [
        Event(
            id=f"{repository}#{one.number}" + (f"@{one.updated_at}" if on == "changed" else ""),
            at=one.created_at if on == "opened" else one.updated_at,
            data={**one.model_dump(mode="json"), "repository": repository},
        )
        for one in kept
    ]
    cursor = found[-1].updated_at if found else ctx.cursor or ""
    # The cursor is inclusive: a full page that does not move it would be asked for again and again.
    return EventPage(events=events, cursor=cursor, more=bool(ctx.cursor) and not complete and cursor != ctx.cursor)
