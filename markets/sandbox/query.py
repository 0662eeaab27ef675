"""Reading a query the way the upstream does: required fields, codes and dates, refused in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from markets.sandbox import figures

Query = Mapping[str, str]


class Refusal(Exception):
    """A business error: `rt_cd` 1 with a code and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def need(query: Query, *names: str) -> list[str]:
    """The values of required fields, spelled exactly as the endpoint documents them."""
    missing = [name for name in names if name not in query]
    if missing:
        raise Refusal("OPSQ2001", f"ERROR INPUT FIELD NOT FOUND [{missing[0]}]")
    return [query[name] for name in names]


def venue_of(wire: str) -> str:
    if wire not in {"J", "NX", "UN"}:
        raise Refusal("OPSQ2002", "ERROR INVALID FID_COND_MRKT_DIV_CODE")
    return wire


def fixed(value: float) -> str:
    return f"{value:.2f}"


def known(code: str) -> str:
    """A code of the excerpt; the upstream's own words for any other."""
    if code not in figures.symbols():
        raise Refusal("MCA05918", "종목코드 오류입니다.")
    return code


def day_of(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError as error:
        raise Refusal("OPSQ2002", "ERROR INVALID DATE") from error
