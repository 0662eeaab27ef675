"""One row per thing: repeated keys and superseded revisions are dropped, never whole-row equality.

Rules of the guides: per (number, business number, line) the row with the highest change order counts; rows lacking a
part of the key pass through untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from procurement.g2b.operations import Operation

Row = Mapping[str, str]
_PUNCTUATION = str.maketrans("", "", "-: ")
T = TypeVar("T", bound=Mapping[str, str])


def row_key(row: Row, columns: tuple[str, ...]) -> tuple[str, ...] | None:
    """The key of a row; None when a part is missing, so that the row must be kept as it is."""
    key = tuple((row.get(column) or "").strip() for column in columns)
    return key if key and all(key) else None


def rank(row: Row, order: str) -> tuple[int, str]:
    """How new a row is among rows of its key: change order as an integer, then the time of change or registration."""
    value = (row.get(order) or "").strip() if order else ""
    changed = (row.get("chgDt") or row.get("rgstDt") or "").translate(_PUNCTUATION)
    return (int(value) if value.isdigit() else -1), changed


def newest_rows(rows: Iterable[T], asked: Operation) -> list[T]:
    """The rows in order of first appearance, each key once, in its newest revision."""
    place: dict[tuple[str, ...], int] = {}
    kept: list[T] = []
    for row in rows:
        key = row_key(row, asked.key)
        if key is None:
            kept.append(row)
        elif key not in place:
            place[key] = len(kept)
            kept.append(row)
        elif rank(row, asked.order) > rank(kept[place[key]], asked.order):
            kept[place[key]] = row
    return kept
