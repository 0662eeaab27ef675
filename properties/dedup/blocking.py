"""Candidate pairs: same dong, same trade, related complex name (or the same place), area within tolerance.

A block key and the area are packed into one integer, so that a sorted array and binary search answer every query.
Price is never part of a block: offices differ and prices go stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from properties.dedup import rules
from properties.dedup.columns import Columns
from properties.dedup.naming import EQUAL, NameBook

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

AREA_BITS, NAME_BITS, TRADE_BITS = 19, 21, 3
MAX_AREA = (1 << AREA_BITS) - 1  # hundredths of a square metre
CELL_DEGREES = 0.004
ORIGIN = (32.0, 123.0)
PAIRS_PER_CHUNK = 1_500_000


class SortedBlocks:
    """Rows sorted by packed key; insertion copies two arrays, which is cheap beside comparing."""

    def __init__(self) -> None:
        import numpy as np

        self.keys: Array = np.empty(0, dtype=np.int64)
        self.rows: Array = np.empty(0, dtype=np.int32)

    def add(self, keys: Array, rows: Array) -> None:
        """Insert rows under their keys."""
        import numpy as np

        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order].astype(np.int32)
        if not len(self.keys):
            self.keys, self.rows = keys, rows
            return
        at = np.searchsorted(self.keys, keys, side="right")
        self.keys = np.insert(self.keys, at, keys)
        self.rows = np.insert(self.rows, at, rows)

    def ranges(self, blocks: Array, areas: Array) -> tuple[Array, Array]:
        """First and last position of the rows of each block whose area is within tolerance."""
        import numpy as np

        reach = int(rules.AREA_TOLERANCE * 100) + 1
        base = blocks << AREA_BITS
        low = np.searchsorted(self.keys, base + np.maximum(areas - reach, 0), side="left")
        high = np.searchsorted(self.keys, base + np.minimum(areas + reach, MAX_AREA), side="right")
        return low, high


class Blocker:
    """Three indexes: named rows by name, named and nameless rows by place."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.by_name = SortedBlocks()
        self.named_by_place = SortedBlocks()
        self.nameless_by_place = SortedBlocks()
        self.books: dict[int, NameBook] = {}
        self.related: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.leaf_of: dict[int, str] = {}

    def add(self, rows: Array, leaf_names: dict[str, str]) -> None:
        """Index new rows; `leaf_names` gives the dong name of a region code, where known."""
        import numpy as np

        for code, number in self.columns.region_codes.items():
            self.leaf_of.setdefault(number, leaf_names.get(code, ""))
        usable = rows[(self.columns["area"][rows] > 0) & (self.columns["trade"][rows] > 0)]
        named = usable[self.columns["name"][usable] > 0]
        nameless = usable[self.columns["name"][usable] == 0]
        self._relate_names(named)
        areas = self._areas(named)
        self.by_name.add((self._name_blocks(named, self.columns["name"][named]) << AREA_BITS) + areas, named)
        for group, index in ((named, self.named_by_place), (nameless, self.nameless_by_place)):
            placed = group[self.columns["latitude"][group] > 0]
            index.add((self._place_blocks(placed, 0, 0) << AREA_BITS) + self._areas(placed), placed.astype(np.int64))

    def candidates(self, rows: Array) -> Iterator[tuple[Array, Array, Array]]:
        """Chunks of (left, right, name relation) for the rows given against everything indexed.

        A pair of two given rows appears once; every other pair once, the given row on the left.
        """
        import numpy as np

        given = np.zeros(self.columns.size, dtype=bool)
        given[rows] = True
        usable = rows[(self.columns["area"][rows] > 0) & (self.columns["trade"][rows] > 0)]
        named = usable[self.columns["name"][usable] > 0]
        nameless = usable[self.columns["name"][usable] == 0]
        yield from self._pairs(*self._named_queries(named), self.by_name, given)
        placed_named = named[self.columns["latitude"][named] > 0]
        placed_nameless = nameless[self.columns["latitude"][nameless] > 0]
        for group, index, symmetric in (
            (placed_nameless, self.nameless_by_place, True),
            (placed_nameless, self.named_by_place, False),
            (placed_named, self.nameless_by_place, False),
        ):
            if not len(group) or not len(index.keys):
                continue
            for step_north in (-1, 0, 1):
                for step_east in (-1, 0, 1):
                    blocks = self._place_blocks(group, step_north, step_east)
                    relation = np.zeros(len(group), dtype=np.int8)
                    if symmetric:
                        yield from self._pairs(group, blocks, relation, index, given)
                    elif group is placed_nameless:
                        yield from self._pairs(group, blocks, relation, index, None)
                    else:  # the named row asks only for nameless rows that do not ask themselves
                        yield from self._pairs(group, blocks, relation, index, given, only_old=True)

    def _relate_names(self, rows: Array) -> None:
        import numpy as np

        packed = np.unique((self.columns["region"][rows].astype(np.int64) << NAME_BITS) + self.columns["name"][rows])
        names = self.columns.names
        fresh: dict[int, list[tuple[int, str]]] = {}
        for item in packed.tolist():
            region, name = item >> NAME_BITS, item & ((1 << NAME_BITS) - 1)
            if (region, name) not in self.related:
                self.related[region, name] = [(name, EQUAL)]
                fresh.setdefault(region, []).append((name, names[name]))
        for region, added in fresh.items():
            book = self.books.get(region)
            if book is None:
                book = self.books[region] = NameBook(self.leaf_of.get(region, ""))
            for (one, other), relation in book.add(added).items():
                self.related[region, one].append((other, relation))
                self.related[region, other].append((one, relation))

    def _named_queries(self, rows: Array) -> tuple[Array, Array, Array]:
        import numpy as np

        if not len(rows):
            empty = np.empty(0, dtype=np.int64)
            return empty, empty, empty.astype(np.int8)
        packed = (self.columns["region"][rows].astype(np.int64) << NAME_BITS) + self.columns["name"][rows]
        unique, inverse = np.unique(packed, return_inverse=True)
        lists = [self.related[item >> NAME_BITS, item & ((1 << NAME_BITS) - 1)] for item in unique.tolist()]
        counts = np.array([len(item) for item in lists])
        starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        names = np.array([name for item in lists for name, _ in item], dtype=np.int64)
        relations = np.array([relation for item in lists for _, relation in item], dtype=np.int8)
        per_row = counts[inverse]
        asked = np.repeat(rows, per_row)
        offsets = np.arange(len(asked)) - np.repeat(np.cumsum(per_row) - per_row, per_row)
        at = np.repeat(starts[inverse], per_row) + offsets
        return asked, self._name_blocks(asked, names[at]), relations[at]

    def _pairs(
        self,
        asked: Array,
        blocks: Array,
        relation: Array,
        index: SortedBlocks,
        given: Array | None,
        *,
        only_old: bool = False,
    ) -> Iterator[tuple[Array, Array, Array]]:
        import numpy as np

        if not len(asked):
            return
        low, high = index.ranges(blocks, self._areas(asked))
        counts = high - low
        ends = np.cumsum(counts)
        start = 0
        while start < len(asked):
            done = ends[start - 1] if start else 0
            stop = max(int(np.searchsorted(ends, done + PAIRS_PER_CHUNK, side="right")), start + 1)
            part = counts[start:stop]
            left = np.repeat(asked[start:stop], part)
            if len(left):
                first = np.repeat(low[start:stop] - (np.cumsum(part) - part), part)
                right = index.rows[first + np.arange(len(left))]
                if given is None:
                    mask = np.ones(len(left), dtype=bool)
                elif only_old:
                    mask = ~given[right]
                else:
                    mask = ~given[right] | (right < left)
                mask &= right != left
                yield left[mask], right[mask], np.repeat(relation[start:stop], part)[mask]
            start = stop

    def _areas(self, rows: Array) -> Array:
        import numpy as np

        return np.minimum(np.rint(self.columns["area"][rows] * 100), MAX_AREA).astype(np.int64)

    def _name_blocks(self, rows: Array, names: Array) -> Array:
        import numpy as np

        region, trade = self.columns["region"][rows].astype(np.int64), self.columns["trade"][rows]
        return (((region << TRADE_BITS) + trade) << NAME_BITS) + names

    def _place_blocks(self, rows: Array, step_north: int, step_east: int) -> Array:
        import numpy as np

        region, trade = self.columns["region"][rows].astype(np.int64), self.columns["trade"][rows]
        north = ((self.columns["latitude"][rows] - ORIGIN[0]) / CELL_DEGREES).astype(np.int64) + step_north
        east = ((self.columns["longitude"][rows] - ORIGIN[1]) / CELL_DEGREES).astype(np.int64) + step_east
        return (((((region << TRADE_BITS) + trade) << 11) + (north & 0x7FF)) << 12) + (east & 0xFFF)
