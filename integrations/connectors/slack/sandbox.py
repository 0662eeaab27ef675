"""Local stand-in of Slack's Web API: `ok` envelopes, cursors, error words, tiers, the three-step upload.

One made-up workspace whose messages live as long as the process. Fault switches: `POST /slack/__faults__`
(`integrations.sdk.standin`); a fault `{"status": 200, "body": {"ok": false, "error": "…"}}` gives any error word.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from integrations.sdk.standin import standin
from integrations.sdk.standin_oauth import OAuthStandIn

PREFIX = "/slack"
CREDENTIAL = {"access_token": "xoxb-sandbox-token", "token_type": "bot"}
sign_in = OAuthStandIn("Slack", "xoxb-sandbox-token", style="slack", seconds=0, account="샌드박스")
TEAM = {"id": "T0SANDBOX", "name": "샌드박스"}

CHANNELS: list[dict[str, Any]] = [
    {"id": "C0SANDBOX1", "name": "일반", "num_members": 4, "topic": {"value": "모두의 이야기"}, "is_private": False},
    {"id": "C0SANDBOX2", "name": "입찰-알림", "num_members": 2, "topic": {"value": ""}, "is_private": False},
    {"id": "C0SANDBOX3", "name": "운영", "num_members": 1, "topic": {"value": ""}, "is_private": True},
    {"id": "C0SANDBOX4", "name": "옛날", "num_members": 0, "topic": {"value": ""}, "is_archived": True},
]
USERS: list[dict[str, Any]] = [
    {
        "id": "U0MINJI",
        "name": "minji",
        "tz": "Asia/Seoul",
        "profile": {"real_name": "김민지", "email": "minji@sandbox.example"},
    },
    {
        "id": "U0JUNHO",
        "name": "junho",
        "tz": "Asia/Seoul",
        "profile": {"real_name": "이준호", "email": "junho@sandbox.example"},
    },
    {"id": "U0GONE", "name": "gone", "deleted": True, "profile": {"real_name": "박나감"}},
    {"id": "U0BOT", "name": "portal", "is_bot": True, "profile": {"real_name": "Portal"}},
]


def _first_messages() -> dict[str, list[dict[str, Any]]]:
    texts = ["좋은 아침입니다", "오늘 회의는 10시입니다", "보고서 올렸습니다", "확인했습니다", "점심 뭐 먹을까요?"]
    messages = [
        {
            "type": "message",
            "user": "U0MINJI" if number % 2 else "U0JUNHO",
            "text": text,
            "ts": f"1760000{number}00.000{number}00",
        }
        for number, text in enumerate(texts, 1)
    ]
    messages[1] |= {"thread_ts": messages[1]["ts"], "reply_count": 2}
    messages[2] |= {"user": "U0BOT", "bot_id": "B0PORTAL"}
    return {"C0SANDBOX1": messages, "C0SANDBOX2": [], "C0SANDBOX3": [], "C0SANDBOX4": []}


MESSAGES = _first_messages()
REPLIES = {
    "1760000200.000200": [
        {
            "type": "message",
            "user": "U0JUNHO",
            "text": "참석합니다",
            "ts": "1760000210.000100",
            "thread_ts": "1760000200.000200",
        },
        {
            "type": "message",
            "user": "U0MINJI",
            "text": "저도요",
            "ts": "1760000220.000100",
            "thread_ts": "1760000200.000200",
        },
    ]
}
FILES: dict[str, dict[str, Any]] = {}
_clock = itertools.count(1770000000)
Handler = Callable[[dict[str, Any], Request], Awaitable[dict[str, Any]]]


class Refusal(Exception):
    """Ends a method with an error word."""


def _fail(word: str, **extra: Any) -> JSONResponse:
    return JSONResponse({"ok": False, "error": word, **extra})


def method(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A Web API method: token, arguments from query, form or JSON, and the `ok` envelope."""

    async def endpoint(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not given:
            return _fail("not_authed")
        if not sign_in.accepts(request):
            return _fail("invalid_auth")
        args: dict[str, Any] = dict(request.query_params)
        if request.method == "POST":
            kind = request.headers.get("content-type", "")
            args |= await request.json() if kind.startswith("application/json") else dict(await request.form())
        try:
            return JSONResponse({"ok": True, **await handler(args, request)})
        except Refusal as refusal:
            return _fail(str(refusal))

    return endpoint


def _page(rows: list[Any], args: dict[str, Any], name: str) -> dict[str, Any]:
    limit = min(int(args.get("limit", 100)), 2)  # small pages, so that paging is exercised
    start = int(args["cursor"].removeprefix("dXNlcjp")) if args.get("cursor") else 0
    after = f"dXNlcjp{start + limit}" if start + limit < len(rows) else ""
    return {name: rows[start : start + limit], "response_metadata": {"next_cursor": after}, "has_more": bool(after)}


def _channel(args: dict[str, Any]) -> str:
    wanted = str(args.get("channel", ""))
    for channel in CHANNELS:
        if wanted in (channel["id"], f"#{channel['name']}"):
            if channel.get("is_archived"):
                raise Refusal("is_archived")
            return str(channel["id"])
    raise Refusal("channel_not_found")


async def auth_test(args: dict[str, Any], request: Request) -> dict[str, Any]:
    return {"team": TEAM["name"], "team_id": TEAM["id"], "user": "portal", "user_id": "U0BOT", "bot_id": "B0PORTAL"}


async def post(args: dict[str, Any], request: Request) -> dict[str, Any]:
    channel = _channel(args)
    if not args.get("text") and not args.get("blocks"):
        raise Refusal("no_text")
    ts = f"{next(_clock)}.000100"
    message = {"type": "message", "user": "U0BOT", "bot_id": "B0PORTAL", "text": args.get("text", ""), "ts": ts}
    if args.get("thread_ts"):
        message["thread_ts"] = args["thread_ts"]
        REPLIES.setdefault(args["thread_ts"], []).append(message)
    else:
        MESSAGES[channel].append(message)
    return {"channel": channel, "ts": ts, "message": message}


async def update(args: dict[str, Any], request: Request) -> dict[str, Any]:
    channel = _channel(args)
    for message in MESSAGES[channel]:
        if message["ts"] == args.get("ts"):
            if message.get("bot_id") != "B0PORTAL":
                raise Refusal("cant_update_message")
            message["text"] = args["text"]
            return {"channel": channel, "ts": message["ts"], "text": message["text"]}
    raise Refusal("message_not_found")


async def history(args: dict[str, Any], request: Request) -> dict[str, Any]:
    oldest, latest = float(args.get("oldest", 0)), float(args.get("latest", 1e12))
    rows = [one for one in MESSAGES[_channel(args)] if oldest < float(one["ts"]) < latest]
    return _page(sorted(rows, key=lambda one: one["ts"], reverse=True), args, "messages")


async def replies(args: dict[str, Any], request: Request) -> dict[str, Any]:
    parents = [one for one in MESSAGES[_channel(args)] if one["ts"] == args.get("ts")]
    if not parents:
        raise Refusal("thread_not_found")
    return _page(parents + REPLIES.get(args["ts"], []), args, "messages")


async def search(args: dict[str, Any], request: Request) -> dict[str, Any]:
    words = [word for word in str(args.get("query", "")).split() if ":" not in word]
    matches = [
        {
            **one,
            "channel": {"id": channel},
            "permalink": f"https://sandbox.slack.example/archives/{channel}/p{one['ts']}",
        }
        for channel, messages in MESSAGES.items()
        for one in messages
        if all(word in one["text"] for word in words)
    ]
    return {"messages": {"total": len(matches), "matches": matches[: int(args.get("count", 20))]}}


async def channels(args: dict[str, Any], request: Request) -> dict[str, Any]:
    rows = [
        channel
        for channel in CHANNELS
        if (args.get("exclude_archived") != "true" or not channel.get("is_archived"))
        and (not channel.get("is_private") or "private_channel" in str(args.get("types", "")))
    ]
    return _page(rows, args, "channels")


async def users(args: dict[str, Any], request: Request) -> dict[str, Any]:
    return _page(USERS, args, "members")


async def lookup(args: dict[str, Any], request: Request) -> dict[str, Any]:
    for user in USERS:
        if user["profile"].get("email") == args.get("email"):
            return {"user": user}
    raise Refusal("users_not_found")


async def upload_url(args: dict[str, Any], request: Request) -> dict[str, Any]:
    id = f"F0SANDBOX{len(FILES) + 1}"
    FILES[id] = {"id": id, "name": args["filename"], "length": int(args["length"]), "content": None}
    base = str(request.url).split("/files.getUploadURLExternal")[0]
    return {"file_id": id, "upload_url": f"{base}/upload/{id}"}


async def upload(request: Request) -> Response:
    if "authorization" in request.headers:
        return PlainTextResponse("the token does not belong here", 400)
    file = FILES[request.path_params["id"]]
    file["content"] = await request.body()
    return PlainTextResponse("OK" if len(file["content"]) == file["length"] else "wrong length")


async def complete(args: dict[str, Any], request: Request) -> dict[str, Any]:
    _channel({"channel": args.get("channel_id", "")})
    done = []
    for one in args["files"]:
        file = FILES.get(one["id"])
        if file is None or file["content"] is None:
            raise Refusal("file_not_found")
        link = f"https://sandbox.slack.example/files/{one['id']}"
        done.append({"id": one["id"], "title": one.get("title", ""), "permalink": link})
    return {"files": done}


def _route(name: str, handler: Handler) -> Route:
    return Route(f"/{name}", method(handler), methods=["GET", "POST"])


app = standin(
    [
        *sign_in.routes(),
        _route("auth.test", auth_test),
        _route("chat.postMessage", post),
        _route("chat.update", update),
        _route("conversations.history", history),
        _route("conversations.replies", replies),
        _route("conversations.list", channels),
        _route("search.messages", search),
        _route("users.list", users),
        _route("users.lookupByEmail", lookup),
        _route("files.getUploadURLExternal", upload_url),
        _route("files.completeUploadExternal", complete),
        Route("/upload/{id}", upload, methods=["POST"]),
    ]
)
