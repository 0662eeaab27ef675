"""Legal-dong (법정동) codes with validity: names to codes, retired codes to their successors and back."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).with_name("data") / "regions.csv.gz"

# Every way a province is written, to its full names, current first. Data of the market, not of the table.
_PROVINCES: dict[str, tuple[str, ...]] = {}
for _full, _forms in {
    ("서울특별시",): "서울 서울시",
    ("부산광역시",): "부산 부산시",
    ("대구광역시",): "대구 대구시",
    ("인천광역시",): "인천 인천시",
    ("대전광역시",): "대전 대전시",
    ("울산광역시",): "울산 울산시",
    ("세종특별자치시",): "세종 세종시 세종특별시",
    ("경기도",): "경기",
    ("강원특별자치도", "강원도"): "강원 강원도 강원특별자치도",
    ("충청북도",): "충북",
    ("충청남도",): "충남",
    ("전북특별자치도", "전라북도"): "전북 전라북도 전북특별자치도",
    ("경상북도",): "경북",
    ("경상남도",): "경남",
    ("제주특별자치도",): "제주 제주도",
    ("전남광주통합특별시", "광주광역시", "전라남도"): "전남광주 전남광주시 전남광주특별시 전남광주통합특별시",
    ("광주광역시",): "광주 광주시",
    ("전라남도",): "전남",
}.items():
    for _form in (*_forms.split(), *_full):
        _PROVINCES.setdefault(_form, _full)


@dataclass(frozen=True, slots=True)
class Region:
    """One legal region. `code` has 10 digits; `valid_to` is the first day it no longer counts."""

    code: str
    name: str
    valid_from: date | None
    valid_to: date | None
    successors: tuple[str, ...]

    @property
    def level(self) -> str:
        """One of sido, sgg, umd, ri."""
        return level_of(self.code)

    @property
    def leaf(self) -> str:
        """Last word of the name."""
        return self.name.rsplit(" ", 1)[-1]


def level_of(code: str) -> str:
    """Level of a 10-digit code: sido, sgg, umd or ri."""
    if code[2:] == "00000000":
        return "sido"
    if code[5:] == "00000":
        return "sgg"
    return "umd" if code[8:] == "00" else "ri"


def pad(code: str) -> str:
    """A 2-, 5-, 8- or 10-digit region code as 10 digits."""
    return code.ljust(10, "0")


def prefix_of(code: str) -> str:
    """Digits that every code inside a region begins with.

    A city's code ends in 0 at the fifth digit and its general districts count on from there (수원 41110, 장안구 41111).
    """
    code = pad(code)
    level = level_of(code)
    if level == "sido":
        return code[:2]
    if level == "sgg":
        return code[:4] if code[4] == "0" else code[:5]
    return code[:8] if level == "umd" else code


class Regions:
    """The table with its indexes. Build once per process through `regions()`."""

    def __init__(self, rows: Iterable[Region]) -> None:
        self.by_code: dict[str, Region] = {row.code: row for row in rows}
        self._active: dict[str, str] = {}
        self._retired: dict[str, str] = {}
        self._short: dict[str, str | None] = {}
        self._predecessors: dict[str, list[str]] = {}
        for region in self.by_code.values():
            index = self._retired if region.valid_to else self._active
            index[region.name] = region.code
            words = region.name.split()
            if words[0] == "전남광주통합특별시" and len(words) > 2 and words[1] == "광주":
                index[" ".join([words[0], *words[2:]])] = region.code
            for successor in region.successors:
                self._predecessors.setdefault(successor, []).append(region.code)
            if len(words) > 2 and words[1].endswith("시") and words[2].endswith("구"):
                self._add_short(" ".join([words[1][:-1], *words[2:]]), region)
                index.setdefault(" ".join([words[0], words[1][:-1], *words[2:]]), region.code)
            # Names without the province, and without the city of a general district, when they are unambiguous.
            for skip in (1, 2):
                if len(words) > skip and (skip == 1 or words[skip].endswith("구")):
                    self._add_short(" ".join(words[skip:]), region)

    def _add_short(self, name: str, region: Region) -> None:
        if region.level == "umd" and " " not in name:
            return  # the same dong name occurs in many cities: never resolve one without its district
        known = self._short.get(name, "")
        if known == "":
            self._short[name] = region.code
        elif known and known != region.code:
            previous = self.by_code[known]
            if previous.valid_to and not region.valid_to:
                self._short[name] = region.code
            elif bool(previous.valid_to) == bool(region.valid_to):
                self._short[name] = None

    def get(self, code: str) -> Region | None:
        """Region of a code of 2, 5, 8 or 10 digits."""
        return self.by_code.get(pad(code))

    def current(self, code: str) -> tuple[str, ...]:
        """Codes valid now for any code ever listed: itself, or its final successors; empty when unknown."""
        region = self.by_code.get(pad(code))
        if region is None:
            return ()
        if not region.valid_to:
            return (region.code,)
        final: set[str] = set()
        for successor in region.successors:
            final.update(self.current(successor))
        return tuple(sorted(final))

    def predecessors(self, code: str) -> tuple[str, ...]:
        """Every retired code that became this one, nearest first."""
        found: list[str] = []
        queue = [pad(code)]
        while queue:
            for old in self._predecessors.get(queue.pop(0), ()):
                if old not in found:
                    found.append(old)
                    queue.append(old)
        return tuple(found)

    def family(self, code: str) -> tuple[str, ...]:
        """The code's current forms followed by all their predecessors: what an upstream may file a row under."""
        now = self.current(code) or (pad(code),)
        family = list(now)
        for item in now:
            family.extend(old for old in self.predecessors(item) if old not in family)
        return tuple(family)

    def lawd_family(self, lawd_cd: str) -> tuple[str, ...]:
        """Five-digit codes to try for one district, current first (an unknown LAWD_CD answers with zero rows)."""
        return tuple(dict.fromkeys(code[:5] for code in self.family(pad(lawd_cd))))

    def resolve(self, words: Sequence[str]) -> tuple[str | None, int]:
        """Code of the longest region name that the words begin with, and how many words it took."""
        if not words:
            return None, 0
        best: tuple[str | None, int] = (None, 0)
        for province in _PROVINCES.get(words[0], ()):
            for count in range(min(len(words), 5), 0, -1):
                name = " ".join((province, *words[1:count]))
                code = self._active.get(name) or self._retired.get(name)
                if code and count > best[1]:
                    best = (code, count)
                    break
        if best[1] < 2:
            for count in range(min(len(words), 4), 0, -1):
                name = " ".join(words[:count])
                code = self._active.get(name) or self._short.get(name)
                if code and count > best[1]:
                    return code, count
        return best

    def find(self, text: str) -> Region | None:
        """Current region of a name ("서울 강남구", "강남구 역삼동") or of a code; None when unknown or ambiguous."""
        work = text.strip()
        if work.isdigit():
            now = self.current(work)
            return self.by_code[now[0]] if len(now) == 1 else self.get(work)
        words = work.split()
        code, taken = self.resolve(words)
        if code is None or taken < len(words):
            return None
        now = self.current(code)
        return self.by_code[now[0]] if len(now) == 1 else self.by_code[code]

    def search(self, text: str, limit: int = 20) -> list[Region]:
        """Current regions whose name contains every word, wider regions first."""
        words = [_PROVINCES[word][0] if word in _PROVINCES else word for word in text.split()]
        if not words:
            return []
        order = {"sido": 0, "sgg": 1, "umd": 2, "ri": 3}
        hits = [
            region
            for region in self.by_code.values()
            if not region.valid_to and all(word in region.name for word in words)
        ]
        hits.sort(key=lambda region: (not region.leaf.startswith(words[-1]), order[region.level], region.code))
        return hits[:limit]

    def districts(self) -> list[Region]:
        """Every current 시군구 (and 세종) with its own LAWD_CD."""
        parents = {
            region.code[:5] for region in self.by_code.values() if not region.valid_to and region.level in ("umd", "ri")
        }
        return [self.by_code[code] for code in sorted(pad(parent) for parent in parents) if code in self.by_code]


@lru_cache(maxsize=1)
def regions() -> Regions:
    """The table of this process (loaded on first use, about 0.1 s)."""
    with gzip.open(DATA, "rt", encoding="utf-8", newline="") as file:
        return Regions(
            Region(
                row["code"],
                row["name"],
                date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
                date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                tuple(row["successors"].split("|")) if row["successors"] else (),
            )
            for row in csv.DictReader(file)
        )


def dongs_of(code: str) -> list[Region]:
    """Current 읍면동 of a district or city, in the order of their codes; empty for anything else."""
    if level_of(pad(code)) != "sgg":
        return []
    prefix = prefix_of(code)
    return sorted(
        (
            region
            for region in regions().by_code.values()
            if region.code.startswith(prefix) and not region.valid_to and region.level == "umd"
        ),
        key=lambda region: region.code,
    )
