"""Facing of a unit, from Korean text or a platform code."""

from __future__ import annotations

import re
from functools import lru_cache

from properties.normalise.codes import Direction

_KOREAN = {
    "남동": Direction.SOUTH_EAST,
    "동남": Direction.SOUTH_EAST,
    "남서": Direction.SOUTH_WEST,
    "서남": Direction.SOUTH_WEST,
    "북동": Direction.NORTH_EAST,
    "동북": Direction.NORTH_EAST,
    "북서": Direction.NORTH_WEST,
    "서북": Direction.NORTH_WEST,
    "정남": Direction.SOUTH,
    "남": Direction.SOUTH,
    "동": Direction.EAST,
    "서": Direction.WEST,
    "북": Direction.NORTH,
}
# Naver doubles the letter of the four main directions and puts east or west first in the others.
_CODES = {
    "SS": Direction.SOUTH,
    "EE": Direction.EAST,
    "WW": Direction.WEST,
    "NN": Direction.NORTH,
    "ES": Direction.SOUTH_EAST,
    "WS": Direction.SOUTH_WEST,
    "EN": Direction.NORTH_EAST,
    "WN": Direction.NORTH_WEST,
    **{direction.value: direction for direction in Direction},
}
_BASE = re.compile(r"(거실|안방|주된?출입구|출입구|발코니|베란다)")
_WORD = re.compile(r"(남동|동남|남서|서남|북동|동북|북서|서북|정남|남|동|서|북)(?:향|쪽)?(?:$|[^가-힣])")


@lru_cache(maxsize=4_096)
def parse_direction(text: str | None) -> tuple[Direction | None, str | None]:
    """Direction and the room it is measured from ("남동향(거실 기준)"); (None, None) when not stated."""
    if not text:
        return None, None
    work = str(text).strip()
    if code := _CODES.get(work.upper()):
        return code, None
    base = _BASE.search(work)
    match = _WORD.search(work.replace(" ", "")) or _WORD.search(work)
    return (_KOREAN[match[1]] if match else None), (base[1] if base else None)
