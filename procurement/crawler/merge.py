"""From the spool to rows: each key once in its newest revision, in plan order, with bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from procurement.crawler.plan import CrawlSpec, WindowState
from procurement.crawler.spool import Spool
from procurement.g2b.answers import Row
from procurement.g2b.revisions import rank, row_key
from procurement.g2b.values import without_people


def merged_rows(spec: CrawlSpec, states: Sequence[WindowState], spool: Spool) -> Iterator[Row]:
    """The rows of all fetched windows without repeats; personal data of officials is taken out.

    Reads the spool twice: first to find the newest row of each key (a few bytes per key are remembered), then to
    give the rows in plan order.
    """
    newest: dict[bytes, tuple[tuple[int, str], int]] = {}
    ordered = [state for state in states if state.rows or state.status == "incomplete"]
    loose: set[int] = set()
    for position, row in enumerate(_accepted(spec, ordered, spool)):
        key = row_key(row, spec.asked.key)
        if key is None:
            loose.add(position)
            continue
        digest = blake2b("\x1f".join(key).encode(), digest_size=12).digest()
        found = rank(row, spec.asked.order)
        if digest not in newest or found > newest[digest][0]:
            newest[digest] = (found, position)
    keep = loose.union(position for _, position in newest.values())
    del newest
    for position, row in enumerate(_accepted(spec, ordered, spool)):
        if position in keep:
            yield without_people(row)


def _accepted(spec: CrawlSpec, states: Sequence[WindowState], spool: Spool) -> Iterator[Row]:
    for state in states:
        for row in spool.rows(state.key):
            if all(row.get(name, "") == value for name, value in spec.exact.items()):
                yield row
