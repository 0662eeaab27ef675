"""The one error hierarchy of the product, translated once at each edge (REST, MCP, page, socket, task)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class Words:
    """How a sentence is said to whoever reads it. The product sets this to the reader's language; packages that
    know no reader leave it in English."""

    def __init__(self) -> None:
        self.say: Callable[[str], str] = str


words = Words()


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field, and what the person can do about it."""

    field: str
    message: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"field": self.field, "message": self.message, "remedy": self.remedy}

    def __str__(self) -> str:
        message = words.say(self.message)
        text = f"{self.field}: {message}" if self.field else message
        return f"{text} {words.say(self.remedy)}".strip()


class PortalError(Exception):
    """Base of every expected error. `message` is fit for the person and holds nothing secret."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        remedy: str = "",
        problems: Sequence[FieldProblem] = (),
        retry_after: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = code or self.code
        self.remedy = remedy
        self.problems = tuple(problems)
        self.retry_after = retry_after
        self.details = dict(details or {})

    def explain(self) -> str:
        """The message, its field problems and the remedy as one readable text."""
        lines = [words.say(self.message), *(f"- {problem}" for problem in self.problems)]
        if self.remedy:
            lines.append(words.say(self.remedy))
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for a problem+json body, an event or an MCP error."""
        data: dict[str, Any] = {"code": self.error_code, "message": self.message, "retryable": self.retryable}
        if self.remedy:
            data["remedy"] = self.remedy
        if self.problems:
            data["problems"] = [problem.as_dict() for problem in self.problems]
        if self.retry_after is not None:
            data["retry_after"] = self.retry_after
        if self.details:
            data["details"] = self.details
        return data


class NotFound(PortalError):
    """The thing does not exist, or the asker may not know that it does."""

    code = "not_found"
    status = 404


class PermissionDenied(PortalError):
    """The person is known and the thing is visible, but this act is not allowed."""

    code = "permission_denied"
    status = 403


class NotAuthenticated(PortalError):
    code = "not_authenticated"
    status = 401


class Invalid(PortalError):
    """The input is wrong; `problems` names each field and its remedy."""

    code = "invalid"
    status = 422


class Conflict(PortalError):
    """Somebody else changed the thing first, or its state does not allow the act."""

    code = "conflict"
    status = 409


class TooLarge(PortalError):
    code = "too_large"
    status = 413


class LimitReached(PortalError):
    """A rate limit or quota of ours is used up; `retry_after` is in seconds."""

    code = "limit_reached"
    status = 429
    retryable = True


class Unready(PortalError):
    """A part of the product that this act needs does not answer just now."""

    code = "unready"
    status = 503
    retryable = True
