"""Which adverts show the same photos: evidence for the duplicate search, and a sign of bait.

Measured bounds (reference pictures at 1024 × 768): recompressed or halved copies differ by at most 2 bits, a watermark
by at most 8, unrelated photos by at least 22. Two shared photos count, one may be the same facade.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

from properties.images.decode import distance, says_something

NEAR = 8
SHARED = 2
#: A photo that stands in adverts of more complexes than this is a floor plan or a stock photo.
MAX_COMPLEXES = 3
#: Adverts of one dong that share one exact photo beyond this are not paired: that photo is no evidence.
MAX_CROWD = 60


def photo_keys(photos: Mapping[str, Iterable[str]], complexes: Mapping[str, str]) -> dict[str, str]:
    """For adverts with two photos in common, one name of their set; others are left out.

    `photos`: hashes by advert key; `complexes`: the name of each advert's complex, to spot stock photos.
    """
    holders: dict[str, set[str]] = defaultdict(set)
    for key, hashes in photos.items():
        for one in hashes:
            if says_something(one):
                holders[one].add(key)
    shared: dict[tuple[str, str], set[str]] = defaultdict(set)
    for group in _groups(sorted(holders)):
        adverts = set().union(*(holders[one] for one in group))
        names = {complexes.get(key, "") or key for key in adverts}
        if len(adverts) < 2 or len(names) > MAX_COMPLEXES or len(adverts) > MAX_CROWD:
            continue
        for pair in combinations(sorted(adverts), 2):
            shared[pair].add(group[0])
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    for (one, other), groups in sorted(shared.items()):
        if len(groups) >= SHARED:
            first, second = sorted((root(one), root(other)))
            parent[second] = first
    return {key: f"photos:{root(key)}" for key in parent}


def _groups(hashes: list[str]) -> list[list[str]]:
    """Hashes within NEAR bits of the group's first one. Nine bands of bits: near hashes agree in one of them."""
    widths = (8, 7, 7, 7, 7, 7, 7, 7, 7)
    buckets: dict[tuple[int, int], list[str]] = defaultdict(list)
    groups: list[list[str]] = []
    by_first: dict[str, list[str]] = {}
    for one in hashes:
        number, bands = int(one, 16), []
        for position, width in enumerate(widths):
            bands.append((position, number & ((1 << width) - 1)))
            number >>= width
        near = sorted(
            {other for band in bands for other in buckets[band] if distance(one, other) <= NEAR},
            key=lambda other: (distance(one, other), other),
        )
        if near:
            by_first[near[0]].append(one)
            continue
        by_first[one] = [one]
        groups.append(by_first[one])
        for band in bands:
            buckets[band].append(one)
    return groups
