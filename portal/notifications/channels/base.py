"""What every channel shares: the message, the errors, and how an HTTP answer is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

import httpx2

from portal.common import http
from portal.common.errors import FieldProblem, Invalid, PortalError

BUDGET = http.Budget(total=20.0, connect=5.0, read=15.0, max_bytes=256 * 1024)


class Undeliverable(PortalError):
    """Trying again cannot help. `is_gone`: the destination itself does not exist any more."""

    code = "refused"
    status = 422

    def __init__(self, message: str, *, answered: int | None = None, is_gone: bool = False, **options: Any) -> None:
        super().__init__(message, **options)
        self.answered, self.is_gone = answered, is_gone


class TryLater(PortalError):
    """The other side is away or busy; `retry_after` in seconds is its own wish."""

    code = "away"
    status = 503
    retryable = True

    def __init__(self, message: str, *, answered: int | None = None, **options: Any) -> None:
        super().__init__(message, **options)
        self.answered = answered


@dataclass(frozen=True, slots=True)
class Item:
    """One event in the reader's language; `url` is a whole address or empty."""

    id: UUID
    topic: str
    topic_title: str
    severity: str
    title: str
    body: str
    url: str
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to one place: one item, or a digest of several. `id` stays the same through all attempts."""

    id: UUID
    workspace: str
    workspace_id: UUID
    language: str
    items: Sequence[Item]
    is_test: bool = False
    #: Where the reader changes what is sent.
    settings_url: str = ""
    #: How many events there are, of which a long digest carries the newest only; 0: as many as items.
    total: int = 0

    @property
    def count(self) -> int:
        """How many events it speaks of."""
        return self.total or len(self.items)

    @property
    def title(self) -> str:
        """The one item's title, or how many there are."""
        if self.count == 1:
            return self.items[0].title
        count = self.count
        return f"알림 {count}건" if self.language.startswith("ko") else f"{count} notifications"

    @property
    def severity(self) -> str:
        """The worst of the items."""
        order = ("info", "success", "warning", "critical")
        return max((item.severity for item in self.items), key=order.index, default="info")


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address: what is sealed, what may be shown, and what makes it unique."""

    secrets: dict[str, str]
    shown: str
    unique: str


class Port(Protocol):
    """A channel: checks what a person enters, and sends."""

    channel: ClassVar[str]
    #: A stranger could be written to: the address confirms itself with a code.
    needs_code: ClassVar[bool]

    def check(self, values: Mapping[str, Any]) -> Address:
        """The address in what was entered; `Invalid` names field and remedy."""

    async def send(self, message: Message, secrets: Mapping[str, str], *, egress: Sequence[str] | None) -> int | None:
        """Send, returning the HTTP status where there is one; `Undeliverable` or `TryLater` otherwise."""


def wrong(field: str, message: str, remedy: str = "") -> Invalid:
    """One field of a destination is wrong."""
    return Invalid("The destination is not complete.", problems=[FieldProblem(field, message, remedy)])


def client(*, egress: Sequence[str] | None = None, trusted_url: str = "") -> http.GuardedClient:
    """The guarded client of one delivery; it follows no redirect, since a signature belongs to one address."""
    return http.client(
        budget=BUDGET,
        egress=egress,
        trusted_url=trusted_url,
        errors=http.Errors(refused=Undeliverable, unreachable=TryLater),
    )


def judge(response: httpx2.Response, who: str) -> int:
    """The status of an accepted message; 408, 425, 429 and 5xx are worth another try, everything else is final."""
    status = response.status_code
    if 200 <= status < 300:
        return status
    if status in (408, 425, 429) or status >= 500:
        raise TryLater(
            f"{who} answered {status}.", code=f"http_{status}", answered=status, retry_after=_retry_after(response)
        )
    raise Undeliverable(f"{who} answered {status}.", code=f"http_{status}", answered=status, is_gone=status == 410)


def _retry_after(response: httpx2.Response) -> float | None:
    """Retry-After in seconds, from either of its forms (RFC 9110 §10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
