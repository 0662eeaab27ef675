"""Price history of a product or class from deliveries, revisions folded. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from statistics import median

from procurement.g2b.shop_rows import Delivery
from procurement.results import PricePoint


def monthly(deliveries: Iterable[Delivery]) -> list[PricePoint]:
    """One point per month with deliveries, oldest first. Cancelled lines (quantity 0) do not count as prices."""
    months: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.received is not None and (delivery.quantity or 0) > 0:
            months[f"{delivery.received:%Y-%m}"].append(delivery)
    points = []
    for month, found in sorted(months.items()):
        prices = [one.unit_price for one in found if one.unit_price]
        points.append(
            PricePoint(
                month=month,
                deliveries=len(found),
                quantity=sum((one.quantity or Decimal(0) for one in found), Decimal(0)),
                amount=sum(one.amount or 0 for one in found),
                lowest=min(prices, default=None),
                median=round(median(prices)) if prices else None,
                highest=max(prices, default=None),
            )
        )
    return points


def change_percent(points: list[PricePoint]) -> Decimal | None:
    """From the first to the last monthly median, percent with one decimal."""
    priced = [point.median for point in points if point.median]
    if len(priced) < 2:
        return None
    return (Decimal(priced[-1] - priced[0]) * 100 / Decimal(priced[0])).quantize(Decimal("0.1"))
