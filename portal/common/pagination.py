"""Cursor pages for the API: stable under inserts, no counting of large tables, right among equal values."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DataError
from django.db.models import Model, Q
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from portal.common.errors import FieldProblem, Invalid

_START_AGAIN = "Take `next` or `previous` of an answer as it is, or start without a cursor."
MAX_CURSOR = 2000


def _bad_cursor() -> Invalid:
    problem = FieldProblem("cursor", "This is no cursor of this list.", _START_AGAIN)
    return Invalid("The page cannot be found.", problems=[problem])


@dataclass(frozen=True, slots=True)
class Place:
    """The row beside which a page begins: its value in each column of the order; `back`: the page before it."""

    values: tuple[str | None, ...]
    back: bool = False

    def as_cursor(self) -> str:
        return urlsafe_b64encode(json.dumps([self.back, *self.values]).encode()).decode().rstrip("=")

    @classmethod
    def of_cursor(cls, text: str, columns: int) -> Place:
        """`Invalid` for everything that this product did not make."""
        try:
            if len(text) > MAX_CURSOR:
                raise ValueError("too long")
            found = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, RecursionError):
            raise _bad_cursor() from None
        is_ours = isinstance(found, list) and len(found) == columns + 1 and isinstance(found[0], bool)
        if not is_ours or not all(value is None or isinstance(value, str) for value in found[1:]):
            raise _bad_cursor()
        return cls(tuple(found[1:]), back=found[0])

    @classmethod
    def of_row(cls, row: Any, ordering: tuple[str, ...], *, back: bool) -> Place:
        values = (_value(row, column.removeprefix("-")) for column in ordering)
        return cls(tuple(None if value is None else str(value) for value in values), back)


def _value(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = row.get(name) if isinstance(row, dict) else getattr(row, name)
    return row


def _reversed(ordering: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(column[1:] if column.startswith("-") else f"-{column}" for column in ordering)


def _may_be_null(model: type[Model], path: str) -> bool:
    """Whether the column may hold nothing; what is no field of the model is computed, and asked for plainly."""
    field: Any = None
    for name in path.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return False
        model = getattr(field, "related_model", None) or model
    return bool(getattr(field, "null", False))


def _beyond(model: type[Model], column: str, value: str | None) -> Q:
    """Rows behind the value in the order of one column. PostgreSQL puts nothing last, and first in reverse."""
    is_down, path = column.startswith("-"), column.removeprefix("-")
    if value is None:
        return Q(**{f"{path}__isnull": False}) if is_down else Q(pk__in=[])
    behind = Q(**{f"{path}__{'lt' if is_down else 'gt'}": value})
    return behind if is_down or not _may_be_null(model, path) else behind | Q(**{f"{path}__isnull": True})


def _behind(model: type[Model], ordering: tuple[str, ...], values: tuple[str | None, ...]) -> Q:
    """Rows behind the place: behind in the first column, or equal there and behind in the next."""
    found = Q()
    equal = Q()
    for column, value in zip(ordering, values, strict=True):
        found |= equal & _beyond(model, column, value)
        path = column.removeprefix("-")
        equal &= Q(**({f"{path}__isnull": True} if value is None else {path: value}))
    first, value = ordering[0], values[0]
    if len(ordering) > 1 and value is not None and not _may_be_null(model, first.removeprefix("-")):
        # Says nothing new, but an index on the first column can begin there.
        path = first.removeprefix("-")
        found &= Q(**{f"{path}__{'lte' if first.startswith('-') else 'gte'}": value})
    return found


class CursorPages(BasePagination):
    """`?cursor=…&limit=…&ordering=…`; newest first. UUIDv7 keys sort by time."""

    ordering = "-id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    cursor_query_param = "cursor"

    _url = ""
    _next: Place | None = None
    _previous: Place | None = None

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

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        size, ordering = self.get_page_size(request), self.get_ordering(request, queryset, view)
        self._url = request.build_absolute_uri()
        text = request.query_params.get(self.cursor_query_param)
        place = Place.of_cursor(text, len(ordering)) if text is not None else None
        is_back = place is not None and place.back
        direction = _reversed(ordering) if is_back else ordering
        try:
            found = queryset.order_by(*direction)
            if place is not None:
                found = found.filter(_behind(queryset.model, direction, place.values))
            rows = list(found[: size + 1])
        except (ValidationError, ValueError, TypeError, DataError):
            if place is None:
                raise
            # The position inside the cursor was made by somebody else.
            raise _bad_cursor() from None
        is_more, rows = len(rows) > size, rows[:size]
        if is_back:
            rows.reverse()
        # Where a page comes from, there is always another one: that of the row it begins beside.
        if rows and (is_more or is_back):
            self._next = Place.of_row(rows[-1], ordering, back=False)
        if rows and (is_more if is_back else place is not None):
            self._previous = Place.of_row(rows[0], ordering, back=True)
        return rows

    def _link(self, place: Place | None) -> str | None:
        if place is None:
            return None
        found: str = replace_query_param(self._url, self.cursor_query_param, place.as_cursor())
        return found

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self._link(self._next), "previous": self._link(self._previous)})

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
