"""Floor areas in square metres. 평 is derived (1 평 = 400/121 ㎡); the marketing 평형 comes from the supply area."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

SQUARE_METRES_PER_PYEONG = 400 / 121
_AREA = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(㎡|m²|m2|제곱미터|평형|평)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Areas:
    """Exclusive (전용), supply (공급) and contract (계약) area in ㎡; None means unknown."""

    exclusive: float | None = None
    supply: float | None = None
    contract: float | None = None
    flags: tuple[str, ...] = ()

    @property
    def pyeong_class(self) -> int | None:
        """Marketing 평형, from the supply area."""
        return int(self.supply / SQUARE_METRES_PER_PYEONG) if self.supply else None


def to_pyeong(square_metres: float) -> float:
    """평 of an area in ㎡."""
    return square_metres / SQUARE_METRES_PER_PYEONG


def from_pyeong(pyeong: float) -> float:
    """㎡ of an area in 평."""
    return pyeong * SQUARE_METRES_PER_PYEONG


@lru_cache(maxsize=32_768)
def _parse_text(text: str) -> float | None:
    match = _AREA.search(text)
    if not match:
        return None
    value = float(match[1].replace(",", ""))
    if match[2] and match[2].startswith("평"):
        value = from_pyeong(value)
    return round(value, 4) if value > 0 else None


def parse_area(value: object) -> float | None:
    """Area in ㎡ of a number or text ("84.97", "112A", "25.7평"); zero and blanks mean unknown."""
    if value is None or value is False:
        return None
    if isinstance(value, int | float):
        return float(value) if value > 0 else None
    return _parse_text(str(value))


def reconcile_areas(exclusive: float | None, supply: float | None, contract: float | None = None) -> Areas:
    """Areas with swapped columns put right (exclusive can never exceed supply) and implausible ratios flagged."""
    flags: list[str] = []
    if exclusive and supply and exclusive > supply + 0.5:
        exclusive, supply = supply, exclusive
        flags.append("areas_swapped")
    if exclusive and supply and supply / exclusive > 3.5:
        flags.append("area_ratio_suspect")
    if exclusive and not 3 <= exclusive <= 100_000:
        flags.append("area_unit_suspect")
    return Areas(exclusive, supply, contract, tuple(flags))
