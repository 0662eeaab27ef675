"""The header of a file: known before the first row is written, also when columns appear late."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from procurement.crawler.plan import AttributeMode
from procurement.crawler.spool import Spool
from procurement.g2b.answers import Row

PREFIX = "attr_"
SEPARATOR = " | "


def with_attributes(rows: Iterable[Row], spool: Spool, mode: AttributeMode) -> Iterator[Row]:
    """The rows with their attributes: one JSON column, or one column per attribute name."""
    for row in rows:
        if mode == "none":
            yield row
            continue
        found = spool.attributes(row.get("prdctIdntNo", ""))
        if mode == "json":
            yield row | {"attributes": json.dumps(found, ensure_ascii=False)}
        else:
            yield row | exploded(found)


def exploded(attributes: Sequence[dict[str, str]]) -> Row:
    """`attr_<name>` columns; repeated names are joined, units stand behind their value."""
    columns: dict[str, list[str]] = {}
    for attribute in attributes:
        value = " ".join(part for part in (attribute["value"], attribute["unit"]) if part and attribute["value"])
        columns.setdefault(PREFIX + attribute["name"], []).append(value)
    return {name: SEPARATOR.join(filter(None, values)) for name, values in columns.items()}


def header_of(rows: Iterable[Row], existing: Sequence[str] = ()) -> list[str]:
    """All columns in order of first appearance, attribute columns after the others."""
    seen = dict.fromkeys(existing)
    for row in rows:
        for name in row:
            seen.setdefault(name)
    names = list(seen)
    kept = len(existing)
    fresh = names[kept:]
    return [
        *names[:kept],
        *(name for name in fresh if not name.startswith(PREFIX)),
        *(name for name in fresh if name.startswith(PREFIX)),
    ]
