"""Floor texts: exact, masked (저/중/고), basement, rooftop, several storeys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from properties.normalise.codes import FloorBand

_BANDS = {"저": FloorBand.LOW, "중": FloorBand.MID, "고": FloorBand.HIGH}
_BAND = re.compile(r"^(저|중|고)(?:층)?$")
_BASEMENT = re.compile(r"^(?:B|b|지하|-)(\d{0,2})(?:층)?$")
_SPAN = re.compile(r"^(-?\d{1,3})층?[-~](\d{1,3})층?$")
_PLAIN = re.compile(r"^(\d{1,3})(?:층|F|f)?$")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Floor:
    """One parsed floor. `number` is negative below ground and None when masked or unknown."""

    number: int | None = None
    band: FloorBand | None = None
    total: int | None = None
    is_semi_basement: bool = False
    is_rooftop: bool = False
    is_whole_building: bool = False
    top: int | None = None
    flags: tuple[str, ...] = ()


def band_of(number: int, total: int) -> FloorBand:
    """Third of the building: low up to one third, middle up to two thirds, high above."""
    if number * 3 <= total:
        return FloorBand.LOW
    return FloorBand.MID if number * 3 <= total * 2 else FloorBand.HIGH


@lru_cache(maxsize=16_384)
def parse_floor(text: str | None, total: str | int | None = None) -> Floor:
    """Floor of "12/25", "고/25", "B1/4", "반지하", "옥탑", "1-2층", "전층"; flags what it cannot read."""
    work = _SPACES.sub("", str(text)) if text is not None else ""
    if "/" in work:
        work, _, total_text = work.partition("/")
        total = total_text or total
    storeys: int | None = None
    if total is not None and (digits := re.search(r"\d+", str(total))):
        storeys = int(digits[0]) or None
    if work in ("", "-", "None"):
        return Floor(total=storeys)
    if "반지" in work or "반지층" in work:
        return Floor(number=-1, total=storeys, is_semi_basement=True)
    if "옥탑" in work:
        return Floor(number=storeys, total=storeys, is_rooftop=True)
    if "전층" in work or work in ("건물전체", "통건물"):
        return Floor(total=storeys, is_whole_building=True)
    if match := _BAND.match(work):
        return Floor(band=_BANDS[match[1]], total=storeys)
    if match := _BASEMENT.match(work):
        return Floor(number=-int(match[1] or 1), total=storeys)
    if match := _SPAN.match(work):
        low, high = int(match[1]), int(match[2])
        return Floor(number=low, top=high, band=band_of(low, storeys) if storeys else None, total=storeys)
    if match := _PLAIN.match(work):
        number = int(match[1])
        if number == 0:
            return Floor(total=storeys)
        flags = ("floor_above_total",) if storeys and number > storeys else ()
        band = band_of(number, storeys) if storeys and not flags else None
        return Floor(number=number, band=band, total=storeys, flags=flags)
    if "복층" in work:
        return Floor(total=storeys, flags=("duplex",))
    return Floor(total=storeys, flags=("unreadable_floor",))
