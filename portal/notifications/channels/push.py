"""Web push to browsers and installed phone apps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

import orjson
from django.conf import settings

from portal.notifications import push_crypto
from portal.notifications.channels.base import Address, Message, Undeliverable, client, judge, wrong
from portal.notifications.models import Channel
from portal.settings.env import env

#: How long the push service keeps a message for a phone that is off.
KEEP_SECONDS = 86_400
TOKEN_SECONDS = 12 * 3600
URGENCY = {"info": "normal", "success": "normal", "warning": "normal", "critical": "high"}


def vapid() -> push_crypto.Vapid:
    """This installation's key: VAPID_PRIVATE_KEY, else one derived from the signing key."""
    subject = env().vapid_subject or f"mailto:{settings.DEFAULT_FROM_EMAIL}"
    if env().vapid_private_key:
        return push_crypto.Vapid.from_text(env().vapid_private_key, subject)
    return push_crypto.Vapid.derived(settings.SECRET_KEY, subject)


def note(message: Message) -> bytes:
    """What the service worker shows; long texts are cut to fit one record."""
    item = message.items[0]
    is_single = message.count == 1
    body = item.body if is_single else "\n".join(one.title for one in message.items[:5])
    body = body[:800]
    while len(packed := _packed(message, body)) > push_crypto.MAX_PLAINTEXT:
        body = body[: len(body) // 2]
    return packed


def _packed(message: Message, body: str) -> bytes:
    item = message.items[0]
    is_single = message.count == 1
    data = {
        "title": message.title[:200],
        "body": body,
        "url": item.url if is_single else message.settings_url.rpartition("/")[0],
        "tag": str(message.id),
        "severity": message.severity,
        "language": message.language,
    }
    return orjson.dumps(data)


class Push:
    channel: ClassVar[str] = Channel.PUSH
    needs_code: ClassVar[bool] = False

    def check(self, values: Mapping[str, Any]) -> Address:
        endpoint = str(values.get("endpoint", "")).strip()
        keys = values.get("keys") if isinstance(values.get("keys"), Mapping) else {}
        p256dh, auth = str(keys.get("p256dh", "")), str(keys.get("auth", ""))  # type: ignore[union-attr]
        parts = urlsplit(endpoint)
        if parts.scheme != "https" or not parts.hostname or len(endpoint) > 1000:
            raise wrong("endpoint", "This is no push subscription.", "Send the browser's subscription as it is.")
        try:
            push_crypto.encrypt(b"", p256dh, auth)
        except ValueError:
            raise wrong("keys", "The keys of the subscription are not valid.", "Subscribe again.") from None
        return Address({"endpoint": endpoint, "p256dh": p256dh, "auth": auth}, parts.hostname, endpoint)

    async def send(self, message: Message, secrets: Mapping[str, str], *, egress: Sequence[str] | None) -> int | None:
        parts = urlsplit(secrets["endpoint"])
        key = vapid()
        headers = {
            "Authorization": key.authorization(f"{parts.scheme}://{parts.netloc}", int(time.time()) + TOKEN_SECONDS),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEEP_SECONDS),
            "Urgency": URGENCY[message.severity],
            # Resending replaces the earlier one on the phone (RFC 8030 §5.4: up to 32 characters).
            "Topic": message.id.hex,
        }
        body = push_crypto.encrypt(note(message), secrets["p256dh"], secrets["auth"])
        async with client() as http:
            response = await http.post(secrets["endpoint"], content=body, headers=headers)
        if response.status_code == 404:
            raise Undeliverable("The browser's subscription is gone.", code="http_404", answered=404, is_gone=True)
        return judge(response, "The push service")
