"""Walking through several questions page by page, with a cursor that names the place where the next call goes on."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from integrations.sdk import Rejected
from procurement.g2b import G2bClient, Window
from procurement.g2b.answers import Row

#: Pages one call may read while filters throw rows away.
MOST_PAGES = 12
#: Rows of an answer are cut here; clients refuse tool results above 25,000 tokens.
MOST_TOKENS = 18_000
T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Question:
    """One operation with its parameters, over one window where it has a period."""

    operation: str
    params: Mapping[str, str] = field(default_factory=dict)
    window: Window | None = None
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the list of questions the next row is."""

    question: int = 0
    offset: int = 0


@dataclass(slots=True)
class Walk:
    """The rows found, with the question and the place of each."""

    rows: list[tuple[Row, Question, Place]]
    total: int | None
    next: Place | None
    pages: int = 0


def encode_cursor(place: Place, questions: Sequence[Question]) -> str:
    """An opaque text; it fits only the same questions."""
    data = json.dumps([place.question, place.offset, _digest(questions)])
    return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, questions: Sequence[Question]) -> Place:
    """The place in a cursor; `Rejected` for a foreign or damaged one."""
    if not cursor:
        return Place()
    try:
        question, offset, digest = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = Place(int(question), int(offset))
    except (ValueError, TypeError):
        raise _wrong_cursor() from None
    if digest != _digest(questions) or not 0 <= place.question < len(questions) or place.offset < 0:
        raise _wrong_cursor()
    return place


def _wrong_cursor() -> Rejected:
    return Rejected(
        "The cursor does not belong to this question.",
        code="wrong_cursor",
        remedy="Repeat the call with the same parameters as before, or without a cursor to start again.",
    )


def _digest(questions: Sequence[Question]) -> str:
    """Of everything but the newest day, which moves on at midnight."""
    parts = [(one.operation, sorted(one.params.items()), one.window and str(one.window.start)) for one in questions]
    return hashlib.blake2b(json.dumps(parts, ensure_ascii=False).encode(), digest_size=6).hexdigest()


async def walk(
    client: G2bClient,
    questions: Sequence[Question],
    count: int,
    *,
    start: Place = Place(),
    accept: Callable[[Row], bool] | None = None,
    page_size: int | None = None,
    most_pages: int = MOST_PAGES,
) -> Walk:
    """At most `count` accepted rows from `start` on. `total` is known for a single unfiltered question."""
    size = page_size or max(10, min(count, 100))
    found = Walk([], None, start)
    place = start
    while place.question < len(questions):
        question = questions[place.question]
        page = await client.page(
            question.operation,
            question.params,
            window=question.window,
            page_no=place.offset // size + 1,
            page_size=size,
        )
        found.pages += 1
        if len(questions) == 1 and accept is None:
            found.total = page.total
        for row in page.rows[place.offset % size :]:
            here = place
            place = Place(place.question, place.offset + 1)
            if accept is None or accept(row):
                found.rows.append((row, question, here))
                if len(found.rows) == count:
                    found.next = _beyond(place, page.total, questions)
                    return found
        if not page.rows or place.offset >= page.total:
            place = Place(place.question + 1)
        if found.pages >= most_pages:
            found.next = place if place.question < len(questions) else None
            return found
    found.next = None
    return found


def _beyond(place: Place, total: int, questions: Sequence[Question]) -> Place | None:
    if place.offset >= total:
        place = Place(place.question + 1)
    return place if place.question < len(questions) else None


def tokens_of(text: str) -> int:
    """A cautious guess of how many tokens a model counts: Korean letters are about one each."""
    wide = sum(1 for character in text if ord(character) > 0x7F)
    return wide + (len(text) - wide) // 3 + 1


def fitting(items: Sequence[T], budget: int = MOST_TOKENS) -> int:
    """How many items of the beginning fit into the budget of tokens; at least one."""
    used = 0
    for number, item in enumerate(items):
        used += tokens_of(item.model_dump_json())
        if used > budget and number:
            return number
    return len(items)


def fitting_rows(rows: Sequence[Mapping[str, Any]], budget: int = MOST_TOKENS) -> int:
    """As `fitting`, for plain rows."""
    used = 0
    for number, row in enumerate(rows):
        used += tokens_of(json.dumps(row, ensure_ascii=False))
        if used > budget and number:
            return number
    return len(rows)
