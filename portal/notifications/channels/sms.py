"""Text messages through a provider; Solapi (https://docs.solapi.com) is the one that is built in.

The operator holds the contract and pays, so its keys are settings; a destination is a number that confirmed itself.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets as random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

from portal.common.upstreams import Site, site
from portal.notifications.channels.base import Address, Message, TryLater, Undeliverable, client, judge, wrong
from portal.notifications.models import Channel
from portal.notifications.sandbox import API_KEY, API_SECRET, SENDER
from portal.settings.env import env

#: Korean mobile numbers, as 010…, 011… or +82 10…
_MOBILE = re.compile(r"01[016789]\d{7,8}\Z")
#: Longer texts go as LMS, which holds 2,000 bytes in EUC-KR.
MAX_BYTES = 1_900
#: Solapi's codes of numbers that will never receive: wrong form, not in use, refused by the person.
_GONE = {"1062", "2230", "3041", "3059"}


class SmsProvider(Protocol):
    """Who carries text messages."""

    async def send(self, to: str, text: str) -> int:
        """Send one message; the HTTP status of its acceptance."""


class Solapi:
    """`POST /messages/v4/send-many/detail`, signed by HMAC-SHA256 over date and salt."""

    def __init__(self, place: Site, key: str, secret: str, sender: str) -> None:
        self.place, self._key, self._secret, self.sender = place, key, secret, sender

    def authorization(self, date: str, salt: str) -> str:
        """The Authorization header for this date (ISO 8601) and salt."""
        signature = hmac.new(self._secret.encode(), f"{date}{salt}".encode(), hashlib.sha256).hexdigest()
        return f"HMAC-SHA256 apiKey={self._key}, date={date}, salt={salt}, signature={signature}"

    async def send(self, to: str, text: str) -> int:
        headers = {"Authorization": self.authorization(datetime.now(UTC).isoformat(), random.token_hex(16))}
        body = {"messages": [{"to": to, "from": self.sender, "text": text}]}
        async with client(trusted_url=self.place.trusted_url) as http:
            response = await http.post(
                f"{self.place.base_url}/messages/v4/send-many/detail", json=body, headers=headers
            )
        status = judge(response, "Solapi")
        try:
            failed = response.json().get("failedMessageList") or []
        except ValueError:
            raise TryLater("Solapi answered something unreadable.", code="sms_unreadable") from None
        if failed:
            code = str(failed[0].get("statusCode", ""))[:8]
            raise Undeliverable(
                f"Solapi refused the number ({code}).", code=f"sms_{code}", answered=status, is_gone=code in _GONE
            )
        return status


def provider() -> SmsProvider:
    """The operator's provider; `Undeliverable` when none is set up."""
    place = site("solapi", live="https://api.solapi.com", sandbox="/solapi", custom=env().solapi_base_url)
    key, secret, sender = env().solapi_api_key, env().solapi_api_secret, env().solapi_sender
    if place.mode == "sandbox":
        key, secret, sender = key or API_KEY, secret or API_SECRET, sender or SENDER
    if not (key and secret and sender):
        raise Undeliverable(
            "Text messages are not set up here.",
            code="sms_not_set_up",
            remedy="Ask the operator to set SOLAPI_API_KEY, SOLAPI_API_SECRET and SOLAPI_SENDER.",
        )
    return Solapi(place, key, secret, sender)


def shorten(text: str, limit: int = MAX_BYTES) -> str:
    """The text within so many bytes of EUC-KR, in which the networks count; unknown characters count two."""
    used = 0
    for index, character in enumerate(text):
        used += len(character.encode("euc-kr", "ignore")) or 2
        if used > limit:
            return text[: max(0, index - 1)] + "…"
    return text


class Sms:
    channel: ClassVar[str] = Channel.SMS
    needs_code: ClassVar[bool] = True

    def check(self, values: Mapping[str, Any]) -> Address:
        number = re.sub(r"[^\d+]", "", str(values.get("phone", "")))
        number = re.sub(r"\A(\+82|0082)0?", "0", number)
        if not _MOBILE.match(number):
            raise wrong("phone", "This is no Korean mobile number.", "Write it as 010-1234-5678.")
        return Address({"phone": number}, f"{number[:3]}-****-{number[-4:]}", number)

    async def send(self, message: Message, secrets: Mapping[str, str], *, egress: Sequence[str] | None) -> int | None:
        return await provider().send(secrets["phone"], text_of(message))


def text_of(message: Message) -> str:
    """The message in a few lines; a digest names each title."""
    lines = [f"[{message.workspace}] {message.title}"]
    if len(message.items) == 1:
        lines += [message.items[0].body, message.items[0].url]
    else:
        lines += [f"- {item.title}" for item in message.items]
    return shorten("\n".join(line for line in lines if line))
