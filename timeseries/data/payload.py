"""The `data` field of a request: arrays, records, or the same written as a JSON string. Pure Python, no numpy."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from timeseries.data.errors import DataProblem

MAX_CELLS = 200_000
MAX_TEXT = 8 * 1024 * 1024
TIME_KEYS = ("ds", "timestamp", "time", "date", "datetime", "일시", "날짜", "시간", "일자")
TARGET_KEYS = ("y", "value", "target", "값")


@dataclass(frozen=True, slots=True)
class Payload:
    """Rows in time order; column 0 is the target; None is a missing value."""

    rows: list[list[float | None]]
    columns: list[str]
    timestamps: list[str] | None = None

    @property
    def target(self) -> list[float | None]:
        """The first column."""
        return [row[0] for row in self.rows]


def parse_payload(data: Any, *, max_cells: int = MAX_CELLS, field: str = "data") -> Payload:
    """Read `[1, 2]`, `[[1, 2], [3, 4]]`, records, `{"column": [...]}` or a JSON string of any of them.

    Raises DataProblem naming row and column for non-numbers, ragged rows and oversized input.
    """
    if isinstance(data, (str, bytes)):
        data = _decode(data, field)
    if isinstance(data, dict):
        data = data["data"] if isinstance(data.get("data"), list) else _columns_to_records(data, field)
    if not isinstance(data, list):
        raise DataProblem("not_a_list", f"`{field}` must be a list of numbers, rows or records.", field=field)
    if not data:
        raise DataProblem("empty", f"`{field}` holds no rows. Send at least one observation.", field=field)
    width = len(data[0]) if isinstance(data[0], (list, dict)) else 1
    if len(data) * max(width, 1) > max_cells:
        raise DataProblem(
            "too_large",
            f"`{field}` holds {len(data) * width:,} cells; a request may hold {max_cells:,}. "
            "Upload it as a data set instead.",
            field=field,
        )
    if isinstance(data[0], dict):
        return _from_records(data, field)
    return _from_rows(data, field)


def _decode(text: str | bytes, field: str) -> Any:
    if len(text) > MAX_TEXT:
        raise DataProblem("too_large", f"`{field}` is longer than {MAX_TEXT // 1024 // 1024} MiB.", field=field)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataProblem(
            "not_json",
            f"`{field}` is text but not valid JSON ({error}). Send a list such as [[1.0], [1.1]] or its JSON string.",
            field=field,
        ) from error


def _number(value: Any, row: int, column: str | int, field: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DataProblem(
            "not_a_number",
            f"Row {row}, column {column}: {str(value)[:40]!r} is not a number. Use a number or null.",
            field=field,
            row=row,
            column=column,
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise DataProblem(
            "not_finite",
            f"Row {row}, column {column}: the value is not finite. Send null for a missing value.",
            field=field,
            row=row,
            column=column,
        )
    return number


def _from_rows(data: list[Any], field: str) -> Payload:
    nested = isinstance(data[0], list)
    width = len(data[0]) if nested else 1
    if width == 0:
        raise DataProblem("empty_row", "Row 0 holds no columns.", field=field, row=0)
    rows: list[list[float | None]] = []
    for index, item in enumerate(data):
        cells = item if nested and isinstance(item, list) else [item]
        if nested and not isinstance(item, list):
            raise DataProblem("ragged", f"Row {index} is not a list although row 0 is.", field=field, row=index)
        if len(cells) != width:
            raise DataProblem(
                "ragged", f"Row {index} has {len(cells)} columns; row 0 has {width}.", field=field, row=index
            )
        rows.append([_number(cell, index, column, field) for column, cell in enumerate(cells)])
    return Payload(rows, ["y", *(f"x{number}" for number in range(1, width))])


def _columns_to_records(data: dict[str, Any], field: str) -> list[dict[str, Any]]:
    lengths = {key: len(value) for key, value in data.items() if isinstance(value, list)}
    if not lengths or len(lengths) != len(data) or len(set(lengths.values())) != 1:
        raise DataProblem("ragged", f"`{field}` as an object needs equally long lists, one a column.", field=field)
    names = list(data)
    return [dict(zip(names, cells, strict=True)) for cells in zip(*data.values(), strict=True)]


def _from_records(data: list[Any], field: str) -> Payload:
    names = [str(name) for name in data[0]]
    time_key = next((name for name in names if name.lower() in TIME_KEYS), None)
    columns = [name for name in names if name != time_key]
    columns.sort(key=lambda name: name.lower() not in TARGET_KEYS)
    if not columns:
        raise DataProblem("no_values", "The records hold no value column beside the time.", field=field, row=0)
    expected = set(names)
    rows: list[list[float | None]] = []
    times: list[str] = []
    for index, record in enumerate(data):
        if not isinstance(record, dict) or set(record) != expected:
            raise DataProblem(
                "ragged",
                f"Row {index} does not have the keys of row 0 ({', '.join(sorted(expected))}).",
                field=field,
                row=index,
            )
        rows.append([_number(record[name], index, name, field) for name in columns])
        if time_key is not None:
            times.append(str(record[time_key]))
    return Payload(rows, columns, times if time_key is not None else None)
