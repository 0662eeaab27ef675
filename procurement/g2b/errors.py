"""What can go wrong when asking 조달청, and how each result code of the portal is to be answered.

Code meanings: the portal's common error table and the OpenAPI guides of 조달청 (1.0–1.3, 2025–2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from integrations.sdk.errors import AuthError, ConnectorError, RateLimited, Rejected, Unavailable


class KeyRefused(AuthError):
    """The service key is missing, unknown, expired, suspended, or not applied for at this service. Stop."""

    code = "g2b_key_refused"


class QuotaExhausted(RateLimited):
    """The daily number of calls of this operation is used up: stop the job, keep the cursor, go on tomorrow."""

    code = "g2b_quota_exhausted"
    retryable = False


class TooFast(RateLimited):
    """Too many calls in this second: wait, lower the concurrency, repeat."""

    code = "g2b_too_fast"


class RangeTooWide(Rejected):
    """The window is too long or the page too big: split it. Never an empty answer."""

    code = "g2b_range_too_wide"


class BadRequest(Rejected):
    """A parameter is missing or malformed: repeating the call cannot help."""

    code = "g2b_bad_request"


class UnknownService(Rejected):
    """The path does not exist (any more): the base paths changed."""

    code = "g2b_unknown_service"


class ProviderFault(Unavailable):
    """The provider or the gateway failed: repeating the call can help."""

    code = "g2b_provider_fault"


class Unreadable(Unavailable):
    """The body is none of the known shapes (cut off, a maintenance page, an empty body)."""

    code = "g2b_unreadable"


Reaction = Literal["ok", "empty", "retry", "slow_down", "split", "fix", "stop", "stop_today"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """One result code: what it says, what the client does, which error the caller sees."""

    code: str
    text: str
    reaction: Reaction
    error: type[ConnectorError] | None = None
    remedy: str = ""


_APPLY = (
    "Check the key, and that its owner applied (활용신청) for this very service on data.go.kr; it can take 2 hours."
)
_FIX = "Correct the named parameter; the same call would be refused again."


class Codes:
    """The table of result codes."""

    ALL: ClassVar[dict[str, Meaning]] = {
        meaning.code: meaning
        for meaning in (
            Meaning("00", "normal", "ok"),
            Meaning("01", "application error at the provider", "retry", ProviderFault),
            Meaning("02", "database error at the provider", "retry", ProviderFault),
            Meaning("03", "no data", "empty"),
            Meaning("04", "HTTP error at the provider", "retry", ProviderFault),
            Meaning("05", "the provider timed out", "retry", ProviderFault),
            Meaning("06", "a date is malformed", "fix", BadRequest, _FIX),
            Meaning("07", "window too long or page too big", "split", RangeTooWide, "Ask for a shorter period."),
            Meaning("08", "a required parameter is missing", "fix", BadRequest, _FIX),
            Meaning("10", "a parameter (or a header) is not accepted", "fix", BadRequest, _FIX),
            Meaning("11", "a required parameter is missing", "fix", BadRequest, _FIX),
            Meaning("12", "no such service, or it is retired", "fix", UnknownService, "Update the service path."),
            Meaning("20", "access denied", "stop", KeyRefused, _APPLY),
            Meaning("21", "the key is suspended for now", "stop", KeyRefused, "Ask the data portal to lift it."),
            Meaning("22", "the daily number of calls is used up", "stop_today", QuotaExhausted, "Resume tomorrow."),
            Meaning("23", "too many calls per second", "slow_down", TooFast),
            Meaning("29", "this IP address is blocked", "stop", KeyRefused, "Ask the data portal to unblock it."),
            Meaning("30", "the key is not registered", "stop", KeyRefused, _APPLY),
            Meaning("31", "the key has expired", "stop", KeyRefused, "Extend the use period on data.go.kr."),
            Meaning("32", "this domain or IP is not registered", "stop", KeyRefused, "Register it on data.go.kr."),
            Meaning("99", "other error", "retry", ProviderFault),
        )
    }

    #: Plain-text answers of the gateway, lower case, and the code they stand for.
    PLAIN: ClassVar[dict[str, str]] = {
        "unauthorized": "30",
        "forbidden": "20",
        "api not found": "12",
        "api rate limit exceeded": "23",
        "api token quota exceeded": "22",
        "error forwarding request to backend server": "04",
        "error receiving response from backend server": "04",
        "unexpected error": "99",
        "unexpected errors": "99",
        "unexpected error(s)": "99",
    }

    #: Words of `returnAuthMsg`, for answers whose reason code is missing or not a number.
    WORDS: ClassVar[dict[str, str]] = {
        "SERVICE_KEY_IS_NULL": "20",
        "SERVICE_ACCESS_DENIED_ERROR": "20",
        "TEMPORARILY_DISABLE_THE_SERVICEKEY_ERROR": "21",
        "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR": "22",
        "LIMITED_NUMBER_OF_SERVICE_REQUESTS_PER_SECOND_EXCEEDS_ERROR": "23",
        "SERVICE_KEY_IS_NOT_REGISTERED_ERROR": "30",
        "DEADLINE_HAS_EXPIRED_ERROR": "31",
        "UNREGISTERED_IP_ERROR": "32",
        "NO_OPENAPI_SERVICE_ERROR": "12",
        "INVALID_REQUEST_PARAMETER_ERROR": "10",
        "NO_MANDATORY_REQUEST_PARAMETERS_ERROR": "11",
    }


def meaning_of(code: str) -> Meaning:
    """The meaning of a code; an unknown one counts as 99."""
    return Codes.ALL.get(code) or Meaning(code, f"unknown result code {code}", "retry", ProviderFault)


def error_for(code: str, message: str, *, operation: str = "", retry_after: float | None = None) -> ConnectorError:
    """The error to raise for a refusing code, with the upstream's own words."""
    meaning = meaning_of(code)
    kind = meaning.error or ProviderFault
    where = f"{operation}: " if operation else ""
    words = f" ({message})" if message and message.lower() not in meaning.text else ""
    return kind(
        f"{where}{meaning.text}{words}, code {code}.",
        remedy=meaning.remedy,
        retry_after=retry_after,
        details={"operation": operation, "reason_code": code},
    )
