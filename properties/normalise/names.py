"""Complex and building names in a comparable form. Numbers are kept: 3단지 is not 4단지."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Spellings of one brand to the form used for comparison; longer spellings first.
_ALIASES: tuple[tuple[str, str], ...] = (
    ("이편한세상", "e편한세상"),
    ("the#", "더샵"),
    ("thesharp", "더샵"),
    ("더샾", "더샵"),
    ("더샆", "더샵"),
    ("raemian", "래미안"),
    ("레미안", "래미안"),
    ("i'park", "아이파크"),
    ("ipark", "아이파크"),
    ("i-park", "아이파크"),
    ("에스케이", "sk"),
    ("엘지", "lg"),
    ("지에스", "gs"),
    ("케이씨씨", "kcc"),
    ("에스에이치", "sh"),
    ("엘에이치", "lh"),
    ("prugio", "푸르지오"),
    ("hillstate", "힐스테이트"),
    ("lottecastle", "롯데캐슬"),
    ("롯데케슬", "롯데캐슬"),
    ("acro", "아크로"),
    ("centreville", "센트레빌"),
    ("view", "뷰"),
    ("humansia", "휴먼시아"),
)
_XI = re.compile(r"(?<![a-z])xi(?![a-z])")  # the brand 자이, not the middle of an English word
_ROMAN = {"Ⅰ": "1", "Ⅱ": "2", "Ⅲ": "3", "Ⅳ": "4", "Ⅴ": "5", "Ⅵ": "6", "Ⅶ": "7", "Ⅷ": "8", "Ⅸ": "9", "Ⅹ": "10"}
_ROMAN_TABLE = str.maketrans(_ROMAN)
_DONG_SPAN = re.compile(
    r"[(\[]?\s*제?(\d{1,4})\s*동?\s*[~,∼\-]\s*제?(\d{1,4})\s*동\s*[)\]]?"
    r"|\((\d{1,4})\s*[~∼]\s*(\d{1,4})\)"
)
_TRAILING_DONG = re.compile(r"\s+제?(\d{2,4}|[A-Za-z가나다라마바사])동$")
_PUNCTUATION = re.compile(r"[\s()\[\]{}<>.,·ㆍ・'\"`’‘“”_/\\:;!?&+~\-]+")
_ORDINAL = re.compile(r"제(\d+)(?=단지|차|동|지구|$)")
_NUMBERS = re.compile(r"\d+")
_UNIT_WORDS = re.compile(r"(?<=\d)(단지|차|지구|블록|bl)")
_TAIL = re.compile(r"(아파트|apt|주상복합|오피스텔)$")
_DONG = re.compile(r"^제?\s*(\d{1,4}|[A-Za-z가-힣])\s*동?$")


@dataclass(frozen=True, slots=True)
class ComplexName:
    """A comparable name: `key` without spaces and brand spellings, `stem` without its numbers."""

    raw: str
    key: str
    stem: str
    numbers: tuple[str, ...]
    dong_span: tuple[int, int] | None = None
    building_dong: str | None = None


@lru_cache(maxsize=65_536)
def parse_complex_name(text: str | None) -> ComplexName:
    """Comparable form of a complex or building name; empty key when there is none."""
    raw = "" if text is None else str(text).strip()
    work = raw.translate(_ROMAN_TABLE)
    work = unicodedata.normalize("NFKC", work)
    span: tuple[int, int] | None = None
    if match := _DONG_SPAN.search(work):
        low, high = (match[1], match[2]) if match[1] else (match[3], match[4])
        span = (int(low), int(high))
        work = work[: match.start()] + " " + work[match.end() :]
    building_dong = None
    if match := _TRAILING_DONG.search(work):
        building_dong = match[1].upper()
        work = work[: match.start()]
    key = work.lower().replace("#", "")
    key = _PUNCTUATION.sub("", key)
    for spelling, canonical in _ALIASES:
        if spelling in key:
            key = key.replace(spelling, canonical)
    key = _XI.sub("자이", key)
    key = _ORDINAL.sub(r"\1", key)
    while (shorter := _TAIL.sub("", key)) != key and shorter:
        key = shorter
    numbers = tuple(str(int(number)) for number in _NUMBERS.findall(key))
    stem = _UNIT_WORDS.sub("", key)
    stem = _NUMBERS.sub("", stem)
    stem = stem.replace("아파트", "")
    return ComplexName(raw, key, stem, numbers, span, building_dong)


@lru_cache(maxsize=16_384)
def parse_building_dong(text: str | None) -> str | None:
    """Building within a complex ("103동", "제103동", "103", "A동", "가동") as "103" or "A"; None when unknown."""
    if not text:
        return None
    work = unicodedata.normalize("NFKC", str(text)).strip()
    match = _DONG.match(work)
    if not match:
        return None
    value = match[1].upper()
    return str(int(value)) if value.isdigit() else value
