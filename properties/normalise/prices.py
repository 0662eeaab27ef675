"""Korean price texts to integer 만원 (10,000 won). The raw text is always kept beside the result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from properties.normalise.codes import Trade

WON_PER_MANWON = 10_000
MIN_SALE, MAX_SALE, MAX_RENT = 1_000, 3_000_000, 5_000  # 만원: outside these a unit error is likely

_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_AMOUNT = re.compile(
    rf"(?:(?P<jo>{_NUMBER})조)?(?:(?P<eok>{_NUMBER})억)?"
    rf"(?:(?P<cheon>{_NUMBER})천)?(?:(?P<baek>{_NUMBER})백)?(?P<rest>{_NUMBER})?(?P<man>만)?(?P<won>원)?"
)
_SPACES = re.compile(r"\s+")
_FEE = re.compile(rf"관리비:?({_NUMBER})(만)?(원)?")
_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
_NEGOTIABLE = re.compile(r"협의|문의|전화|상담")
_TRADE_WORDS = (("전세", Trade.JEONSE), ("월세", Trade.MONTHLY), ("매매", Trade.SALE), ("단기", Trade.SHORT))
_WORDS_TO_DROP = re.compile(r"전세|월세|매매|단기임대|단기|보증금|매매가|전세금|가격|금액|약")
_DEPOSIT_AND_RENT = re.compile(r"^(.*[\d억천백만])에월?(\d.*)$")  # "1000에 50"
_EMPTY = frozenset({"", "-", "없음", "0만", "None", "null"})
_WEIGHTS = (("jo", 100_000_000), ("eok", 10_000), ("cheon", 1_000), ("baek", 100))


@dataclass(frozen=True, slots=True)
class Price:
    """One parsed price text; money in 만원. `amount` is the sale price or the deposit."""

    raw: str
    amount: int | None = None
    rent: int | None = None
    fee: int | None = None
    amount_max: int | None = None
    trade: Trade | None = None
    flags: tuple[str, ...] = ()


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


@lru_cache(maxsize=65_536)
def parse_amount(text: str) -> int | None:
    """Amount in 만원 of one Korean money text ("12억 3,000", "3억5천", "9,500만"); None when it is not one.

    A bare number counts as 만원, a number followed by 원 alone as won.
    """
    squeezed = _SPACES.sub("", text)
    match = _AMOUNT.fullmatch(squeezed)
    if not match or not squeezed or not any(char.isdigit() for char in squeezed):
        return None
    total = Decimal(0)
    has_unit = False
    for name, weight in _WEIGHTS:
        if number := match[name]:
            total += _decimal(number) * weight
            has_unit = True
    rest = match["rest"]
    if rest:
        value = _decimal(rest)
        if match["won"] and not match["man"] and not has_unit:
            value /= WON_PER_MANWON
        total += value
    return int(total)


def from_won(value: object) -> int | None:
    """Whole 만원 of an amount in won; None for missing or zero-like blanks."""
    if value is None or value == "":
        return None
    try:
        won = Decimal(str(value).replace(",", "").strip())
    except ArithmeticError:
        return None
    return int(won / WON_PER_MANWON)


@lru_cache(maxsize=65_536)
def parse_price(text: str | None, trade: Trade | None = None) -> Price:
    """Sale price, or deposit and rent, of a price text; never raises, says what it could not read in `flags`."""
    raw = "" if text is None else str(text)
    work = _SPACES.sub("", raw)
    if work in _EMPTY:
        return Price(raw, trade=trade)
    if _NEGOTIABLE.search(work):
        return Price(raw, trade=trade, flags=("negotiable",))
    fee = None
    if found := _FEE.search(work):
        fee = parse_amount(found[1] + (found[2] or "") + (found[3] or ""))
        work = work[: found.start()] + work[found.end() :]
    work = _BRACKETS.sub("", work)
    for word, meaning in _TRADE_WORDS:
        if word in work:
            trade = trade or meaning
            break
    no_deposit = "무보증" in work
    work = _WORDS_TO_DROP.sub("", work.replace("무보증금", "").replace("무보증", ""))
    if no_deposit:
        rent = parse_amount(work.lstrip("/월"))
        flags = () if rent is not None else ("unreadable_price",)
        return Price(raw, amount=0, rent=rent, fee=fee, trade=trade or Trade.MONTHLY, flags=flags)
    work = _DEPOSIT_AND_RENT.sub(r"\1/\2", work)
    if "/" in work:
        left, _, right = work.partition("/")
        deposit, rent = parse_amount(left), parse_amount(right.removeprefix("월").lstrip(":"))
        flags = () if deposit is not None and rent is not None else ("unreadable_price",)
        if trade is None:
            trade = Trade.MONTHLY if rent else Trade.JEONSE
        return Price(raw, amount=deposit, rent=rent, fee=fee, trade=trade, flags=flags)
    for dash in ("~", "∼", "～"):
        if dash in work:
            low, _, high = work.partition(dash)
            bottom, top = parse_amount(low), parse_amount(high)
            if bottom is not None and top is not None:
                return Price(raw, amount=bottom, amount_max=top, fee=fee, trade=trade, flags=("range",))
    amount = parse_amount(work)
    return Price(raw, amount=amount, fee=fee, trade=trade, flags=() if amount is not None else ("unreadable_price",))


def unit_flags(trade: Trade | None, amount: int | None, rent: int | None) -> tuple[str, ...]:
    """Flags for amounts that look like a wrong unit. They are reported, never repaired."""
    flags = []
    if trade is Trade.SALE and amount and not MIN_SALE <= amount <= MAX_SALE:
        flags.append("price_unit_suspect")
    if rent and rent > MAX_RENT:
        flags.append("rent_unit_suspect")
    if trade in (Trade.JEONSE, Trade.MONTHLY) and amount and amount > MAX_SALE:
        flags.append("deposit_unit_suspect")
    return tuple(flags)
