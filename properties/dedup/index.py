"""The index of adverts: add, decide, read clusters. Incremental work touches only the components it changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from properties.dedup import rules
from properties.dedup.advert import Advert, Decision
from properties.dedup.blocking import Blocker
from properties.dedup.cluster import cluster
from properties.dedup.columns import Columns
from properties.dedup.scoring import score_pairs

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """Two adverts a person should compare; `reason` is `close` (score between limits) or `ambiguous`."""

    one: str
    other: str
    score: float
    reason: str


class DuplicateIndex:
    """Adverts and their clusters. A cluster is named by one of its adverts, always the same one."""

    def __init__(self, leaf_names: Mapping[str, str] | None = None) -> None:
        import numpy as np

        self.columns = Columns()
        self.blocker = Blocker(self.columns)
        self.leaf_names = dict(leaf_names or {})
        self.row_of: dict[str, int] = {}
        self.copies_of: dict[str, int] = {}
        self.group_rows: dict[str, int] = {}
        self.left: Array = np.empty(0, dtype=np.int32)
        self.right: Array = np.empty(0, dtype=np.int32)
        self.scores: Array = np.empty(0, dtype=np.float64)
        self.component: Array = np.empty(0, dtype=np.int32)
        self.labels: Array = np.empty(0, dtype=np.int32)
        self.source_links: list[tuple[int, int]] = []
        self.cannot: list[tuple[int, int]] = []
        self.questions_by_component: dict[int, list[tuple[int, int, float, str]]] = {}
        self.conflicts: list[tuple[str, str]] = []

    def add(self, adverts: Iterable[Advert], decisions: Iterable[Decision] = ()) -> int:
        """Add adverts (keys already present are skipped) and decisions; returns how many adverts were new."""
        import numpy as np

        links: list[tuple[int, int, bool]] = []
        rows = self.columns.append(self._fresh(adverts, links))
        new = np.arange(rows.start, rows.stop)
        self.component = np.concatenate((self.component, new.astype(np.int32)))
        self.labels = np.concatenate((self.labels, new.astype(np.int32)))
        self.source_links += [(one, other) for one, other, is_copy in links if is_copy]
        edges = [(one, other, rules.EXACT_SCORE) for one, other, _ in links]
        for decision in decisions:
            one, other = self.row_of.get(decision.one), self.row_of.get(decision.other)
            if one is None or other is None:
                continue
            if decision.same:
                edges.append((one, other, rules.DECISION_SCORE))
            else:
                self.cannot.append((one, other))
                edges.append((one, other, rules.REVIEW))  # puts both into one component, so the rule is applied
        left, right, scores = [], [], []
        if len(new):
            self.blocker.add(new, self.leaf_names)
            for one, other, relation in self.blocker.candidates(new):
                kept = score_pairs(self.columns, one, other, relation)
                for store, part in zip((left, right, scores), kept, strict=True):
                    store.append(part)
        if edges:
            left.append(np.array([edge[0] for edge in edges]))
            right.append(np.array([edge[1] for edge in edges]))
            scores.append(np.array([edge[2] for edge in edges]))
        if left:
            self._connect(
                np.concatenate(left).astype(np.int32), np.concatenate(right).astype(np.int32), np.concatenate(scores)
            )
        return len(new)

    def _fresh(self, adverts: Iterable[Advert], links: list[tuple[int, int, bool]]) -> Iterable[Advert]:
        for advert in adverts:
            if advert.key in self.row_of:
                continue
            row = len(self.row_of)
            self.row_of[advert.key] = row
            # A copy names the entry it was made from, which may come before or after it.
            for source in advert.source_keys:
                first = self.row_of.get(source, row) if source != advert.key else row
                first = first if first != row else self.copies_of.setdefault(source, row)
                if first != row:
                    links.append((first, row, True))
            if (copy := self.copies_of.get(advert.key, row)) != row:
                links.append((copy, row, True))
            if advert.group_key:
                first = self.group_rows.setdefault(f"{advert.group_key}|{advert.trade}", row)
                if first != row:
                    links.append((first, row, False))
            yield advert

    def _connect(self, left: Array, right: Array, scores: Array) -> None:
        import numpy as np

        touched = np.unique(self.component[np.concatenate((left, right))])
        table = _joined(len(self.component), self.component[left], self.component[right])
        self.component = table[self.component]
        self.left = np.concatenate((self.left, left))
        self.right = np.concatenate((self.right, right))
        self.scores = np.concatenate((self.scores, scores))
        changed = np.zeros(len(self.component), dtype=bool)
        changed[table[touched]] = True
        for item in touched.tolist():
            self.questions_by_component.pop(item, None)
        mine = changed[self.component[self.left]]
        clustering = cluster(self.columns, self.left[mine], self.right[mine], self.scores[mine], self.cannot)
        rows = np.fromiter(clustering.parent.keys(), dtype=np.int64, count=len(clustering.parent))
        self.labels[rows] = np.fromiter(clustering.parent.values(), dtype=np.int32, count=len(rows))
        for question in clustering.questions:
            self.questions_by_component.setdefault(int(self.component[question[0]]), []).append(question)
        keys = self.columns.keys
        self.conflicts = [(keys[one], keys[other]) for one, other in clustering.conflicts]

    def cluster_of(self, key: str) -> str:
        """Name of the cluster an advert is in."""
        return self.columns.keys[int(self.labels[self.row_of[key]])]

    def clusters(self) -> dict[str, list[str]]:
        """Every cluster with its advert keys, sorted."""
        found: dict[str, list[str]] = {}
        keys = self.columns.keys
        for key, label in zip(keys, self.labels.tolist(), strict=True):
            found.setdefault(keys[label], []).append(key)
        for members in found.values():
            members.sort()
        return found

    def questions(self) -> list[Question]:
        """The review queue, strongest pair first."""
        keys = self.columns.keys
        found = []
        for group in self.questions_by_component.values():
            for one, other, score, reason in group:
                first, second = sorted((keys[one], keys[other]))
                found.append(Question(first, second, round(score, 3), reason))
        return sorted(found, key=lambda question: (-question.score, question.one, question.other))

    def independent_sources(self, keys: Iterable[str]) -> int:
        """How many separate entries stand behind some adverts: copies of one entry count once."""
        rows = {self.row_of[key] for key in keys}
        parent = {row: row for row in rows}

        def find(item: int) -> int:
            while parent[item] != item:
                item = parent[item]
            return item

        for one, other in self.source_links:
            if one in parent and other in parent:
                parent[find(one)] = find(other)
        return len({find(row) for row in rows})


def _joined(size: int, left: Array, right: Array) -> Array:
    """Smallest member of each connected component of some pairs; everything else is its own."""
    import numpy as np

    label = np.arange(size, dtype=np.int32)
    while True:
        one, other = label[left], label[right]
        apart = one != other
        if not apart.any():
            return label
        left, right, one, other = left[apart], right[apart], one[apart], other[apart]
        smaller = np.minimum(one, other)
        np.minimum.at(label, one, smaller)
        np.minimum.at(label, other, smaller)
        while not np.array_equal(label, shorter := label[label]):
            label = shorter
