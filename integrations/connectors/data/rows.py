"""Working on lists of rows: compare, filter, sort, group, join. Plain data in, plain data out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from integrations.sdk import FieldProblem, InvalidParams, Param
from integrations.sdk.paths import MISSING, split_path, walk

Row = dict[str, Any]


class Compare(StrEnum):
    EQUALS = "equals"
    DIFFERS = "differs"
    LESS = "less"
    AT_MOST = "at_most"
    MORE = "more"
    AT_LEAST = "at_least"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    ONE_OF = "one_of"
    IS_EMPTY = "is_empty"
    IS_PRESENT = "is_present"


class Condition(BaseModel):
    """One test of a row."""

    model_config = ConfigDict(extra="forbid")

    field: Annotated[str, Param("Path of the field", "필드 경로", min_length=1)]
    is_: Annotated[Compare, Param("How to compare", "비교 방법", alias="is")] = Compare.EQUALS
    value: Annotated[Any, Param("What to compare with", "비교할 값")] = None


class SortKey(BaseModel):
    """One sort key."""

    model_config = ConfigDict(extra="forbid")

    field: Annotated[str, Param("Path of the field", "필드 경로", min_length=1)]
    descending: Annotated[bool, Param("Largest first", "큰 것부터")] = False


class Total(BaseModel):
    """One figure per group."""

    model_config = ConfigDict(extra="forbid")

    operation: Annotated[
        Literal["count", "sum", "mean", "median", "min", "max", "first", "last", "list", "distinct"],
        Param("What to work out", "계산 방법"),
    ] = "count"
    field: Annotated[str, Param("Path of the field; not needed for count", "필드 경로(count에는 필요 없음)")] = ""
    name: Annotated[str, Param("Name of the result; made from operation and field when empty", "결과 이름")] = ""

    @property
    def result_name(self) -> str:
        return self.name or (f"{self.operation}_{self.field}" if self.field else self.operation)


def number_of(value: Any) -> Decimal | None:
    """The value as a number when it is one or is written like one (`1,234.5`), else None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return Decimal(str(value)) if math.isfinite(value) else None
    if isinstance(value, str) and value and value[:1] in "+-.0123456789":
        try:
            number = Decimal(value.replace(",", "").strip())
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
    return None


def same(left: Any, right: Any) -> bool:
    """Equality as a person means it: 3, 3.0 and "3" are the same."""
    if left == right and isinstance(left, bool) == isinstance(right, bool):
        return True
    one, two = number_of(left), number_of(right)
    return one is not None and one == two


def order_key(value: Any) -> tuple[int, Any]:
    """A key that orders mixed values: numbers, then text, then the rest; nothing comes last."""
    if value is MISSING or value is None:
        return (9, "")
    if isinstance(value, bool):
        return (2, value)
    if isinstance(value, int | float):
        return (0, Decimal(str(value))) if math.isfinite(value) else (9, "")
    if isinstance(value, str):
        return (1, value)
    return (5, str(value))


def _less(left: Any, right: Any) -> bool:
    one, two = number_of(left), number_of(right)
    if one is not None and two is not None:
        return one < two
    return isinstance(left, str) and isinstance(right, str) and left < right


def _text_test(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: isinstance(left, str) and test(left.casefold(), str(right).casefold())


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, list):
        return any(same(item, right) for item in left)
    return isinstance(left, str) and str(right).casefold() in left.casefold()


def _one_of(left: Any, right: Any) -> bool:
    return any(same(left, item) for item in (right if isinstance(right, list) else [right]))


_TESTS: dict[Compare, Callable[[Any, Any], bool]] = {
    Compare.EQUALS: same,
    Compare.DIFFERS: lambda left, right: not same(left, right),
    Compare.LESS: _less,
    Compare.AT_MOST: lambda left, right: _less(left, right) or same(left, right),
    Compare.MORE: lambda left, right: _less(right, left),
    Compare.AT_LEAST: lambda left, right: _less(right, left) or same(left, right),
    Compare.CONTAINS: _contains,
    Compare.STARTS_WITH: _text_test(str.startswith),
    Compare.ENDS_WITH: _text_test(str.endswith),
    Compare.ONE_OF: _one_of,
    Compare.IS_EMPTY: lambda left, right: left in (None, "", [], {}),
    Compare.IS_PRESENT: lambda left, right: left not in (None, "", [], {}),
}


def filter_rows(rows: Sequence[Row], conditions: Sequence[Condition], match: Literal["all", "any"]) -> list[Row]:
    """The rows that meet all (or any) of the conditions; a missing field counts as empty."""
    tests = [
        (split_path(one.field, field=f"conditions[{index}].field"), _TESTS[one.is_], one.value)
        for index, one in enumerate(conditions)
    ]
    decide = all if match == "all" else any

    def value(row: Row, steps: list[str | int]) -> Any:
        found = walk(row, steps)
        return None if found is MISSING else found

    return [row for row in rows if decide(test(value(row, steps), wanted) for steps, test, wanted in tests)]


def sort_rows(rows: Sequence[Row], keys: Sequence[SortKey]) -> list[Row]:
    """The rows in order; rows without the field come last in both directions."""
    result = list(rows)
    for index, key in reversed(list(enumerate(keys))):
        steps = split_path(key.field, field=f"by[{index}].field")
        present = [row for row in result if walk(row, steps) not in (MISSING, None)]
        absent = [row for row in result if walk(row, steps) in (MISSING, None)]
        present.sort(key=lambda row, steps=steps: order_key(walk(row, steps)), reverse=key.descending)  # type: ignore[misc]
        result = present + absent
    return result


def select_fields(rows: Sequence[Row], fields: Sequence[str], rename: dict[str, str]) -> list[Row]:
    """Only these fields, in this order; a path `a.b` becomes the column `b` unless renamed."""
    columns = []
    for index, field in enumerate(fields):
        steps = split_path(field, field=f"fields[{index}]")
        columns.append((rename.get(field) or (str(steps[-1]) if steps else field), steps))
    names = [name for name, _ in columns]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        problem = FieldProblem(
            "fields", f"Two fields would be called {doubled[0]!r}.", "Give one another name in rename."
        )
        raise InvalidParams("Two fields have the same name.", problems=[problem])

    def value(row: Row, steps: list[str | int]) -> Any:
        found = walk(row, steps)
        return None if found is MISSING else found

    return [{name: value(row, steps) for name, steps in columns} for row in rows]


def _identity(value: Any) -> Any:
    """A hashable key under which equal values fall together."""
    if value is MISSING or value is None:
        return None
    number = number_of(value) if isinstance(value, int | float) else None
    if number is not None:
        return ("n", number.normalize())
    if isinstance(value, str | bool):
        return value
    if isinstance(value, list):
        return ("l", tuple(_identity(item) for item in value))
    return ("d", tuple(sorted((str(key), _identity(item)) for key, item in value.items())))


def key_of(row: Row, paths: Sequence[list[str | int]]) -> tuple[Any, ...]:
    return tuple(_identity(walk(row, steps)) for steps in paths)


def unique_rows(rows: Sequence[Row], by: Sequence[str]) -> list[Row]:
    """The first row of each combination of fields, or of each whole row when none is named."""
    paths = [split_path(path, field=f"by[{index}]") for index, path in enumerate(by)]
    seen: set[Any] = set()
    result = []
    for row in rows:
        key = key_of(row, paths) if paths else (_identity(row),)
        if key not in seen:
            seen.add(key)
            result.append(row)
    return result


def group_rows(rows: Sequence[Row], by: Sequence[str], totals: Sequence[Total]) -> list[Row]:
    """One row per group, in order of first appearance, with its totals."""
    paths = [split_path(path, field=f"by[{index}]") for index, path in enumerate(by)]
    names = [str(steps[-1]) for steps in paths]
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(key_of(row, paths), []).append(row)
    if not by and not groups:
        groups[()] = []
    result = []
    for members in groups.values():
        line: Row = {}
        for name, steps in zip(names, paths, strict=True):
            found = walk(members[0], steps)
            line[name] = None if found is MISSING else found
        for index, total in enumerate(totals):
            line[total.result_name] = _total(members, total, index)
        result.append(line)
    return result


def _total(rows: list[Row], total: Total, index: int) -> Any:
    if total.operation == "count" and not total.field:
        return len(rows)
    if not total.field:
        problem = FieldProblem(f"totals[{index}].field", "This operation needs a field.", "Name the field to work on.")
        raise InvalidParams("A total has no field.", problems=[problem])
    steps = split_path(total.field, field=f"totals[{index}].field")
    values = [value for row in rows if (value := walk(row, steps)) is not MISSING and value is not None]
    if total.operation == "count":
        return len(values)
    if total.operation == "list":
        return values
    if total.operation == "distinct":
        return len({_identity(value) for value in values})
    if not values:
        return None
    if total.operation in ("first", "last"):
        return values[0 if total.operation == "first" else -1]
    if total.operation in ("min", "max"):
        return (min if total.operation == "min" else max)(values, key=order_key)
    return _figure(values, total, index)


def _figure(values: list[Any], total: Total, index: int) -> int | float:
    numbers = [number_of(value) for value in values]
    if None in numbers:
        problem = FieldProblem(
            f"totals[{index}].field",
            f"{total.field!r} holds values that are no numbers.",
            "Filter them out first, or use count, min, max or list.",
        )
        raise InvalidParams("A total cannot be worked out.", problems=[problem])
    known = [number for number in numbers if number is not None]
    figure = {"sum": sum, "mean": statistics.mean, "median": statistics.median}[total.operation](known)
    return plain_number(Decimal(figure))


def plain_number(number: Decimal) -> int | float:
    """An int when the number is whole, else a float."""
    return int(number) if number == number.to_integral_value() else float(number)


def join_rows(
    left: Sequence[Row],
    right: Sequence[Row],
    left_key: Sequence[str],
    right_key: Sequence[str],
    how: Literal["inner", "left", "full", "missing"],
    prefix: str,
    limit: int,
) -> list[Row]:
    """Rows of both sides whose keys are equal; names that collide get the prefix."""
    if len(left_key) != len(right_key):
        problem = FieldProblem("right_key", "Both sides need the same number of keys.", "Name one key for each.")
        raise InvalidParams("The keys do not match up.", problems=[problem])
    left_paths = [split_path(path, field=f"left_key[{index}]") for index, path in enumerate(left_key)]
    right_paths = [split_path(path, field=f"right_key[{index}]") for index, path in enumerate(right_key)]
    index: dict[Any, list[int]] = {}
    for position, row in enumerate(right):
        index.setdefault(key_of(row, right_paths), []).append(position)
    used: set[int] = set()
    result: list[Row] = []
    left_names = {name for row in left for name in row}
    # Equal key columns are the same thing twice; only the left one is kept.
    dropped = {two for one, two in zip(left_key, right_key, strict=True) if one == two}

    def merged(one: Row, two: Row) -> Row:
        extra = {
            (f"{prefix}{name}" if name in left_names else name): value
            for name, value in two.items()
            if name not in dropped
        }
        return {**one, **extra}

    for row in left:
        key = key_of(row, left_paths)
        matches = index.get(key, []) if None not in key else []
        if matches and how != "missing":
            used.update(matches)
            result.extend(merged(row, right[position]) for position in matches)
        elif not matches and how != "inner":
            result.append(dict(row))
        if len(result) > limit:
            problem = FieldProblem("left_key", f"The join has more than {limit:,} rows.", "Use a key that is unique.")
            raise InvalidParams("The join grows too large.", problems=[problem])
    if how == "full":
        result.extend(dict(row) for position, row in enumerate(right) if position not in used)
    return result


def names_of(rows: Iterable[Row]) -> list[str]:
    """All column names in order of first appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))
