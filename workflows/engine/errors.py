"""Why a node or a run failed, in a form that may be shown, stored and sent."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.common.errors import Invalid, PortalError


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure without anything secret in it: `node` is the path of the node, `code` the stable cause."""

    code: str
    message: str
    remedy: str = ""
    node: str | None = None
    retryable: bool = False
    retry_after: float | None = None
    problems: tuple[dict[str, str], ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data; this is also what `error` holds in an error branch."""
        data: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "node": self.node,
            "retryable": self.retryable,
        }
        if self.retry_after is not None:
            data["retry_after"] = self.retry_after
        if self.problems:
            data["problems"] = [dict(problem) for problem in self.problems]
        if self.details:
            data["details"] = dict(self.details)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Failure:
        return cls(
            code=data.get("code", "error"),
            message=data.get("message", ""),
            remedy=data.get("remedy", ""),
            node=data.get("node"),
            retryable=bool(data.get("retryable")),
            retry_after=data.get("retry_after"),
            problems=tuple(data.get("problems") or ()),
            details=data.get("details") or {},
        )


class RunError(PortalError):
    """Raised inside the engine to fail a node with a code of the engine's own."""

    code = "run_error"
    status = 422


class NodeTimeout(RunError):
    """The node took longer than it may; trying again can help."""

    code = "node_timeout"
    status = 504
    retryable = True


class InvalidInput(RunError, Invalid):
    """The run's input does not fit the workflow's inputs."""

    code = "invalid_input"


def failure_of(error: BaseException, node: str | None) -> Failure:
    """The failure to show for an exception. The text of an unexpected one never gets out: see `debug_of`."""
    if isinstance(error, PortalError):
        return Failure(
            code=error.error_code,
            message=error.message,
            remedy=error.remedy,
            node=node,
            retryable=error.retryable,
            retry_after=error.retry_after,
            problems=tuple(problem.as_dict() for problem in error.problems),
            details=error.details,
        )
    return Failure(
        code="internal_error",
        message="Something unexpected went wrong inside this step.",
        remedy="Try again; if it stays, tell the operator the execution's number.",
        node=node,
    )


def debug_of(error: BaseException) -> dict[str, Any] | None:
    """For the journal's debug level only: what an unexpected exception was and where it arose."""
    if isinstance(error, PortalError):
        return None
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return {
        "exception": type(error).__name__,
        "text": str(error)[:2_000],
        "trace": [f"{frame.filename.rsplit('/', 3)[-1]}:{frame.lineno} {frame.name}" for frame in frames],
    }
