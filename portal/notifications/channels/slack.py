"""Slack: an incoming webhook, or a bot token with a channel (`chat.postMessage`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx2

from portal.common.upstreams import Site, site
from portal.notifications.channels.base import Address, Message, TryLater, Undeliverable, client, judge, wrong
from portal.notifications.models import Channel
from portal.settings.env import env

HOOK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
MARKS = {"info": "ℹ️", "success": "✅", "warning": "⚠️", "critical": "🚨"}
#: Words of the Web API that another try may cure; all others are final.
PASSING = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
GONE = {"channel_not_found", "is_archived", "account_inactive", "token_revoked", "invalid_auth", "not_authed"}
MAX_ITEMS = 20


def web_api() -> Site:
    """Where Slack's Web API is: SLACK_BASE_URL, the sandbox, or Slack itself."""
    return site("slack", live="https://slack.com/api", sandbox="/slack", custom=env().slack_base_url)


def escape(text: str) -> str:
    """The three characters that Slack's mark-up takes for itself."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks(message: Message) -> list[dict[str, Any]]:
    """The message as Block Kit sections, each linked to what it speaks of."""
    found: list[dict[str, Any]] = []
    for item in message.items[:MAX_ITEMS]:
        title = escape(item.title)
        head = f"<{item.url}|{title}>" if item.url else title
        text = f"{MARKS[item.severity]} *{head}*"
        if item.body:
            text += f"\n{escape(item.body)}"
        found.append({"type": "section", "text": {"type": "mrkdwn", "text": text[:2900]}})
    more = message.count - MAX_ITEMS
    foot = f"{escape(message.workspace)} · {escape(message.items[0].topic_title)}"
    if more > 0:
        foot += f" · +{more}"
    found.append({"type": "context", "elements": [{"type": "mrkdwn", "text": foot}]})
    return found


class Slack:
    channel: ClassVar[str] = Channel.SLACK
    needs_code: ClassVar[bool] = False

    def check(self, values: Mapping[str, Any]) -> Address:
        hook, token = str(values.get("hook_url", "")).strip(), str(values.get("token", "")).strip()
        room = str(values.get("room", "")).strip()
        if hook:
            parts = urlsplit(hook)
            if parts.scheme != "https" or parts.hostname not in HOOK_HOSTS or not parts.path.startswith("/services/"):
                raise wrong("hook_url", "This is no incoming webhook of Slack.", "https://hooks.slack.com/services/…")
            return Address({"hook_url": hook}, f"{parts.hostname} …{hook[-4:]}", hook)
        if not token.startswith("xox"):
            raise wrong("token", "Give an incoming webhook, or a bot token.", "Bot tokens start with xoxb-.")
        if not room:
            raise wrong("room", "Name the channel.", "Its id such as C0123ABCD, or #name.")
        return Address({"token": token, "room": room}, room[:80], f"{token}:{room}")

    async def send(self, message: Message, secrets: Mapping[str, str], *, egress: Sequence[str] | None) -> int | None:
        body = {"text": escape(message.title), "blocks": blocks(message)}
        if hook := secrets.get("hook_url"):
            async with client(egress=egress) as http:
                return judge(await http.post(hook, json=body), "Slack")
        place = web_api()
        headers = {"Authorization": f"Bearer {secrets['token']}"}
        async with client(egress=egress, trusted_url=place.trusted_url) as http:
            response = await http.post(
                f"{place.base_url}/chat.postMessage", json={"channel": secrets["room"], **body}, headers=headers
            )
        status = judge(response, "Slack")
        _judge_envelope(response)
        return status


def _judge_envelope(response: httpx2.Response) -> None:
    """The Web API says `"ok": false` inside a 200."""
    try:
        answer = response.json()
    except ValueError:
        raise TryLater("Slack answered something unreadable.", code="slack_unreadable") from None
    if answer.get("ok") is True:
        return
    word = str(answer.get("error", "unknown"))[:40]
    if word in PASSING:
        raise TryLater(f"Slack is busy ({word}).", code=f"slack_{word}", answered=200)
    raise Undeliverable(
        f"Slack refused the message ({word}).", code=f"slack_{word}", answered=200, is_gone=word in GONE
    )
