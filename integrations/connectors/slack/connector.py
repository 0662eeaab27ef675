"""Slack: messages, threads, search, channels, people and files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from integrations.connectors.slack.client import Slack
from integrations.connectors.slack.models import (
    ChannelInfo,
    Channels,
    Message,
    Messages,
    Uploaded,
    User,
    Users,
    message_of,
    user_of,
)
from integrations.sdk import (
    Connector,
    Context,
    FileRef,
    OAuth2,
    Option,
    Param,
    Rate,
    Rejected,
    Text,
    Upstream,
    check_response,
)

slack = Connector(
    "slack",
    title=Text("Slack", "슬랙"),
    description=Text(
        "Posts, updates, searches and reads messages; lists channels and people; uploads files.",
        "메시지를 보내고 고치고 찾고 읽으며, 채널과 사람을 조회하고 파일을 올립니다.",
    ),
    auth=OAuth2(
        authorize_url="https://slack.com/oauth/v2/authorize",
        token_url="https://slack.com/api/oauth.v2.access",  # noqa: S106
        scopes=(
            "chat:write", "channels:read", "channels:history", "groups:read", "groups:history", "users:read",
            "users:read.email", "files:write",
        ),
        scope_separator=",",
        revoke_url="https://slack.com/api/auth.revoke",
        client_id_env="SLACK_CLIENT_ID",
        client_secret_env="SLACK_CLIENT_SECRET",  # noqa: S106
        sandbox="/slack/oauth",
    ),
    upstream=Upstream(
        key="slack",
        base_url_env="SLACK_BASE_URL",
        live="https://slack.com/api",
        sandbox="/slack",
        sandbox_credential={"access_token": "xoxb-sandbox-token", "token_type": "bot"},
    ),
    rate=Rate(50, per=60),
    group="communication",
    docs_url="https://docs.slack.dev/",
)  # fmt: skip

Channel = Annotated[
    str, Param("Channel id (C…), or a name with #", "채널 ID(C…) 또는 #이름", min_length=1, max_length=80)
]
Count = Annotated[int, Param("Entries at most", "최대 개수", ge=1, le=1000)]
Stamp = Annotated[str, Param("Time stamp of the message (ts)", "메시지의 ts", pattern=r"^\d{1,12}\.\d{1,6}$")]


async def _channel_id(api: Slack, channel: str) -> str:
    """Reading methods know ids only; a name is looked up among the channels the app can see."""
    if not channel.startswith("#"):
        return channel
    found, _ = await api.pages("conversations.list", "channels", 2000, types="public_channel,private_channel")
    for one in found:
        if one["name"] == channel[1:]:
            return str(one["id"])
    raise Rejected(f"There is no channel {channel} that the app can see.", code="slack_channel_not_found")


@slack.action(
    title=Text("Post message", "메시지 보내기"),
    description_ko="채널이나 스레드에 메시지를 보냅니다.",
    effect="write",
    scopes=("chat:write",),
    example={"channel": "C0SANDBOX1", "text": "안녕하세요 :wave:"},
)
async def post_message(
    ctx: Context,
    channel: Channel,
    text: Annotated[
        str, Param("The text, in Slack's mrkdwn", "메시지(mrkdwn)", widget="textarea", min_length=1, max_length=40_000)
    ],
    thread_ts: Annotated[
        str | None, Param("Answer in the thread of this message", "이 메시지의 스레드에 답하기")
    ] = None,
    blocks: Annotated[
        list[dict[str, Any]] | None, Param("Block Kit blocks", "Block Kit 블록", advanced=True, max_length=50)
    ] = None,
    broadcast: Annotated[
        bool, Param("Show a thread answer in the channel too", "스레드 답글을 채널에도 보이기", advanced=True)
    ] = False,
) -> Message:
    """Posts a message to a channel or a thread."""
    data = await Slack(ctx).write(
        "chat.postMessage",
        channel=channel,
        text=text,
        thread_ts=thread_ts,
        blocks=blocks,
        reply_broadcast=broadcast if thread_ts else None,
    )
    return message_of({**data.get("message", {}), "ts": data["ts"]}, data["channel"])


@slack.action(
    title=Text("Update message", "메시지 고치기"),
    description_ko="앱이 보낸 메시지를 고칩니다.",
    effect="write",
    idempotent=True,
    scopes=("chat:write",),
    example={"channel": "C0SANDBOX1", "ts": "1760000300.000300", "text": "고친 글"},
)
async def update_message(
    ctx: Context,
    channel: Annotated[str, Param("Channel id (C…)", "채널 ID(C…)", min_length=1)],
    ts: Stamp,
    text: Annotated[str, Param("The new text", "새 메시지", widget="textarea", min_length=1, max_length=40_000)],
) -> Message:
    """Changes a message that the app posted."""
    data = await Slack(ctx).write("chat.update", channel=channel, ts=ts, text=text)
    return message_of({"ts": data["ts"], "text": data.get("text", text)}, data["channel"])


@slack.action(
    title=Text("Read channel", "채널 읽기"),
    description_ko="채널의 최근 메시지를 새것부터 읽습니다.",
    scopes=("channels:history", "groups:history"),
    example={"channel": "C0SANDBOX1", "count": 5},
)
async def read_channel(
    ctx: Context,
    channel: Channel,
    count: Count = 50,
    oldest: Annotated[str | None, Param("Only messages after this time stamp (seconds)", "이 시각(초) 이후만")] = None,
    latest: Annotated[str | None, Param("Only messages before this time stamp (seconds)", "이 시각(초) 이전만")] = None,
) -> Messages:
    """Reads the newest messages of a channel."""
    api = Slack(ctx)
    id = await _channel_id(api, channel)
    raw, complete = await api.pages(
        "conversations.history", "messages", count, channel=id, oldest=oldest, latest=latest
    )
    return Messages(messages=[message_of(one, id) for one in raw], count=len(raw), complete=complete)


@slack.action(
    title=Text("Read thread", "스레드 읽기"),
    description_ko="스레드의 메시지를 처음부터 읽습니다.",
    scopes=("channels:history", "groups:history"),
    example={"channel": "C0SANDBOX1", "ts": "1760000200.000200"},
)
async def read_thread(ctx: Context, channel: Channel, ts: Stamp, count: Count = 100) -> Messages:
    """Reads a thread from its first message on."""
    api = Slack(ctx)
    id = await _channel_id(api, channel)
    raw, complete = await api.pages("conversations.replies", "messages", count, channel=id, ts=ts)
    return Messages(messages=[message_of(one, id) for one in raw], count=len(raw), complete=complete)


@slack.action(
    title=Text("Search messages", "메시지 검색"),
    description_ko="메시지를 검색합니다. 사용자 토큰(search:read)이 필요합니다.",
    scopes=("search:read",),
    example={"query": "회의"},
)
async def search_messages(
    ctx: Context,
    query: Annotated[
        str,
        Param(
            "Words, with in:#channel, from:@name, before:2026-01-01",
            "검색어(in:, from:, before: 사용 가능)",
            min_length=1,
        ),
    ],
    count: Annotated[int, Param("Entries at most", "최대 개수", ge=1, le=100)] = 20,
    order: Annotated[Literal["score", "timestamp"], Param("Best or newest first", "정확도순 또는 최신순")] = "score",
) -> Messages:
    """Searches messages. Needs a user token with search:read."""
    data = await Slack(ctx).read("search.messages", query=query, count=count, sort=order)
    found = data["messages"]
    messages = [message_of(one, (one.get("channel") or {}).get("id", "")) for one in found["matches"]]
    return Messages(messages=messages, count=len(messages), complete=found["total"] <= len(messages))


@slack.action(
    title=Text("List channels", "채널 목록"),
    description_ko="앱이 볼 수 있는 채널을 조회합니다.",
    cache=60,
    scopes=("channels:read", "groups:read"),
    example={},
)
async def list_channels(
    ctx: Context,
    private: Annotated[bool, Param("Private channels too", "비공개 채널도 포함")] = True,
    archived: Annotated[bool, Param("Archived channels too", "보관된 채널도 포함")] = False,
    count: Count = 200,
) -> Channels:
    """Lists the channels that the app can see."""
    raw, complete = await Slack(ctx).pages(
        "conversations.list",
        "channels",
        count,
        types="public_channel,private_channel" if private else "public_channel",
        exclude_archived=str(not archived).lower(),
    )
    channels = [
        ChannelInfo(
            id=one["id"],
            name=one["name"],
            is_private=one.get("is_private", False),
            is_archived=one.get("is_archived", False),
            members=one.get("num_members", 0),
            topic=(one.get("topic") or {}).get("value", ""),
        )
        for one in raw
    ]
    return Channels(channels=channels, count=len(channels), complete=complete)


@slack.action(
    title=Text("List people", "사람 목록"),
    description_ko="워크스페이스의 사람을 조회합니다.",
    cache=60,
    scopes=("users:read",),
    example={},
)
async def list_users(
    ctx: Context,
    bots: Annotated[bool, Param("Bots too", "봇도 포함")] = False,
    count: Count = 200,
) -> Users:
    """Lists the people of the workspace, without those who left."""
    raw, complete = await Slack(ctx).pages("users.list", "members", 1000)
    users = [user_of(one) for one in raw if not one.get("deleted") and (bots or not one.get("is_bot"))]
    return Users(users=users[:count], count=min(count, len(users)), complete=complete and len(users) <= count)


@slack.action(
    title=Text("Find person", "사람 찾기"),
    description_ko="이메일로 사람을 찾습니다.",
    scopes=("users:read.email",),
    example={"email": "minji@sandbox.example"},
)
async def find_user(
    ctx: Context,
    email: Annotated[str, Param("E-mail address", "이메일", pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)],
) -> User:
    """Finds a person by e-mail address."""
    return user_of((await Slack(ctx).read("users.lookupByEmail", email=email))["user"])


@slack.action(
    title=Text("Upload file", "파일 올리기"),
    description_ko="파일을 올리고 채널에 공유합니다.",
    effect="write",
    timeout=120,
    scopes=("files:write",),
)
async def upload_file(
    ctx: Context,
    channel: Annotated[str, Param("Channel id (C…)", "채널 ID(C…)", min_length=1)],
    file: Annotated[FileRef, Param("The file", "파일")],
    title: Annotated[str, Param("Title; the file's name when empty", "제목")] = "",
    comment: Annotated[str | None, Param("Message beside the file", "함께 보낼 말", max_length=4000)] = None,
    thread_ts: Annotated[str | None, Param("Share in the thread of this message", "이 메시지의 스레드에 공유")] = None,
) -> Uploaded:
    """Uploads a file and shares it in a channel."""
    api = Slack(ctx)
    content = await ctx.files.read(file)
    ticket = await api.read("files.getUploadURLExternal", filename=file.name, length=len(content))
    # The ticket's URL is signed by itself: the token must not travel there.
    sent = await ctx.http.post(ticket["upload_url"], content=content, headers={"Content-Type": file.content_type})
    check_response(sent, service="Slack")
    data = await api.write(
        "files.completeUploadExternal",
        files=[{"id": ticket["file_id"], "title": title or file.name}],
        channel_id=channel,
        initial_comment=comment,
        thread_ts=thread_ts,
    )
    done = data["files"][0]
    return Uploaded(id=done["id"], title=done.get("title", ""), permalink=done.get("permalink", ""))


@post_message.options("channel")
@read_channel.options("channel")
async def channel_options(ctx: Context, query: str, params: dict[str, Any]) -> list[Option]:
    """The channels whose name contains the typed text."""
    raw, _ = await Slack(ctx).pages("conversations.list", "channels", 1000, exclude_archived="true")
    wanted = query.lstrip("#").lower()
    return [Option(one["id"], f"#{one['name']}") for one in raw if wanted in one["name"].lower()][:50]


@slack.test
async def check(ctx: Context) -> str:
    """Ask Slack who we are."""
    data = await Slack(ctx).write("auth.test")
    return f"Signed in to {data.get('team', 'Slack')} as {data.get('user', 'the app')}."


from integrations.connectors.slack import events as _events  # noqa: E402, F401 - registers the triggers
