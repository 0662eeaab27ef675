"""New messages of a channel as events."""

from __future__ import annotations

from typing import Annotated

from integrations.connectors.slack.client import Slack
from integrations.connectors.slack.connector import Channel, _channel_id, slack
from integrations.connectors.slack.models import message_of
from integrations.sdk import Context, Event, EventPage, Param, Text

PAGE = 200


@slack.trigger(
    title=Text("New message", "새 메시지"),
    description_ko="채널에 새 메시지가 올라오면 알립니다. 봇의 메시지는 빼는 것이 기본입니다.",
    interval=60,
    example={"channel": "C0SANDBOX1"},
)
async def new_message(
    ctx: Context,
    channel: Channel,
    bots: Annotated[bool, Param("Messages of bots too", "봇 메시지도 포함")] = False,
    words: Annotated[str, Param("Only messages with this text", "이 글이 있는 메시지만", max_length=200)] = "",
) -> EventPage:
    """A message that was posted in a channel; those of bots are left out unless asked for, or a bot answers itself."""
    api = Slack(ctx)
    id = await _channel_id(api, channel)
    raw, complete = await api.pages("conversations.history", "messages", PAGE, channel=id, oldest=ctx.cursor or None)
    rows = sorted(raw, key=lambda one: float(one["ts"]))
    wanted = words.lower().strip()
    events = [
        Event(id=f"{id}:{one['ts']}", at=message.at, data=message.model_dump(mode="json"))
        for one in rows
        if (bots or not (one.get("bot_id") or one.get("subtype")))
        and (not wanted or wanted in str(one.get("text", "")).lower())
        for message in [message_of(one, id)]
    ]
    # History comes newest first: only a complete answer may move the cursor to its end without losing the middle.
    if not complete and rows:
        ctx.log("warning", "More messages came than one look takes; the oldest of them are left out.")
    return EventPage(events=events, cursor=rows[-1]["ts"] if rows else ctx.cursor or "")
