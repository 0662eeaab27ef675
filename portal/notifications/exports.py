"""The inbox as a file, written row by row."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from portal.notifications.models import Notification

COLUMNS = ("at", "topic", "severity", "title", "body", "url", "read_at")


@dataclass(frozen=True, slots=True)
class Form:
    """A file form: its type, and how rows become pieces of text."""

    content_type: str
    write: Callable[[QuerySet[Notification], str], Iterator[str]]


def _values(row: Notification, language: str) -> dict[str, Any]:
    return {
        "at": timezone.localtime(row.created_at).isoformat(timespec="seconds"),
        "topic": row.event.topic,
        "severity": row.event.severity,
        "title": row.event.title(language),
        "body": row.event.body(language),
        "url": row.event.url,
        "read_at": timezone.localtime(row.read_at).isoformat(timespec="seconds") if row.read_at else "",
    }


def harmless(cell: str) -> str:
    """The text so that a spreadsheet takes it for text and never for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def write_csv(rows: QuerySet[Notification], language: str) -> Iterator[str]:
    """Comma-separated values with a byte-order mark, which Excel needs for Korean."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(COLUMNS)
    for row in rows.iterator(chunk_size=500):
        writer.writerow([harmless(str(value)) for value in _values(row, language).values()])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    if rest := buffer.getvalue():
        yield rest


def write_json(rows: QuerySet[Notification], language: str) -> Iterator[str]:
    """One JSON array."""
    lead = "["
    for row in rows.iterator(chunk_size=500):
        yield lead + json.dumps(_values(row, language), ensure_ascii=False)
        lead = ",\n"
    yield "[]\n" if lead == "[" else "]\n"


FORMS = {"csv": Form("text/csv; charset=utf-8", write_csv), "json": Form("application/json", write_json)}
