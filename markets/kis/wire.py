"""Reading KIS wire values: all strings; numbers may be zero-padded, blank, signed twice or in other units."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

SEOUL = ZoneInfo("Asia/Seoul")
CODE = re.compile(r"(Q[0-9A-Z]{6}|[0-9A-Z]{6,9})\Z")


def number(value: Any) -> Decimal | None:
    """A wire number, None when blank; raises ValueError for anything else."""
    text = str(value if value is not None else "").strip().replace(",", "")
    if not text or text == "-":
        return None
    try:
        found = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text[:30]!r} is not a number") from error
    if not found.is_finite():
        raise ValueError(f"{text[:30]!r} is not a number")
    return found


def whole(value: Any, factor: int = 1) -> int | None:
    """A whole wire number times `factor`, None when blank."""
    found = number(value)
    return None if found is None else int((found * factor).to_integral_value())


def real(value: Any) -> float | None:
    """A wire number with decimals (percentages, index points), None when blank."""
    found = number(value)
    return None if found is None else float(found)


def day(value: Any) -> date | None:
    """A Seoul calendar date from YYYYMMDD, None when blank."""
    text = str(value or "").strip()
    return datetime.strptime(text, "%Y%m%d").date() if text else None


def code(value: Any) -> str:
    """An instrument code: always text, leading zeros and letters kept."""
    text = str(value or "").strip()
    if not CODE.match(text):
        raise ValueError(f"{text[:12]!r} is not an instrument code")
    return text


def name(value: Any) -> str:
    """A display name with its padding and inner blanks collapsed."""
    return " ".join(str(value or "").split())


def signed(change: int | float | None, sign: str) -> Any:
    """The change with the direction of `prdy_vrss_sign` (1, 2 up; 3 flat; 4, 5 down), applied exactly once."""
    if change is None or sign.strip() not in {"1", "2", "3", "4", "5"}:
        return change
    if sign.strip() == "3":
        return change * 0
    return -abs(change) if sign.strip() in {"4", "5"} else abs(change)


def is_blank(row: Any) -> bool:
    """True for the empty and all-blank rows KIS pads lists with."""
    return not isinstance(row, dict) or not any(str(value or "").strip() for value in row.values())


Code = Annotated[str, BeforeValidator(code)]
Name = Annotated[str, BeforeValidator(name)]
Whole = Annotated[int, BeforeValidator(whole)]
WholeOrNone = Annotated[int | None, BeforeValidator(whole)]
RealOrNone = Annotated[float | None, BeforeValidator(real)]
Day = Annotated[date, BeforeValidator(day)]
#: Amounts in million won (백만원) become won.
MillionWon = Annotated[int | None, BeforeValidator(lambda value: whole(value, 1_000_000))]
#: Market values in 100 million won (억원) become won.
HundredMillionWon = Annotated[int | None, BeforeValidator(lambda value: whole(value, 100_000_000))]
#: Volumes in thousand shares become shares.
ThousandShares = Annotated[int | None, BeforeValidator(lambda value: whole(value, 1_000))]
