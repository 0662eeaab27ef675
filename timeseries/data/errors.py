"""Errors about time-series input, in words a person can act on. Imports nothing heavy: the web process uses it."""

from __future__ import annotations


class DataProblem(ValueError):
    """Input that cannot be used as it stands: names the place (field, row, column) and the remedy."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str = "data",
        row: int | None = None,
        column: str | int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.row = row
        self.column = column

    def as_dict(self) -> dict[str, object]:
        """The problem as JSON-ready fields, without the empty ones."""
        fields = {
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "row": self.row,
            "column": self.column,
        }
        return {name: value for name, value in fields.items() if value is not None}


class TrainingCancelled(Exception):
    """The caller asked a running fit to stop."""


class ArtefactProblem(Exception):
    """A stored model is missing, damaged, altered or from an unknown version."""
