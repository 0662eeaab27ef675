"""Reading values of rows: everything arrives as text, in several spellings. Empty text means "not given"."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from procurement.g2b.calendar import SEOUL

_DIGITS = re.compile(r"\D+")


def text(row: Mapping[str, str], *names: str) -> str:
    """The first non-empty value of the given columns, trimmed, entities undone; column case does not matter."""
    for name in names:
        value = row.get(name)
        if value is None and (other := _other_case(row, name)) is not None:
            value = row[other]
        if value and value.strip():
            return html.unescape(value.strip()) if "&" in value else value.strip()
    return ""


def _other_case(row: Mapping[str, str], name: str) -> str | None:
    wanted = name.lower()
    return next((found for found in row if found.lower() == wanted), None)


def won(row: Mapping[str, str], *names: str) -> int | None:
    """An amount in won; None when empty. Negative amounts are legitimate (changes)."""
    value = number(row, *names)
    return None if value is None else int(value)


def number(row: Mapping[str, str], *names: str) -> Decimal | None:
    """A decimal number (quantities can be fractional, rates are percent); None when empty or not a number."""
    value = text(row, *names).replace(",", "")
    try:
        return Decimal(value) if value else None
    except InvalidOperation:
        return None


def day(row: Mapping[str, str], *names: str) -> date | None:
    """A day written `YYYYMMDD`, `YYYY-MM-DD`, or with a time behind it."""
    digits = _DIGITS.sub("", text(row, *names))[:8]
    try:
        return datetime.strptime(digits, "%Y%m%d").date() if len(digits) == 8 else None
    except ValueError:
        return None


def moment(row: Mapping[str, str], *names: str) -> datetime | None:
    """A time in Seoul; written with or without seconds, or a day alone (then midnight)."""
    digits = _DIGITS.sub("", text(row, *names))
    if len(digits) < 8:
        return None
    try:
        # "24:00" is used for the end of a day by some agencies.
        digits = digits.replace("2400", "2359", 1) if digits[8:12] == "2400" else digits
        return datetime.strptime(digits[:14].ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=SEOUL)
    except ValueError:
        return None


def yes(row: Mapping[str, str], *names: str) -> bool | None:
    value = text(row, *names).upper()
    return {"Y": True, "N": False}.get(value)


def digits_only(value: str) -> str:
    """A business number without dashes, as text."""
    return _DIGITS.sub("", value)


def groups(value: str) -> list[list[str]]:
    """A composite field: `[a^b^c]` one or several times, or bare `a^b^c`."""
    if not value:
        return []
    found = re.findall(r"\[([^\[\]]*)\]", value) or [value]
    return [[part.strip() for part in group.split("^")] for group in found]


#: Columns with names, telephones, mails, faxes and addresses of officials and representatives.
_PERSONAL = re.compile(
    r"(ofcl|ofclNm|ceoNm|exctvNm|rprsntNm|rprsntvNm|telNo|tel|faxNo|emailAdrs|email|corpAdrs|bidwinnrAdrs|^adrs|^dtlAdrs)\Z",
    re.IGNORECASE,
)
_PERSON_SEGMENTS = {
    "opengCorpInfo": (2,),
    "corpList": (4,),
    "dminsttList": (5, 6),
    "bidwinrInfoList": (3,),
}


def is_personal(column: str) -> bool:
    """Whether a column holds personal data of an official or a representative."""
    return bool(_PERSONAL.search(column))


def without_people(row: Mapping[str, str]) -> dict[str, str]:
    """The row with personal data of officials and representatives taken out; keys stay."""
    cleaned = {name: "" if is_personal(name) else value for name, value in row.items()}
    for name, positions in _PERSON_SEGMENTS.items():
        if cleaned.get(name):
            cleaned[name] = _blank(cleaned[name], positions)
    return cleaned


def _blank(value: str, positions: tuple[int, ...]) -> str:
    def one(body: str) -> str:
        parts = body.split("^")
        return "^".join("" if index in positions else part for index, part in enumerate(parts))

    if "[" in value:
        return re.sub(r"\[([^\[\]]*)\]", lambda match: f"[{one(match[1])}]", value)
    return one(value)
