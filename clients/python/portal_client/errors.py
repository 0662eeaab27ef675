"""What can go wrong, as one error with the server's own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx2


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field of the request."""

    field: str
    message: str
    remedy: str = ""


@dataclass
class ApiError(Exception):
    """An error answer. `code` is stable; `message` and `remedy` are for people."""

    status: int
    code: str
    message: str
    remedy: str = ""
    problems: list[FieldProblem] = field(default_factory=list)
    retry_after: float | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [self.message]
        lines += [
            f"- {one.field + ': ' if one.field else ''}{one.message} {one.remedy}".rstrip() for one in self.problems
        ]
        if self.remedy:
            lines.append(self.remedy)
        return "\n".join(lines)


def from_response(response: httpx2.Response) -> ApiError:
    """The error of an answer; also of one that a proxy wrote."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    problems = [
        FieldProblem(str(one.get("field", "")), str(one.get("message", "")), str(one.get("remedy", "")))
        for one in body.get("problems", [])
    ]
    after = response.headers.get("Retry-After", "")
    return ApiError(
        status=response.status_code,
        code=str(body.get("code") or body.get("error") or f"http_{response.status_code}"),
        message=str(body.get("title") or body.get("error_description") or response.reason_phrase),
        remedy=str(body.get("remedy", "")),
        problems=problems,
        retry_after=float(after) if after.isdigit() else body.get("retry_after"),
        details=body.get("details") or {},
    )
