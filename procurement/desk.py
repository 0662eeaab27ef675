"""The procurement market as one connection sees it: questions in, typed answers out. No web framework in here."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel

from integrations.sdk import ConnectorError, Context, NoAuth, Rejected
from procurement.g2b import G2bClient, Gate, Window, newest_stable_day, operation, seoul_today, windows_back
from procurement.g2b.answers import Row
from procurement.g2b.calendar import seoul_now
from procurement.g2b.keys import fingerprint, normalise_key
from procurement.g2b.operations import DATA
from procurement.keys import NaramarketKey
from procurement.paging import Question, Walk, decode_cursor, encode_cursor, fitting, walk
from procurement.results import Category

R = TypeVar("R", bound=BaseModel)
KINDS = ("Thng", "Servc", "Cnstwk", "Frgcpt", "Etc")


class Desk:
    """One call's client, clock and log."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        key = key_of(ctx)
        self.gate = Gate(ctx.store, fingerprint(normalise_key(key)))
        # A tool call someone waits for: fewer attempts than a crawl makes.
        self.client = G2bClient(ctx.http, key, gate=self.gate, attempts=3)
        self.now: datetime = seoul_now()

    @property
    def today(self) -> date:
        return seoul_today(self.now)

    @property
    def newest(self) -> date:
        return newest_stable_day(self.now)

    def head(self, source: str, **more: Any) -> dict[str, Any]:
        """The head of an answer."""
        return {"as_of": self.now, "source": source, "mode": self.ctx.upstream.mode, **more}

    def questions(
        self, name: str, params: dict[str, str], start: date, end: date, *, tag: str = "", longest: int | None = None
    ) -> list[Question]:
        """One question per window of a period, newest first."""
        return [
            Question(name, params, window, tag) for window in windows_back(start, end, operation(name).span, longest)
        ]

    async def listing(
        self,
        questions: Sequence[Question],
        read: Callable[[Row, Question], R],
        count: int,
        cursor: str | None,
        *,
        source: str,
        accept: Callable[[Row], bool] | None = None,
        page_size: int | None = None,
        period: str = "",
    ) -> dict[str, Any]:
        """Fields of a `Listing` with its items, cut to what fits a tool result."""
        found = await walk(
            self.client,
            questions,
            count,
            start=decode_cursor(cursor, questions),
            accept=accept,
            page_size=page_size,
        )
        items = [read(row, question) for row, question, _ in found.rows]
        return self.listed(items, found, questions, source=source, period=period, keep=fitting(items))

    def listed(
        self, items: list[Any], found: Walk, questions: Sequence[Question], *, source: str, period: str, keep: int
    ) -> dict[str, Any]:
        """The head and the first `keep` items; the cursor points behind the last one given."""
        following = found.rows[keep][2] if keep < len(items) else found.next
        notes = []
        if following is not None and found.pages and keep == len(items) and found.next is not None and not items:
            notes.append("Nothing matched in the rows read so far; go on with next_cursor.")
        if keep < len(items):
            notes.append(f"Cut to {keep} rows to keep the answer short; go on with next_cursor.")
        return self.head(
            source,
            incomplete=notes,
            period=period,
            total=found.total,
            returned=keep,
            next_cursor=None if following is None else encode_cursor(following, questions),
            items=items[:keep],
        )

    async def gather(self, *parts: Any, names: Sequence[str], notes: list[str]) -> list[Any]:
        """Results of several questions; a part that fails is None and named in `notes`, not silently empty."""
        answers = await asyncio.gather(*parts, return_exceptions=True)
        kept: list[Any] = []
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, ConnectorError):
                notes.append(f"{name}: {answer.message}")
                kept.append(None)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                kept.append(answer)
        return kept


def key_of(ctx: Context) -> str:
    credential = ctx.credential
    if isinstance(credential, NaramarketKey):
        return credential.service_key.get_secret_value()
    if isinstance(credential, NoAuth):
        raise Rejected("This tool needs a connection with a data.go.kr key.", code="missing_credential")
    raise TypeError("the naramarket connector needs a NaramarketKey")


def last_days(end: date, days: int) -> tuple[date, date]:
    """The period of `days` that ends on `end`."""
    return end - timedelta(days=days - 1), end


def words(window: tuple[date, date] | Window) -> str:
    """A period for people."""
    start, end = window if isinstance(window, tuple) else (window.start, window.end)
    return f"{start:%Y-%m-%d}..{end:%Y-%m-%d}"


@cache
def known_categories() -> tuple[Category, ...]:
    """Categories people crawl most, with class numbers where confirmed."""
    with (DATA / "categories.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Category(name=row["category"], detail_class_no=row["detail_class_no"], class_no=row["class_no"])
            for row in csv.DictReader(file)
        )
