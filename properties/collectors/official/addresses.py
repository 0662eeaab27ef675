"""Address search of juso.go.kr: words to official addresses with their legal-dong code and stable keys."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.sdk import Rejected
from properties.collectors.molit import whole_of
from properties.collectors.official.service import OfficialClient
from properties.normalise.regions import regions

if TYPE_CHECKING:
    import httpx2

_FORBIDDEN = re.compile(r"[%=><\[\]]")
# Words of SQL as whole words: the service refuses a search that holds one.
_SQL = re.compile(
    r"\b(?:OR|SELECT|INSERT|DELETE|UPDATE|CREATE|DROP|EXEC|UNION|FETCH|DECLARE|TRUNCATE)\b", re.IGNORECASE
)
_JOINED_ROAD = re.compile(r"([가-힣]+(?:대로|로|길))(\d+(?:-\d+)?)(?![\d가-힣-])")
_UNIT = re.compile(r"\s+(?:제?\d{1,4}동|[A-Za-z가-하]동)?\s*(?:제?[A-Za-z]?\d{1,5}호|\d{1,3}층)\s*$")


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """One address. `lot_key` is the PNU (19 digits), `building_id` the 25 digits of the building."""

    road_address: str
    lot_address: str
    zip_code: str
    region_code: str
    lot_key: str
    road_id: str
    building: str
    building_id: str


def search_words(text: str) -> str:
    """The words as the service takes them: no signs or SQL words it refuses, a space before the road's number.

    Floor and unit are left out: it knows buildings.
    """
    words = _SQL.sub(" ", _FORBIDDEN.sub(" ", unicodedata.normalize("NFKC", text)))
    words = _JOINED_ROAD.sub(r"\1 \2", _UNIT.sub("", words))
    return " ".join(words.split())[:80]


class JusoClient:
    """The client; see `OfficialClient` for how it fails."""

    def __init__(self, http: httpx2.AsyncClient, key: str) -> None:
        self.official = OfficialClient(http, "juso", key)

    async def search(self, text: str, *, limit: int = 10) -> tuple[list[FoundAddress], int]:
        """Addresses that fit the words, and how many there are in all."""
        words = search_words(text)
        if len(words) < 2:
            raise Rejected("There is nothing to search for.", remedy="Give a road or lot address.")
        rows, total = await self.official.ask("search", limit, keyword=words)
        return [_address(row) for row in rows], total

    async def resolve(self, text: str) -> FoundAddress | None:
        """The one address meant; None when none fits or several lots do."""
        found, total = await self.search(text, limit=20)
        if total > len(found):
            return None
        return found[0] if found and len({address.lot_key for address in found}) == 1 else None


def _address(row: Mapping[str, str]) -> FoundAddress:
    code = row["region_code"]
    current = regions().current(code)
    # Stored under the code of today, whichever the service still answers with.
    code = current[0] if len(current) == 1 else code
    main, sub = whole_of(row["main_lot"]) or 0, whole_of(row["sub_lot"]) or 0
    kind = 2 if row["mountain"] == "1" else 1
    return FoundAddress(
        road_address=row["road_address"],
        lot_address=row["lot_address"],
        zip_code=row["zip_code"],
        region_code=code,
        lot_key=f"{code}{kind}{main:04d}{sub:04d}" if len(code) == 10 else "",
        road_id=row["road_id"],
        building=row["building"],
        building_id=row["building_id"],
    )
