"""Every failure shape of the KIS API turned into an SDK error (codes from the portal's error list)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from integrations.sdk import AuthError, ConnectorError, RateLimited, Rejected, Unavailable

TOKEN_REFUSED = {"EGW00121", "EGW00123"}
TOKEN_TOO_OFTEN = "EGW00133"  # noqa: S105
TOO_MANY_REQUESTS = "EGW00201"
WRONG_KEYS = {"EGW00103", "EGW00105", "EGW02004"}
GATEWAY_FAILURE = "EGW00300"
NO_HITS = "MCA05918"


class TokenRefused(AuthError):
    """The access token is expired or unknown: issue a new one once, then give up."""

    code = "kis_token_refused"


class TokenTooOften(RateLimited):
    """A token was issued less than a minute ago."""

    code = "kis_token_too_often"


@dataclass(frozen=True, slots=True)
class Problem:
    """One refused call, read from whichever of the envelopes the upstream used."""

    status: int
    code: str
    message: str


def problem_of(status: int, body: Any) -> Problem | None:
    """The problem in a decoded body, None when the call succeeded; raises `Unavailable` for an unknown shape.

    Failures arrive as HTTP 200 and as 4xx/5xx with the same JSON, so the body decides before the status does.
    """
    if not isinstance(body, dict):
        raise Unavailable("KIS answered with something other than a JSON object.", code="kis_malformed")
    if "error_code" in body:
        return Problem(status, str(body["error_code"]).strip(), str(body.get("error_description", "")).strip())
    if "rt_cd" in body:
        if str(body["rt_cd"]).strip() == "0":
            return None
        return Problem(status, str(body.get("msg_cd", "")).strip(), str(body.get("msg1", "")).strip())
    if status >= 400:
        return Problem(status, "", str(body.get("message", "")).strip())
    if "access_token" in body:
        return None
    raise Unavailable("KIS answered without a result code.", code="kis_malformed")


def error_of(problem: Problem, secrets: list[str]) -> ConnectorError:
    """The error for a problem; `secrets` are removed from the upstream's own words before they are shown."""
    code, said = problem.code, clean(problem.message, secrets)
    details = {"upstream_code": code or None, "http_status": problem.status}
    if code in TOKEN_REFUSED:
        return TokenRefused("KIS does not accept the access token.", details=details)
    if code == TOKEN_TOO_OFTEN:
        return TokenTooOften(
            "KIS issues one access token a minute for each app key.",
            remedy="Wait a minute. A program elsewhere that uses the same app key should get a key of its own.",
            retry_after=60,
            details=details,
        )
    if code == TOO_MANY_REQUESTS:
        return RateLimited(
            "KIS refuses more requests in this second.", code="kis_too_many_requests", retry_after=1, details=details
        )
    if code in WRONG_KEYS:
        return AuthError(
            "KIS does not accept the app key or secret.",
            code="kis_wrong_keys",
            remedy="Check the app key and secret, and that they belong to the real (not the mock) service.",
            details=details,
        )
    if code == GATEWAY_FAILURE or (not code and problem.status >= 500):
        return Unavailable("The KIS gateway failed.", code="kis_gateway", details=details)
    if problem.status in (401, 403):
        return AuthError(f"KIS refuses the credential{said}.", code="kis_refused", details=details)
    if problem.status == 429:
        return RateLimited("KIS asks to slow down.", code="kis_too_many_requests", retry_after=1, details=details)
    return Rejected(f"KIS refused the request{said}.", code="kis_rejected", details=details)


def clean(message: str, secrets: list[str]) -> str:
    """The upstream's words fit for an answer: no secret, no long token-like run, one line, bounded."""
    for secret in secrets:
        message = message.replace(secret, "…")
    message = re.sub(r"[A-Za-z0-9+/=_.\-]{24,}", "…", " ".join(message.split()))[:160].rstrip(" .")
    return f": {message}" if message else " and gave no reason"
