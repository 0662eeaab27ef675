"""Small helpers for REST views: bodies parsed by serializers, ETags of drafts, the Idempotency-Key header."""

from __future__ import annotations

from typing import Any, TypeVar

from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from portal.common.errors import FieldProblem, Invalid, PortalError

S = TypeVar("S", bound=BaseSerializer[Any])
MAX_KEY = 120


class PreconditionFailed(PortalError):
    """The thing is not in the state that the caller last saw."""

    code = "precondition_failed"
    status = 412


class PreconditionRequired(PortalError):
    """The caller must say which state it last saw."""

    code = "precondition_required"
    status = 428


def body_of(request: Request, serializer: type[S]) -> dict[str, Any]:
    """The validated body; `Invalid` names each wrong field."""
    if not isinstance(request.data, dict):
        raise Invalid("The body must be a JSON object.", problems=[FieldProblem("", "Send a JSON object.")])
    parsed = serializer(data=request.data)
    known = set(parsed.fields)  # type: ignore[attr-defined]
    if unknown := sorted(set(request.data) - known):
        names = ", ".join(sorted(known))
        problems = [FieldProblem(name, "This field is not known.", f"Known fields are: {names}.") for name in unknown]
        raise Invalid("The body has unknown fields.", problems=problems)
    parsed.is_valid(raise_exception=True)
    values: dict[str, Any] = parsed.validated_data
    return values


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key header, bound to its sender."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not key.strip() or len(key) > MAX_KEY or not key.isascii():
        problem = FieldProblem("Idempotency-Key", "The key is empty or too long.", f"Use 1 to {MAX_KEY} characters.")
        raise Invalid("The idempotency key cannot be used.", problems=[problem])
    return f"api:{request.user.pk}:{key}"


def etag(revision: int) -> str:
    return f'"{revision}"'


def revision_from(request: Request) -> int:
    """The revision named by If-Match; without it, the caller would overwrite blindly."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired(
            "Say which state of the draft you change.", remedy="Send the ETag of the draft you read as If-Match."
        )
    text = header.removeprefix("W/").strip('"')
    if not text.isdigit():
        raise PreconditionFailed("This If-Match names no state of the draft.", remedy="Read the draft again.")
    return int(text)
