"""Which two complex names may mean the same complex."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz import fuzz

from properties.normalise.names import parse_complex_name

EQUAL, SIMILAR, NUMBER_MISSING = 3, 2, 1
MIN_RATIO, MIN_PARTIAL, MIN_PARTIAL_LENGTH = 78, 95, 3


def _readings(name: str, leaf: str) -> tuple[str, ...]:
    """The name, and the name without the dong it may begin with: "역삼래미안" in 역삼동, but "염창동아" is 동아."""
    short = leaf[:-1] if leaf.endswith(("동", "읍", "면", "리")) and len(leaf) > 2 else leaf
    found = [name]
    for place in (leaf, short):
        if place and name.startswith(place) and len(name) >= len(place) + 2:
            found.append(name[len(place) :].strip())
    return tuple(dict.fromkeys(found))


def _relation(one: str, other: str) -> int:
    first, second = parse_complex_name(one), parse_complex_name(other)
    numbers_equal = first.numbers == second.numbers
    if not numbers_equal and first.numbers and second.numbers:
        return 0
    if first.dong_span and second.dong_span and first.dong_span != second.dong_span:
        return 0
    if first.stem == second.stem:
        return EQUAL if numbers_equal else NUMBER_MISSING
    if not numbers_equal:
        return 0
    short = min(first.stem, second.stem, key=len)
    similar = fuzz.ratio(first.stem, second.stem) >= MIN_RATIO or (
        len(short) >= MIN_PARTIAL_LENGTH and fuzz.partial_ratio(first.stem, second.stem) >= MIN_PARTIAL
    )
    return SIMILAR if similar else 0


@lru_cache(maxsize=200_000)
def name_relation(one: str, other: str, leaf: str) -> int:
    """EQUAL, SIMILAR, NUMBER_MISSING or 0 (different) for two names in the dong called `leaf`.

    Numbers are compared exactly: 3단지 is never 4단지.
    """
    return max(
        _relation(first, second) for first in _readings(one.strip(), leaf) for second in _readings(other.strip(), leaf)
    )
