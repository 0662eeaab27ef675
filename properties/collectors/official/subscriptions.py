"""Subscription notices of Applyhome (청약홈): new apartments, officetels and remaining homes, and their types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from properties.collectors.molit import number_of, whole_of
from properties.collectors.official.service import OfficialClient, services
from properties.normalise.dates import parse_date
from properties.normalise.regions import regions

if TYPE_CHECKING:
    import httpx2

KINDS = ("apartment", "officetel", "remainder")
_LEADING_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Subscription:
    """One notice. `region_code` is the deepest legal region that its address names."""

    id: str
    notice: str
    name: str
    kind: str
    tenure: str
    province: str
    address: str
    region_code: str | None
    households: int | None
    published_on: date | None
    opens_on: date | None
    closes_on: date | None
    winners_on: date | None
    move_in: str
    url: str

    def is_open(self, today: date) -> bool:
        """Whether applications are taken, or will be, on a day."""
        return self.closes_on is not None and self.closes_on >= today


@dataclass(frozen=True, slots=True)
class HouseType:
    """One type of a notice. The highest price in 만원."""

    type: str
    exclusive_m2: float | None
    supply_m2: float | None
    general: int | None
    special: int | None
    top_price: int | None


class ApplyhomeClient:
    """The client; see `OfficialClient` for how it fails."""

    def __init__(self, http: httpx2.AsyncClient, service_key: str) -> None:
        self.official = OfficialClient(http, "applyhome", service_key)

    async def notices(self, *, kind: str, since: date, province: str = "") -> list[Subscription]:
        """Notices published since a day, of one kind (`KINDS`) and one province by its current name, newest first."""
        table = services()["applyhome"].codes["province"]
        found: dict[tuple[str, str], Subscription] = {}
        for name in table[province].split(",") if province else [""]:
            rows, _ = await self.official.ask(kind, since=since.isoformat(), province=name)
            found |= {(row["id"], row["notice"]): _subscription(row) for row in rows}
        return sorted(found.values(), key=lambda item: (item.published_on or date.min, item.id), reverse=True)

    async def types(self, subscription: Subscription) -> list[HouseType]:
        """Types and highest prices of an apartment notice."""
        rows, _ = await self.official.ask("types", id=subscription.id, notice=subscription.notice)
        return [
            HouseType(
                type=row["type"],
                exclusive_m2=_area_of(row["type"]),
                supply_m2=number_of(row["supply"]),
                general=whole_of(row["general"]),
                special=whole_of(row["special"]),
                top_price=whole_of(row["top_price"]),
            )
            for row in rows
        ]


def _area_of(house_type: str) -> float | None:
    """Exclusive area of a type such as `084.9124A`."""
    match = _LEADING_NUMBER.match(house_type)
    return number_of(match[0]) if match else None


def _subscription(row: Mapping[str, str]) -> Subscription:
    words = row["address"].replace(",", " ").split()
    code, _ = regions().resolve(words) if words else (None, 0)
    return Subscription(
        id=row["id"],
        notice=row["notice"],
        name=row["name"],
        kind=row.get("detail_kind") or row["kind"],
        tenure=row.get("tenure", ""),
        province=row["province"],
        address=row["address"],
        region_code=code,
        households=whole_of(row["households"]),
        published_on=parse_date(row["published"] or None),
        opens_on=parse_date(row["opens"] or None),
        closes_on=parse_date(row["closes"] or None),
        winners_on=parse_date(row["winners"] or None),
        move_in=row["move_in"],
        url=row["url"],
    )
