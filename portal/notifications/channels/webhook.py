"""Signed webhooks after the Standard Webhooks specification 1.0.0 (https://www.standardwebhooks.com).

The receiver computes HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>` with the base64 part of its
`whsec_…` secret; docs/users/notifications.md shows how.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as random
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

import orjson

from portal.notifications.channels.base import Address, Item, Message, client, judge, wrong
from portal.notifications.models import Channel

PREFIX = "whsec_"
MAX_URL = 1000


def new_secret() -> str:
    """A signing secret: 32 random bytes."""
    return PREFIX + base64.b64encode(random.token_bytes(32)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def payload(message: Message) -> dict[str, Any]:
    """The body: one event under `data`, or several under `data.events` of a digest."""
    items = [_item(item) for item in message.items]
    newest = max(item.at for item in message.items)
    base = {"timestamp": newest.isoformat(), "workspace": {"id": str(message.workspace_id), "name": message.workspace}}
    if len(items) == 1:
        return {"type": items[0]["topic"], **base, "data": items[0]}
    return {"type": "digest", **base, "data": {"count": message.count, "events": items}}


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": str(item.id),
        "topic": item.topic,
        "severity": item.severity,
        "title": item.title,
        "body": item.body,
        "url": item.url,
        "at": item.at.isoformat(),
        "details": dict(item.data),
    }


class Webhook:
    channel: ClassVar[str] = Channel.WEBHOOK
    needs_code: ClassVar[bool] = False

    def check(self, values: Mapping[str, Any]) -> Address:
        url, secret = str(values.get("url", "")).strip(), str(values.get("secret", "")).strip()
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname or len(url) > MAX_URL:
            raise wrong("url", "This is no web address.", "Write it as https://host/path.")
        if parts.username or parts.password:
            raise wrong("url", "The address holds a password.", "Let the receiver check the signature instead.")
        if secret:
            try:
                is_long = len(base64.b64decode(secret.removeprefix(PREFIX), validate=True)) >= 24
            except (binascii.Error, ValueError):
                is_long = False
            if not secret.startswith(PREFIX) or not is_long:
                raise wrong("secret", "This is no signing secret.", "Leave it empty to get one: whsec_ and 24+ bytes.")
        return Address({"url": url, "secret": secret or new_secret()}, parts.hostname, url)

    async def send(self, message: Message, secrets: Mapping[str, str], *, egress: Sequence[str] | None) -> int | None:
        body = orjson.dumps(payload(message))
        moment = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(message.id),
            "webhook-timestamp": str(moment),
            "webhook-signature": sign(secrets["secret"], str(message.id), moment, body),
        }
        async with client(egress=egress) as http:
            response = await http.post(secrets["url"], content=body, headers=headers)
        return judge(response, "The receiver")
