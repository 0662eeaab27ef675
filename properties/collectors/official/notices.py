"""Notices of LH (한국토지주택공사): homes and land it lets and sells, and what a notice offers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from properties.collectors.molit import number_of, whole_of
from properties.collectors.official.service import OfficialClient, services
from properties.normalise.dates import parse_date

if TYPE_CHECKING:
    import httpx2

KINDS = tuple(services()["lh"].codes["kind"])
#: What `PAN_SS` says while an application is still possible.
OPEN = ("공고중", "접수중", "정정공고중")


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. `reference` carries what the question for its supply needs."""

    id: str
    title: str
    kind: str
    detail_kind: str
    province: str
    status: str
    published_on: date | None
    closes_on: date | None
    url: str
    reference: tuple[tuple[str, str], ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the notice says that applications are taken or awaited."""
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class Supply:
    """One type of home of a notice. Money in won; None where LH only refers to the document of the notice."""

    complex: str
    type: str
    exclusive_m2: float | None
    supply_m2: float | None
    households: int | None
    offered: int | None
    deposit_won: int | None
    rent_won: int | None


class LhClient:
    """The client; see `OfficialClient` for how it fails."""

    def __init__(self, http: httpx2.AsyncClient, service_key: str) -> None:
        self.official = OfficialClient(http, "lh", service_key)

    async def notices(self, *, kind: str, province: str = "", open_only: bool = True, name: str = "") -> list[Notice]:
        """Notices of one kind (`KINDS`) and one province by its current name, newest first.

        No dates are sent: with dates LH leaves out the notices that are open now.
        """
        codes = services()["lh"].codes
        provinces = codes["province"][province].split(",") if province else [""]
        found: dict[str, Notice] = {}
        for code in provinces:
            rows, _ = await self.official.ask("notices", kind=codes["kind"][kind], province=code, name=name)
            found |= {row["id"]: _notice(row) for row in rows}
        notices = [notice for notice in found.values() if notice.is_open or not open_only]
        return sorted(notices, key=lambda notice: (notice.published_on or date.min, notice.id), reverse=True)

    async def supply(self, notice: Notice) -> list[Supply]:
        """What a notice offers, per complex and type."""
        rows, _ = await self.official.ask("supply", 0, id=notice.id, **dict(notice.reference))
        return [
            Supply(
                complex=row["complex"],
                type=row["type"],
                exclusive_m2=number_of(_bare(row["exclusive"])),
                supply_m2=number_of(_bare(row["supply"])),
                households=whole_of(_bare(row["households"])),
                offered=whole_of(_bare(row["offered"])),
                deposit_won=whole_of(_bare(row["deposit"])),
                rent_won=whole_of(_bare(row["rent"])),
            )
            for row in rows
        ]


def _bare(text: str) -> str:
    """The figure alone; nothing for words such as 공고문 참조."""
    return text if re.fullmatch(r"[\d,. ]+", text) else ""


def _notice(row: Mapping[str, str]) -> Notice:
    names = ("kind_code", "detail_code", "supply_code", "system_code")
    return Notice(
        id=row["id"],
        title=row["title"],
        kind=row["kind"],
        detail_kind=row["detail_kind"],
        province=row["province"],
        status=row["status"],
        published_on=parse_date(row["published"] or None),
        closes_on=parse_date(row["closes"] or None),
        url=row["url"],
        reference=tuple((name, row[name]) for name in names if row[name]),
    )
