"""Full-text search that works for Korean on plain PostgreSQL: pairs of letters in an array with a GIN index.

Korean words carry their particles without a space, so whole words never match. Every word is cut into overlapping
pairs; a query's pairs select candidates through the index, and the stored text decides.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, TypeVar

from django.db.models import QuerySet

Q = TypeVar("Q", bound="QuerySet[Any]")
_WORD = re.compile(r"[^\W_]+")
#: Longer texts are indexed by their beginning only.
LONGEST = 2_000


def normalise(text: str) -> str:
    """Lower case, full-width letters narrowed, everything between words a single space."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))[:LONGEST]


def pairs(text: str) -> list[str]:
    """The overlapping pairs of letters of every word, each once; a word of one letter is itself."""
    found: set[str] = set()
    for word in normalise(text).split():
        found.update([word] if len(word) == 1 else [word[at : at + 2] for at in range(len(word) - 1)])
    return sorted(found)


def search(rows: Q, query: str) -> Q:
    """The rows whose text holds every word of the query, as part of a word or whole; all rows for an empty query."""
    for word in normalise(query).split():
        if len(word) > 1:
            rows = rows.filter(pairs__contains=pairs(word))
        rows = rows.filter(words__contains=word)
    return rows
