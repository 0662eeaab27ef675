"""Typed columns of a table: what a value may be, the form in which it is kept, and conditions on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from integrations.sdk import FieldProblem, Param
from portal.common.errors import Invalid

Kind = Literal["text", "integer", "number", "boolean", "date", "datetime", "json"]
Operator = Literal["eq", "ne", "lt", "lte", "gt", "gte", "contains", "starts_with", "in", "empty", "not_empty"]
NAME = r"^[A-Za-z가-힣][A-Za-z0-9가-힣_]{0,63}$"
MAX_COLUMNS = 60
#: Not names of columns: every row has these of its own.
RESERVED = frozenset({"id", "created_at", "updated_at"})
_LARGEST = 2**53


class Column(BaseModel):
    """A column of a table."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Param("Name of the column", "열 이름", pattern=NAME)]
    kind: Annotated[Kind, Param("What its values are", "값의 종류")] = "text"
    required: Annotated[bool, Param("Every row needs a value", "모든 행에 값 필요")] = False


class Condition(BaseModel):
    """What a row must meet."""

    model_config = ConfigDict(extra="forbid")

    column: Annotated[str, Param("Column, or id", "열 또는 id", min_length=1, max_length=64)]
    op: Annotated[Operator, Param("How to compare", "비교 방법")] = "eq"
    value: Annotated[Any, Param("What to compare with; a list for `in`", "비교할 값. in은 목록")] = Field(default=None)


def check_columns(columns: Sequence[Column]) -> None:
    """Refuse a table without columns, with too many, or with a name twice."""
    names = [column.name for column in columns]
    problems = [
        FieldProblem(f"columns[{index}].name", f"{name!r} is reserved or used twice.", "Choose another name.")
        for index, name in enumerate(names)
        if name.lower() in RESERVED or name in names[:index]
    ]
    if not names or len(names) > MAX_COLUMNS:
        problems.append(FieldProblem("columns", f"There are {len(names)}.", f"Use 1 to {MAX_COLUMNS} columns."))
    if problems:
        raise Invalid("The columns cannot be used.", problems=problems)


def typed_row(
    columns: Sequence[Column], row: Mapping[str, Any], *, field: str, partial: bool = False
) -> tuple[dict[str, Any], list[FieldProblem]]:
    """The row as it is kept, and what is wrong with it. A `partial` row changes only the columns it names."""
    known = {column.name: column for column in columns}
    problems = [
        FieldProblem(f"{field}.{name}", "The table has no such column.", f"Columns are: {', '.join(known)}.")
        for name in row
        if name not in known
    ]
    kept: dict[str, Any] = {}
    for name, column in known.items():
        if name not in row:
            if column.required and not partial:
                problems.append(FieldProblem(f"{field}.{name}", "This column needs a value.", "Give one."))
            continue
        try:
            kept[name] = typed(column, row[name])
        except ValueError as error:
            problems.append(FieldProblem(f"{field}.{name}", str(error), f"Give a value of kind {column.kind}."))
    return kept, problems


def typed(column: Column, value: Any) -> Any:
    """A value in the form it is kept and compared in; `ValueError` says why it does not fit."""
    if value is None:
        if column.required:
            raise ValueError("This column needs a value.")
        return None
    if column.kind == "json":
        return value
    if column.kind == "text":
        return _text(value)
    if column.kind == "boolean":
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        raise ValueError("This is neither true nor false.")
    if column.kind in ("integer", "number"):
        return _number(value, whole=column.kind == "integer")
    return _moment(value, day=column.kind == "date")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("This is no text.")
    return str(value)


def _number(value: Any, *, whole: bool) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("This is no number.")
    try:
        number = float(value)
        if whole or isinstance(value, int):
            exact = int(value) if not isinstance(value, float) else int(number) if number.is_integer() else None
            if exact is None or abs(exact) > _LARGEST:
                raise ValueError
            return exact
    except (ValueError, OverflowError):
        raise ValueError("This is no whole number." if whole else "This is no number.") from None
    if not math.isfinite(number):
        raise ValueError("This is no number.")
    return number


def _moment(value: Any, *, day: bool) -> str:
    """ISO 8601 in one width and in UTC, so that the order of the texts is the order of the moments."""
    if not isinstance(value, str):
        raise ValueError("This is no date.")
    try:
        if day:
            return date.fromisoformat(value[:10] if len(value) > 10 and value[10] == "T" else value).isoformat()
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("This is no date as in ISO 8601.") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
