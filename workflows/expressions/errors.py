"""What can be wrong with an expression, before or while it is evaluated."""

from __future__ import annotations

from typing import Any

from portal.common.errors import PortalError


class ExpressionError(PortalError):
    """Base of expression errors; the message names the expression's part, never a value."""

    code = "expression_failed"
    status = 422


class ExpressionSyntaxError(ExpressionError):
    """The expression cannot be read. `position` is the character offset in the whole parameter text, from 0."""

    code = "expression_syntax"

    def __init__(self, message: str, *, position: int = 0, **extra: Any) -> None:
        super().__init__(message, **extra)
        self.position = position


class MissingPath(ExpressionError):
    """A path leads nowhere: the message says which part is missing and what exists there."""

    code = "missing_path"

    def __init__(self, message: str, *, path: str = "", absent: bool = False, **extra: Any) -> None:
        super().__init__(message, **extra)
        self.path = path
        #: The path starts at a node that did not run, so there is nothing wrong with the path itself.
        self.absent = absent
