"""Values and rows as files for people: CSV that a spreadsheet opens harmlessly, and JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from portal.common.json import dumps


class _Line:
    """A file for the csv writer that gives each line back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def as_csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Lines of a CSV file with a header."""
    writer = csv.writer(_Line())
    # Without this mark, spreadsheets take Korean for something else.
    yield "\ufeff" + str(writer.writerow(columns))
    for row in rows:
        yield str(writer.writerow([_cell(row.get(column)) for column in columns]))


def as_json(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Lines of a JSON array, one row each."""
    yield "["
    for number, row in enumerate(rows):
        yield ("," if number else "") + "\n" + dumps(row)
    yield "\n]\n"


def _cell(value: Any) -> Any:
    """What a spreadsheet does not run: a text that looks like a formula is shown as text."""
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return value
