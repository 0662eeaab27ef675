"""Slack's Web API: every answer is HTTP 200 with `ok`, errors are words (https://docs.slack.dev/apis/web-api/)."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

from integrations.sdk import AuthError, ConnectorError, Context, RateLimited, Rejected, Unavailable
from integrations.sdk.api import JsonApi, bearer
from integrations.sdk.http import read_json, retry_after_of

if TYPE_CHECKING:
    import httpx2

_SIGN_IN = frozenset(
    [
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "org_login_required",
        "ekm_access_denied",
    ]
)
_RIGHTS = frozenset(["missing_scope", "no_permission", "access_denied", "not_allowed_token_type", "restricted_action"])
_LATER = frozenset(["internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"])
#: What a person can do about the errors met most often.
_REMEDIES = {
    "channel_not_found": "Use the channel's id (C…), and invite the app if the channel is private.",
    "not_in_channel": "Invite the app to the channel: /invite @app.",
    "is_archived": "Choose a channel that is not archived.",
    "msg_too_long": "Shorten the text to at most 40,000 characters.",
    "message_not_found": "Check the channel and the time stamp of the message.",
    "cant_update_message": "Only the app that wrote a message can change it.",
    "users_not_found": "Check the e-mail address.",
}


def explain(response: httpx2.Response) -> ConnectorError | None:
    """The error in an answer, None when it says `ok`."""
    if response.status_code == 429:
        return RateLimited("Slack asks to slow down.", retry_after=retry_after_of(response.headers))
    if response.status_code >= 400:
        return None  # by its status
    data = read_json(response, service="Slack")
    if not isinstance(data, dict) or "ok" not in data:
        return Unavailable("Slack did not answer in the documented form.", code="broken_answer")
    if data["ok"]:
        return None
    word = str(data.get("error", "unknown_error"))
    if word in _SIGN_IN:
        return AuthError(f"Slack does not accept the token ({word}).", remedy="Connect Slack again.")
    if word in _RIGHTS:
        needed = f" It needs: {data['needed']}." if data.get("needed") else ""
        return AuthError(
            f"The Slack token has no right to do this ({word}).{needed}",
            code="not_allowed",
            remedy="Connect Slack again with the missing rights.",
        )
    if word in ("ratelimited", "rate_limited"):
        return RateLimited("Slack asks to slow down.", retry_after=retry_after_of(response.headers))
    if word in _LATER:
        return Unavailable(f"Slack has a problem ({word}).", remedy="Try again later.")
    return Rejected(f"Slack refuses the request ({word}).", code=f"slack_{word}"[:64], remedy=_REMEDIES.get(word, ""))


class Slack(JsonApi):
    """The Web API with the connection's token."""

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx, "Slack", headers=bearer(ctx, "Slack"), explain=explain)

    async def read(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a reading method."""
        found: dict[str, Any] = await self.get(f"/{method}", **params)
        return found

    async def write(self, method: str, **body: Any) -> dict[str, Any]:
        """Call a writing method with a JSON body."""
        values = {name: value for name, value in body.items() if value is not None}
        found: dict[str, Any] = await self.call("POST", f"/{method}", json=values)
        return found

    async def pages(self, method: str, items: str, wanted: int, **params: Any) -> tuple[list[dict[str, Any]], bool]:
        """Items over cursor pages until there are enough, and whether those are all."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        seen: set[str] = set()
        while True:
            data = await self.read(method, limit=min(200, max(1, wanted - len(found))), cursor=cursor, **params)
            found += data.get(items, [])
            cursor = (data.get("response_metadata") or {}).get("next_cursor") or None
            if len(found) >= wanted or cursor is None:
                return found[:wanted], cursor is None and len(found) <= wanted
            if cursor in seen:
                raise Unavailable("Slack's pages lead in a circle.", code="page_loop")
            seen.add(cursor)
            await self.ctx.progress(len(found), wanted, f"{len(found)} read")


def verify_signature(
    secret: str, timestamp: str, body: bytes, signature: str, *, now: float | None = None, tolerance: float = 300.0
) -> bool:
    """Whether a request to our endpoint really comes from Slack (signing secret, version v0) and is fresh."""
    try:
        age = abs((time.time() if now is None else now) - int(timestamp))
    except ValueError:
        return False
    base = b"v0:" + timestamp.encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return age <= tolerance and hmac.compare_digest(expected.encode(), signature.encode())
