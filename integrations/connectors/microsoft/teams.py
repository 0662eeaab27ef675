"""Teams: teams, channels and their messages."""

from __future__ import annotations

import html
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel

from integrations.connectors.microsoft.client import GRAPH, Graph, microsoft_oauth
from integrations.connectors.microsoft.outlook import check
from integrations.sdk import Connector, Context, Param, Rate, Text
from integrations.sdk.html import text_of_html

teams = Connector(
    "teams",
    title=Text("Microsoft Teams", "마이크로소프트 팀즈"),
    description=Text(
        "Lists teams and channels, reads and posts messages.", "팀과 채널을 조회하고 메시지를 읽고 보냅니다."
    ),
    auth=microsoft_oauth(
        "Team.ReadBasic.All", "Channel.ReadBasic.All", "ChannelMessage.Send", "ChannelMessage.Read.All"
    ),
    upstream=GRAPH,
    rate=Rate(4, per=1),
    group="communication",
    icon="teams.svg",
    docs_url="https://learn.microsoft.com/graph/api/resources/teams-api-overview",
)
teams.test(check)

GroupId = Annotated[str, Param("Id of the team", "팀 ID", pattern=r"^[A-Za-z0-9-]+$", max_length=100)]
ChannelId = Annotated[str, Param("Id of the channel", "채널 ID", pattern=r"^[A-Za-z0-9:@._-]+$", max_length=200)]


class Team(BaseModel):
    """A team."""

    id: str
    name: str
    description: str = ""


class TeamList(BaseModel):
    """Teams one belongs to."""

    teams: list[Team]
    count: int
    complete: bool


class ChannelList(BaseModel):
    """Channels of a team."""

    channels: list[Team]
    count: int
    complete: bool


class TeamsMessage(BaseModel):
    """A message of a channel."""

    id: str
    author: str = ""
    text: str = ""
    created_at: str = ""
    url: str = ""


class TeamsMessages(BaseModel):
    """Messages, newest first; `complete` is false when there are more."""

    messages: list[TeamsMessage]
    count: int
    complete: bool


def _named(raw: dict[str, Any]) -> Team:
    return Team(id=raw["id"], name=raw["displayName"], description=raw.get("description") or "")


@teams.action(title=Text("List teams", "팀 목록"), description_ko="내가 속한 팀을 조회합니다.", cache=60, example={})
async def list_teams(ctx: Context) -> TeamList:
    """Lists the teams one belongs to."""
    raw, complete = await Graph(ctx).pages("/me/joinedTeams", 500)
    return TeamList(teams=[_named(one) for one in raw], count=len(raw), complete=complete)


@teams.action(
    title=Text("List channels", "채널 목록"),
    description_ko="팀의 채널을 조회합니다.",
    cache=60,
    example={"team": "team-1"},
)
async def list_channels(ctx: Context, team: GroupId) -> ChannelList:
    """Lists the channels of a team."""
    raw, complete = await Graph(ctx).pages(f"/teams/{team}/channels", 500)
    return ChannelList(channels=[_named(one) for one in raw], count=len(raw), complete=complete)


def _message(raw: dict[str, Any]) -> TeamsMessage:
    body = raw.get("body") or {}
    text = body.get("content", "")
    return TeamsMessage(
        id=raw["id"],
        author=((raw.get("from") or {}).get("user") or {}).get("displayName", ""),
        text=text_of_html(text) if body.get("contentType") == "html" else text,
        created_at=raw.get("createdDateTime", ""),
        url=raw.get("webUrl") or "",
    )


@teams.action(
    title=Text("Read channel", "채널 읽기"),
    description_ko="채널의 최근 메시지를 읽습니다.",
    example={"team": "team-1", "channel": "19:general@thread.tacv2"},
)
async def read_channel(
    ctx: Context,
    team: GroupId,
    channel: ChannelId,
    count: Annotated[int, Param("Messages at most", "최대 메시지 수", ge=1, le=500)] = 20,
) -> TeamsMessages:
    """Reads the newest messages of a channel."""
    path = f"/teams/{team}/channels/{quote(channel, safe='')}/messages"
    raw, complete = await Graph(ctx).pages(path, count, **{"$top": min(count, 50)})
    return TeamsMessages(messages=[_message(one) for one in raw], count=len(raw), complete=complete)


@teams.action(
    title=Text("Post message", "메시지 보내기"),
    description_ko="채널에 메시지를 보내거나 답글을 답니다.",
    effect="write",
    example={"team": "team-1", "channel": "19:general@thread.tacv2", "text": "안녕하세요"},
)
async def post_message(
    ctx: Context,
    team: GroupId,
    channel: ChannelId,
    text: Annotated[str, Param("The text", "메시지", widget="textarea", min_length=1, max_length=28_000)],
    reply_to: Annotated[
        str | None, Param("Id of the message to answer", "답글을 달 메시지의 ID", pattern=r"^\d+$")
    ] = None,
) -> TeamsMessage:
    """Posts a message to a channel, or answers one."""
    path = f"/teams/{team}/channels/{quote(channel, safe='')}/messages"
    path += f"/{reply_to}/replies" if reply_to else ""
    content = html.escape(text).replace("\n", "<br>")
    return _message(await Graph(ctx).call("POST", path, json={"body": {"contentType": "html", "content": content}}))
