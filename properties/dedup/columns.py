"""Adverts as numpy columns: a million adverts in about 150 MB, comparable in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from properties.dedup import rules
from properties.dedup.advert import Advert

if TYPE_CHECKING:
    import numpy as np

UNKNOWN_FLOOR = -99
TRADES = {"sale": 1, "jeonse": 2, "monthly": 3, "short": 4}
_FLOATS = ("price", "area", "supply", "latitude", "longitude")
_INTS = (
    "platform",
    "trade",
    "floor",
    "sure_band",
    "may_band",
    "total",
    "dong",
    "direction",
    "rooms",
    "rent",
    "deposit",
    "name",
    "region",
)
_HASHES = ("text", "photos", "group", "order")


def stable_hash(text: str) -> int:
    """64-bit hash that is the same in every process; 0 is reserved for empty text."""
    if not text:
        return 0
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1 or 1


def has_decimals(area: float) -> bool:
    """Whether a source gave the area with decimals (then it identifies the plan)."""
    return area != int(area)


class Columns:
    """Append-only columns. `codes` turns repeated texts into small numbers."""

    def __init__(self) -> None:
        self.size = 0
        self.keys: list[str] = []
        self.codes: dict[str, int] = {"": 0}
        self.region_codes: dict[str, int] = {}
        self.names: list[str] = [""]
        self.name_codes: dict[str, int] = {"": 0}
        self.arrays: dict[str, np.ndarray[Any, Any]] = {}

    def code(self, text: str | None) -> int:
        """Small number of a text, 0 for none."""
        if not text:
            return 0
        return self.codes.setdefault(text, len(self.codes))

    def name_code(self, name: str) -> int:
        """Small number of a complex name, 0 for none."""
        number = self.name_codes.get(name)
        if number is None:
            number = self.name_codes[name] = len(self.names)
            self.names.append(name)
        return number

    def append(self, adverts: Iterable[Advert]) -> range:
        """Rows of the adverts added; reads the iterable in chunks, so it may be a generator of millions."""
        start = self.size
        chunk: list[Advert] = []
        for advert in adverts:
            chunk.append(advert)
            if len(chunk) == 50_000:
                self._append_chunk(chunk)
                chunk = []
        if chunk:
            self._append_chunk(chunk)
        return range(start, self.size)

    def _append_chunk(self, chunk: list[Advert]) -> None:
        import numpy as np

        code, name_code = self.code, self.name_code
        floats: list[tuple[float, ...]] = []
        ints: list[tuple[int, ...]] = []
        hashes: list[tuple[int, ...]] = []
        steps = rules.DIRECTION_STEPS
        for advert in chunk:
            self.keys.append(advert.key)
            sure, may = rules.band_bits(advert.floor, advert.band, advert.floor_total)
            floats.append(
                (
                    rules.effective_price(advert.trade, advert.price, advert.rent),
                    advert.exclusive_m2 or 0.0,
                    advert.supply_m2 or 0.0,
                    advert.latitude or 0.0,
                    advert.longitude or 0.0,
                )
            )
            ints.append(
                (
                    code(advert.platform),
                    TRADES.get(advert.trade, 0),
                    UNKNOWN_FLOOR if advert.floor is None else advert.floor,
                    sure,
                    may,
                    advert.floor_total or 0,
                    code(advert.dong),
                    -1 if advert.direction is None else steps[advert.direction],
                    advert.rooms or 0,
                    advert.rent or 0,
                    -1 if advert.price is None else advert.price,
                    name_code(advert.name),
                    self.region_codes.setdefault(advert.region_code, len(self.region_codes)),
                )
            )
            text = advert.description
            hashes.append(
                (
                    stable_hash(text) if len(text) >= rules.DESCRIPTION_MIN_LENGTH else 0,
                    stable_hash(advert.photo_key),
                    stable_hash(advert.group_key),
                    stable_hash(advert.key),
                )
            )
        for names, rows, kind in ((_FLOATS, floats, "f8"), (_INTS, ints, "i4"), (_HASHES, hashes, "i8")):
            block = np.array(rows, dtype=kind)
            for position, name in enumerate(names):
                self._extend(name, block[:, position])
        self.size += len(chunk)

    def _extend(self, name: str, values: np.ndarray[Any, Any]) -> None:
        import numpy as np

        array = self.arrays.get(name)
        needed = self.size + len(values)
        if array is None or len(array) < needed:
            # Grow by a quarter: rare copies, little waste.
            room = np.zeros(max(needed, int(needed * 1.25) + 1_024), dtype=values.dtype)
            if array is not None:
                room[: self.size] = array[: self.size]
            array = self.arrays[name] = room
        array[self.size : needed] = values

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        return self.arrays[name][: self.size]
