"""Medians per month and area class, jeonse ratio, and the safety of a deposit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from properties.collectors.molit import Deal
from properties.normalise.codes import Trade

MIN_DEALS = 3
AREA_CLASSES = ((0, 40), (40, 60), (60, 85), (85, 102), (102, 135), (135, 10_000))


@dataclass(frozen=True, slots=True)
class MonthPoint:
    """Median of one month; `median_price` is 만원 per deal, `median_per_m2` 만원 per ㎡; None under MIN_DEALS."""

    month: str
    count: int
    median_price: int | None
    median_per_m2: float | None


@dataclass(frozen=True, slots=True)
class Safety:
    """How safe a deposit is. `level` is low, middle or high risk; `unknown` when there are too few deals."""

    level: str
    ratio: float | None
    sale_median: int | None
    deals: int
    reasons: tuple[str, ...]


def area_class(square_metres: float) -> str:
    """Class of an exclusive area in ㎡: up to 40, 60, 85 (국민평형), 102, 135, above."""
    for low, high in AREA_CLASSES:
        if low < square_metres <= high:
            return f"{low}-{high}" if high < 10_000 else f"{low}+"
    return "0-40"


def usable(deals: Iterable[Deal]) -> list[Deal]:
    """Deals that say something about the market: not cancelled, not of a share, not direct between relatives."""
    return [deal for deal in deals if deal.cancelled_on is None and not deal.is_share and not deal.is_direct]


def months(deals: Iterable[Deal], trade: Trade = Trade.SALE) -> list[MonthPoint]:
    """Medians per month, oldest first."""
    groups: dict[str, list[Deal]] = defaultdict(list)
    for deal in usable(deals):
        if deal.trade is trade and _amount(deal):
            groups[deal.dealt_on.strftime("%Y-%m")].append(deal)
    points = []
    for month in sorted(groups):
        group = groups[month]
        enough = len(group) >= MIN_DEALS
        per_m2 = [_amount(deal) / deal.exclusive_m2 for deal in group if deal.exclusive_m2]
        points.append(
            MonthPoint(
                month,
                len(group),
                int(median(_amount(deal) for deal in group)) if enough else None,
                round(median(per_m2), 1) if enough and per_m2 else None,
            )
        )
    return points


def _amount(deal: Deal) -> int:
    return (deal.price if deal.price is not None else deal.deposit) or 0


def by_group(deals: Iterable[Deal], key: str) -> list[dict[str, object]]:
    """Deals per dong, complex or area class: count and medians, most traded first."""
    groups: dict[str, list[Deal]] = defaultdict(list)
    for deal in usable(deals):
        if key == "dong":
            name = deal.dong
        elif key == "complex":
            name = f"{deal.name} ({deal.dong})"
        else:
            name = area_class(deal.exclusive_m2 or 0)
        groups[name].append(deal)
    rows: list[dict[str, object]] = []
    for name, group in groups.items():
        per_m2 = [_amount(deal) / deal.exclusive_m2 for deal in group if deal.exclusive_m2 and _amount(deal)]
        enough = len(group) >= MIN_DEALS
        rows.append(
            {
                "name": name,
                "count": len(group),
                "median_price": int(median(map(_amount, group))) if enough else None,
                "median_per_m2": round(median(per_m2), 1) if enough and per_m2 else None,
            }
        )
    return sorted(rows, key=lambda row: (-int(str(row["count"])), str(row["name"])))


def similar(deals: Sequence[Deal], *, name: str, exclusive_m2: float | None, tolerance: float = 3.0) -> list[Deal]:
    """Deals of a complex (by comparable name) and size."""
    from properties.normalise.names import parse_complex_name

    wanted = parse_complex_name(name)
    return [
        deal
        for deal in usable(deals)
        if (found := parse_complex_name(deal.name)).stem == wanted.stem
        and found.numbers == wanted.numbers
        and (exclusive_m2 is None or (deal.exclusive_m2 and abs(deal.exclusive_m2 - exclusive_m2) <= tolerance))
    ]


def jeonse_safety(deposit: int, sales: Sequence[Deal], *, senior_debt: int = 0) -> Safety:
    """Risk of a deposit (만원) against recent sales of like units; senior debt is what is registered before it.

    Usual bounds of Korean guarantee providers: up to 70 % low, up to 80 % middle, above 90 % not insurable.
    """
    prices = [deal.price for deal in usable(sales) if deal.price]
    if len(prices) < MIN_DEALS:
        return Safety("unknown", None, None, len(prices), (f"only {len(prices)} sales of like units, 3 are needed",))
    middle = int(median(prices))
    ratio = (deposit + senior_debt) / middle
    reasons = [f"deposit and senior debt are {ratio:.0%} of the median of {len(prices)} sales"]
    level = "low" if ratio <= 0.7 else "middle" if ratio <= 0.8 else "high"
    if ratio > 0.9:
        reasons.append("above 90 %: deposit insurance is usually refused")
    low = min(prices)
    if deposit + senior_debt > low:
        reasons.append("above the lowest recent sale: a forced sale may not cover it")
        level = "high" if level == "middle" else level
    if senior_debt:
        reasons.append("senior debt comes first in a forced sale")
    return Safety(level, round(ratio, 4), middle, len(prices), tuple(reasons))
