"""Cursor pages for the API: stable under inserts, no counting of large tables."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response

from portal.common.errors import FieldProblem, Invalid

_START_AGAIN = "Take `next` or `previous` of an answer as it is, or start without a cursor."


def _bad_cursor() -> Invalid:
    problem = FieldProblem("cursor", "This is no cursor of this list.", _START_AGAIN)
    return Invalid("The page cannot be found.", problems=[problem])


class CursorPages(CursorPagination):
    """`?cursor=…&limit=…&ordering=…`; newest first. UUIDv7 keys sort by time."""

    ordering = "-id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"

    def get_page_size(self, request: Any) -> int:
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return int(self.page_size)
        if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= self.max_page_size):
            problem = FieldProblem("limit", "This is no size of a page.", f"Use 1 to {self.max_page_size}.")
            raise Invalid("The query is wrong.", problems=[problem])
        return int(text)

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        columns: dict[str, str] = dict(getattr(view, "orderings", {}))
        text = request.query_params.get("ordering")
        if text is None or not columns:
            ordering = getattr(view, "default_ordering", self.ordering)
            return (ordering,) if isinstance(ordering, str) else tuple(ordering)
        column = columns.get(text.removeprefix("-"))
        if column is None:
            names = ", ".join(f"{name}, -{name}" for name in columns)
            problem = FieldProblem("ordering", "This order is not offered.", f"Use one of: {names}.")
            raise Invalid("The query is wrong.", problems=[problem])
        sign = "-" if text.startswith("-") else ""
        # The key makes the order of equal values certain.
        return (f"{sign}{column}",) if column == "id" else (f"{sign}{column}", f"{sign}id")

    def decode_cursor(self, request: Any) -> Any:
        try:
            return super().decode_cursor(request)
        except NotFound:
            raise _bad_cursor() from None

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any] | None:
        try:
            page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError, TypeError, DataError):
            if request.query_params.get(self.cursor_query_param) is None:
                raise
            # The position inside the cursor was made by somebody else.
            raise _bad_cursor() from None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link(), "previous": self.get_previous_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": link, "previous": link},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        found = [
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "Where to go on: the cursor inside `next` or `previous` of the last answer",
            },
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size},
                "description": "Rows in a page",
            },
        ]
        if columns := list(getattr(view, "orderings", {})):
            names = [name for column in columns for name in (column, f"-{column}")]
            found.append(
                {
                    "name": "ordering",
                    "in": "query",
                    "schema": {"type": "string", "enum": names},
                    "description": "Order of the rows; `-` in front reverses it",
                }
            )
        return found
