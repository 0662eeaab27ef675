"""What to check before, at and after signing, by kind of property and trade, from `items.csv`.

The articles say where to look; nobody has compared them with the law in force yet. A reminder and no legal advice.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from properties.normalise.codes import PropertyType, Trade

TABLE = Path(__file__).with_name("items.csv")


class Family(StrEnum):
    """Kinds of property that the law treats alike here."""

    APARTMENT = "apartment"
    VILLA = "villa"
    OFFICETEL = "officetel"
    SHOP = "shop"
    LAND = "land"


class Stage(StrEnum):
    """When an item is due."""

    BEFORE = "before"
    SIGNING = "signing"
    HANDOVER = "handover"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to check. Empty `trades` or `families` mean all."""

    key: str
    stage: Stage
    ko: str
    en: str
    law: str
    trades: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()

    def applies(self, family: Family, trade: str) -> bool:
        return (not self.trades or trade in self.trades) and (not self.families or family in self.families)

    def text(self, language: str) -> str:
        return self.ko if language.startswith("ko") else self.en


_FAMILIES = {
    PropertyType.APARTMENT: Family.APARTMENT,
    PropertyType.PRESALE: Family.APARTMENT,
    PropertyType.REDEVELOPMENT: Family.APARTMENT,
    PropertyType.VILLA: Family.VILLA,
    PropertyType.ONE_ROOM: Family.VILLA,
    PropertyType.HOUSE: Family.VILLA,
    PropertyType.MIXED: Family.VILLA,
    PropertyType.OFFICETEL: Family.OFFICETEL,
    PropertyType.LAND: Family.LAND,
}


def family_of(property_type: str) -> Family:
    """The family of a property type; business premises of every kind count as shops."""
    try:
        return _FAMILIES.get(PropertyType(property_type), Family.SHOP)
    except ValueError:
        return Family.SHOP


def trade_of(trade: str) -> str:
    """The trade a checklist knows: a short let is a monthly one."""
    return Trade.MONTHLY.value if trade == Trade.SHORT.value else trade


@lru_cache(maxsize=1)
def items() -> tuple[Item, ...]:
    """Every item of the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Item(
                row["key"],
                Stage(row["stage"]),
                row["ko"],
                row["en"],
                row["law"],
                frozenset(row["trades"].split()),
                frozenset(Family(name) for name in row["families"].split()),
            )
            for row in csv.DictReader(file)
        )


def checklist(property_type: str, trade: str) -> list[Item]:
    """The items for a property and a trade, in the order of their stages."""
    family, kind = family_of(property_type), trade_of(trade)
    order = list(Stage)
    return sorted((item for item in items() if item.applies(family, kind)), key=lambda item: order.index(item.stage))
