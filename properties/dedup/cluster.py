"""Clusters of scored pairs under constraints: best pair first, and a merge must not contradict what a cluster knows.

Without the constraints a masked-floor advert would chain two units: it agrees with both, they do not with each other.
The order of merges depends only on scores and stable hashes of the advert keys, never on the order of arrival.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from properties.dedup import rules
from properties.dedup.columns import UNKNOWN_FLOOR, Columns

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

VAGUE_DEGREE_LIMIT = 400


@dataclass(slots=True)
class Clustering:
    """`parent` maps each clustered row to its representative; `questions` are pairs a person should look at."""

    parent: dict[int, int]
    questions: list[tuple[int, int, float, str]] = field(default_factory=list)
    conflicts: list[tuple[int, int]] = field(default_factory=list)


def cluster(
    columns: Columns,
    left: Array,
    right: Array,
    scores: Array,
    cannot: Sequence[tuple[int, int]] = (),
) -> Clustering:
    """Constrained best-first clustering of the given edges. Exact and decided edges carry their special scores."""
    import numpy as np

    order_hash = columns["order"]
    hash_left, hash_right = order_hash[left], order_hash[right]
    ranking = np.lexsort((np.maximum(hash_left, hash_right), np.minimum(hash_left, hash_right), -scores))
    left, right, scores = left[ranking], right[ranking], scores[ranking]
    rows, inverse = np.unique(np.concatenate((left, right)), return_inverse=True)
    one, other = inverse[: len(left)].tolist(), inverse[len(left) :].tolist()
    weight = scores.tolist()
    count = len(rows)
    floor = columns["floor"][rows].tolist()
    band = columns["may_band"][rows].tolist()
    dong = columns["dong"][rows].tolist()
    turn = columns["direction"][rows].tolist()
    total = columns["total"][rows].tolist()
    lowest = columns["price"][rows].tolist()
    highest = list(lowest)
    hashes = order_hash[rows].tolist()
    size = [1] * count
    parent = list(range(count))
    local = {int(row): position for position, row in enumerate(rows.tolist())}
    apart: dict[int, set[int]] = {}
    for first, second in cannot:
        if first in local and second in local:
            apart.setdefault(local[first], set()).add(local[second])
            apart.setdefault(local[second], set()).add(local[first])
    members: dict[int, set[int]] = {row: {row} for row in apart}

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def separated(a: int, b: int) -> bool:
        if not apart or a not in members or b not in members:
            return False
        return any(enemy in members[b] for item in members[a] for enemy in apart[item])

    def compatible(a: int, b: int) -> bool:
        if floor[a] != floor[b] and floor[a] != UNKNOWN_FLOOR and floor[b] != UNKNOWN_FLOOR:
            return False
        if dong[a] != dong[b] and dong[a] and dong[b]:
            return False
        if not band[a] & band[b]:
            return False
        if turn[a] >= 0 and turn[b] >= 0:
            steps = abs(turn[a] - turn[b])
            if 1 < steps < 7:
                return False
        if total[a] and total[b] and abs(total[a] - total[b]) > 1:
            return False
        top, bottom = max(highest[a], highest[b]), _lower(lowest[a], lowest[b])
        named = floor[a] == floor[b] != UNKNOWN_FLOOR and dong[a] == dong[b] != 0
        span = rules.CLUSTER_PRICE_SPAN_NAMED_UNIT if named else rules.CLUSTER_PRICE_SPAN
        return not (bottom and (top - bottom) > span * top)

    def join(a: int, b: int) -> None:
        if (size[a], -hashes[a]) < (size[b], -hashes[b]):
            a, b = b, a
        parent[b] = a
        size[a] += size[b]
        if floor[a] == UNKNOWN_FLOOR:
            floor[a] = floor[b]
        band[a] &= band[b] or band[a]
        dong[a] = dong[a] or dong[b]
        if turn[a] < 0:
            turn[a] = turn[b]
        total[a] = total[a] or total[b]
        highest[a] = max(highest[a], highest[b])
        lowest[a] = _lower(lowest[a], lowest[b])
        if b in members:
            members.setdefault(a, set()).update(members.pop(b))

    starts, neighbours, strengths = _adjacency(one, other, weight, count)
    result = Clustering({})
    open_pairs: list[tuple[int, int, float, str]] = []

    def rival(item: int, target: int, score: float) -> bool:
        """Whether a vague advert fits another offer, one that contradicts the target, about as well."""
        if floor[item] != UNKNOWN_FLOOR and dong[item]:
            return False
        begin, end = starts[item], starts[item + 1]
        if end - begin > VAGUE_DEGREE_LIMIT:
            end = begin + VAGUE_DEGREE_LIMIT
        home = find(item)
        for position in range(begin, end):
            if strengths[position] < score - rules.AMBIGUITY_MARGIN:
                break
            candidate = find(neighbours[position])
            if candidate not in (target, home) and not compatible(candidate, target):
                return True
        return False

    for position, score in enumerate(weight):
        a, b = one[position], other[position]
        root_a, root_b = find(a), find(b)
        if root_a == root_b:
            continue
        if separated(root_a, root_b):
            if score >= rules.EXACT_SCORE:
                result.conflicts.append((int(rows[a]), int(rows[b])))
            continue
        if score >= rules.EXACT_SCORE:
            join(root_a, root_b)
            continue
        if not compatible(root_a, root_b):
            continue
        if score < rules.AUTO:
            open_pairs.append((a, b, score, "close"))
        elif (size[root_a] == 1 and rival(a, root_b, score)) or (size[root_b] == 1 and rival(b, root_a, score)):
            open_pairs.append((a, b, score, "ambiguous"))
        else:
            join(root_a, root_b)

    asked: set[tuple[int, int]] = set()
    for a, b, score, reason in open_pairs:
        root_a, root_b = find(a), find(b)
        pair = (min(root_a, root_b), max(root_a, root_b))
        if root_a != root_b and pair not in asked and not separated(root_a, root_b) and compatible(root_a, root_b):
            asked.add(pair)
            result.questions.append((int(rows[a]), int(rows[b]), score, reason))
    leader: dict[int, int] = {}
    for item in range(count):
        root = find(item)
        if root not in leader or hashes[item] < hashes[leader[root]]:
            leader[root] = item
    result.parent = {int(rows[item]): int(rows[leader[find(item)]]) for item in range(count)}
    return result


def _lower(one: float, other: float) -> float:
    return min(one, other) if one and other else one or other


def _adjacency(
    one: list[int], other: list[int], weight: list[float], count: int
) -> tuple[array[int], array[int], array[float]]:
    """Where each row's neighbours begin, the neighbours and their strengths, strongest first, in compact form."""
    import numpy as np

    source = np.array(one + other)
    target = np.array(other + one)
    strength = np.array(weight + weight)
    order = np.lexsort((-strength, source))
    starts = np.searchsorted(source[order], np.arange(count + 1))
    return (
        array("q", starts.astype(np.int64).tobytes()),
        array("q", target[order].astype(np.int64).tobytes()),
        array("d", strength[order].tobytes()),
    )
