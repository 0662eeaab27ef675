"""Korean addresses, lot (지번) and road (도로명), to legal-dong codes and stable keys."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from properties.normalise.regions import level_of, regions

_SPACES = re.compile(r"\s+")
_LOT = re.compile(r"^(산)?(\d{1,4})(?:-(\d{1,4}))?(?:번지|번)?$")
_LOT_SPLIT = re.compile(r"(?<=\d)번지")
_ADMIN_DONG = re.compile(r"^[가-힣]+\d+동$|^[가-힣]+제\d+동$")
_ROAD = re.compile(r"^[가-힣A-Za-z0-9·.]+(?:대로|로|길)(?:\d+번?[가나다라]?길)?$")
_ROAD_JOINED = re.compile(r"^([가-힣A-Za-z0-9·.]+?(?:대로|로|길))(\d{1,4}(?:-\d{1,4})?)$")
_NUMBER = re.compile(r"^(\d{1,4})(?:-(\d{1,4}))?$")
_DONG = re.compile(r"^제?([A-Za-z가-하]|\d{1,4})동$")
_HO = re.compile(r"^제?([A-Za-z]?\d{1,5}(?:-\d+)?)호$")
_BRACKET = re.compile(r"\(([^)]*)\)")
_DONG_TAIL = re.compile(r"^[가-힣]+\d*(?:동|읍|면|리|가|로)$")
_NEW_TOKEN = re.compile(r"(?<=[가-힣])(?=(?:산)?\d{1,4}-\d{1,4}$)")


@dataclass(frozen=True, slots=True)
class Address:
    """One parsed address. `code` is the deepest current legal region found (10 digits)."""

    raw: str
    code: str | None = None
    source_code: str | None = None
    region_name: str = ""
    mountain: bool = False
    main_lot: int | None = None
    sub_lot: int = 0
    road: str | None = None
    road_number: int | None = None
    road_sub_number: int = 0
    underground: bool = False
    building: str = ""
    building_dong: str | None = None
    unit: str | None = None
    admin_dong: str | None = None
    flags: tuple[str, ...] = ()

    @property
    def level(self) -> str | None:
        """Level of `code`: sido, sgg, umd or ri."""
        return level_of(self.code) if self.code else None

    @property
    def lot_key(self) -> str | None:
        """PNU of the lot: code 10 + land kind (1 lot, 2 mountain) + main lot 4 + sub lot 4."""
        if not self.code or self.main_lot is None or self.level not in ("umd", "ri"):
            return None
        return f"{self.code}{2 if self.mountain else 1}{self.main_lot:04d}{self.sub_lot:04d}"

    @property
    def road_key(self) -> str | None:
        """District code, road name and number: what identifies a building by its road address."""
        if not self.code or not self.road or self.road_number is None:
            return None
        below = "지하" if self.underground else ""
        return f"{self.code[:5]}:{self.road}:{below}{self.road_number}-{self.road_sub_number}"


@lru_cache(maxsize=65_536)
def parse_address(text: str | None) -> Address:
    """Address of free text. Unknown parts stay empty and are named in `flags`; nothing is guessed."""
    raw = "" if text is None else str(text)
    work = unicodedata.normalize("NFKC", raw)
    inside = [part for group in _BRACKET.findall(work) for part in group.split(",")]
    work = _LOT_SPLIT.sub(" ", _BRACKET.sub(" ", work)).replace(",", " ")
    words = [piece for word in work.split() for piece in _NEW_TOKEN.split(word, maxsplit=1) if piece]
    table = regions()
    if words and words[0] in ("대한민국", "한국"):
        words = words[1:]
    code, taken = table.resolve(words)
    rest = words[taken:]
    flags: list[str] = []
    fields: dict[str, object] = {}
    if code is None:
        flags.append("region_unknown")
    # A second half of a region name may hide in brackets: "서울 강남구 가나로 1 (역삼동, 가나래미)".
    bracket_words = [_SPACES.sub(" ", part).strip() for part in inside if part.strip()]
    building: list[str] = []
    index = 0
    while index < len(rest):
        word = rest[index]
        following = rest[index + 1] if index + 1 < len(rest) else ""
        joined = _ROAD_JOINED.match(word)
        if "main_lot" not in fields and "road" not in fields and joined and not _LOT.match(word) and not building:
            number = _NUMBER.match(joined[2])
            fields |= {"road": joined[1], "road_number": int(number[1]), "road_sub_number": int(number[2] or 0)}
        elif "road" not in fields and "main_lot" not in fields and _ROAD.match(word) and _follows_road(following):
            if following.startswith("지하"):
                fields["underground"] = True
                following = following[2:]
                if not following:
                    index += 1
                    following = rest[index + 1] if index + 1 < len(rest) else ""
            number = _NUMBER.match(following)
            if number:
                fields |= {"road": word, "road_number": int(number[1]), "road_sub_number": int(number[2] or 0)}
                index += 1
            else:
                building.append(word)
        elif word == "산" and _NUMBER.match(following):
            fields["mountain"] = True
        elif "main_lot" not in fields and "road" not in fields and (lot := _LOT.match(word)):
            fields |= {"main_lot": int(lot[2]), "sub_lot": int(lot[3] or 0)}
            if lot[1]:
                fields["mountain"] = True
        elif _ADMIN_DONG.match(word) and not _DONG.match(word) and not building and "admin_dong" not in fields:
            fields["admin_dong"] = word
            flags.append("administrative_dong")
        elif match := _DONG.match(word):
            fields["building_dong"] = match[1]
        elif match := _HO.match(word):
            fields["unit"] = match[1]
        else:
            building.append(word)
        index += 1
    for part in bracket_words:
        pieces = part.split()
        if code and level_of(code) in ("sgg", "sido") and _DONG_TAIL.match(pieces[0]):
            deeper, used = table.resolve([*words[:taken], pieces[0]])
            if deeper and used > taken:
                code = deeper
                continue
        if not _DONG_TAIL.match(part):
            building.append(part)
    source_code = code
    if code:
        now = table.current(code)
        if len(now) == 1:
            code = now[0]
        elif now:
            flags.append("region_divided")
        if level_of(code) in ("sido", "sgg") and not str(code).startswith("36"):
            flags.append("dong_unknown")
    region = table.get(code) if code else None
    return Address(
        raw=raw,
        code=code,
        source_code=source_code,
        region_name=region.name if region else "",
        building=" ".join(building),
        flags=tuple(flags),
        **fields,  # type: ignore[arg-type]
    )


def _follows_road(word: str) -> bool:
    return bool(_NUMBER.match(word.removeprefix("지하"))) or word == "지하"
