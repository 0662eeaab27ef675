"""Turning an upstream's HTTP answers into the SDK's errors, the same way for every connector."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from integrations.sdk.errors import (
    AuthError,
    ConnectorError,
    FieldProblem,
    InvalidParams,
    RateLimited,
    Rejected,
    Unavailable,
)

if TYPE_CHECKING:
    import httpx2

_FULL_ADDRESS = re.compile(r"https?://[^/?#]", re.IGNORECASE)
_OWN_PATH = re.compile(r"/(?!/)")
#: Statuses of a busy or broken server, besides all of 5xx.
_TRY_LATER = frozenset({408, 421, 423, 425})
_LONGEST_DETAIL = 300


def retry_after_of(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds to wait as told by `Retry-After` (a number or a date), None when absent or unreadable."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return None
    return max(0.0, moment - (time.time() if now is None else now))


def error_for_status(
    status: int, *, service: str, headers: Mapping[str, str] | None = None, detail: str = ""
) -> ConnectorError:
    """The error for an HTTP status of at least 400; `detail` is the upstream's own short reason."""
    headers = headers or {}
    reason = f" {service} says: {' '.join(detail.split())[:_LONGEST_DETAIL]}" if detail.strip() else ""
    if status == 401:
        return AuthError(
            f"{service} does not accept the credential.{reason}", remedy="Check the connection, or sign in again."
        )
    if status == 403:
        return AuthError(
            f"{service} does not allow this with the chosen credential.{reason}",
            code="not_allowed",
            remedy="Use a connection with the needed rights.",
        )
    if status == 429:
        return RateLimited(f"{service} asks to slow down.{reason}", retry_after=retry_after_of(headers))
    if status >= 500 or status in _TRY_LATER:
        return Unavailable(
            f"{service} has a problem (HTTP {status}).{reason}",
            remedy="Try again later.",
            retry_after=retry_after_of(headers),
        )
    if status in (404, 410):
        return Rejected(f"{service} does not know this thing (HTTP {status}).{reason}", code="upstream_not_found")
    if status in (409, 412):
        return Rejected(f"{service} reports a conflict (HTTP {status}).{reason}", code="upstream_conflict")
    return Rejected(f"{service} refuses the request (HTTP {status}).{reason}")


def check_response(response: httpx2.Response, *, service: str, detail: str = "") -> httpx2.Response:
    """The response itself when it is a success; raises the SDK's error otherwise."""
    if response.status_code < 400:
        return response
    raise error_for_status(response.status_code, service=service, headers=response.headers, detail=detail)


def read_json(response: httpx2.Response, *, service: str) -> Any:
    """The JSON of a response; a body that is none is `Unavailable`, because gateways answer with pages when down."""
    try:
        return response.json()
    except ValueError:
        raise Unavailable(
            f"{service} did not answer with JSON.", code="broken_answer", remedy="Try again later."
        ) from None


def require_address(url: str, base_url: str = "", *, field: str = "url") -> str:
    """The address a person typed, when it is complete; a path is one only where there is a base URL."""
    if _FULL_ADDRESS.match(url) or (base_url and _OWN_PATH.match(url)):
        return url
    problem = FieldProblem(field, "This is not a full address.", "Start it with https://.")
    raise InvalidParams("The address is not complete.", problems=[problem])
