"""Which two complex names may mean the same complex: one pair (`name_relation`) or all names of a dong (`NameBook`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from rapidfuzz import fuzz

from properties.normalise.names import ComplexName, parse_complex_name

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


class NameBook:
    """Names of one dong, and which of them are related. Gives what `name_relation` gives for every pair.

    Equal stems meet in a dictionary and similar ones in one C call per group of equal numbers, because a dong holds
    hundreds of spellings and comparing them pair by pair took most of a large search.
    """

    def __init__(self, leaf: str) -> None:
        self.leaf = leaf
        self._by_stem: dict[str, list[tuple[int, ComplexName]]] = {}
        self._stems: dict[tuple[str, ...], dict[str, None]] = {}

    def add(self, names: Iterable[tuple[int, str]]) -> dict[tuple[int, int], int]:
        """Add numbered names that are new here; relations (one, other) → kind that they bring, each pair once."""
        found: dict[tuple[int, int], int] = {}
        fresh: dict[tuple[str, ...], dict[str, None]] = {}
        new: set[int] = set()
        for number, name in names:
            new.add(number)
            for reading in _readings(name.strip(), self.leaf):
                parsed = parse_complex_name(reading)
                for other, known in self._by_stem.get(parsed.stem, ()):
                    if number != other and not _spans_differ(parsed, known):
                        if parsed.numbers == known.numbers:
                            _keep(found, number, other, EQUAL)
                        elif not (parsed.numbers and known.numbers):
                            _keep(found, number, other, NUMBER_MISSING)
                self._by_stem.setdefault(parsed.stem, []).append((number, parsed))
                stems = self._stems.setdefault(parsed.numbers, {})
                if parsed.stem not in stems:
                    stems[parsed.stem] = None
                fresh.setdefault(parsed.numbers, {})[parsed.stem] = None
        for numbers, added in fresh.items():
            for stem, like in _similar(list(added), list(self._stems[numbers])):
                for first, parsed in self._by_stem[stem]:
                    if parsed.numbers != numbers:
                        continue
                    for second, known in self._by_stem[like]:
                        if known.numbers != numbers or first == second or not (first in new or second in new):
                            continue
                        if not _spans_differ(parsed, known):
                            _keep(found, first, second, SIMILAR)
        return found


def _keep(found: dict[tuple[int, int], int], one: int, other: int, relation: int) -> None:
    pair = (one, other) if one < other else (other, one)
    if found.get(pair, 0) < relation:
        found[pair] = relation


def _spans_differ(one: ComplexName, other: ComplexName) -> bool:
    return bool(one.dong_span and other.dong_span and one.dong_span != other.dong_span)


def _similar(added: list[str], known: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs of different stems that are written alike."""
    import numpy as np
    from rapidfuzz.process import cdist

    alike = cdist(added, known, scorer=fuzz.ratio, score_cutoff=MIN_RATIO, dtype=np.float64) > 0
    partly = cdist(added, known, scorer=fuzz.partial_ratio, score_cutoff=MIN_PARTIAL, dtype=np.float64) > 0
    long_added = np.array([len(stem) >= MIN_PARTIAL_LENGTH for stem in added])
    long_known = np.array([len(stem) >= MIN_PARTIAL_LENGTH for stem in known])
    partly &= long_added[:, None] & long_known[None, :]
    rows, columns = np.nonzero(alike | partly)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if added[row] != known[column]:
            yield added[row], known[column]
