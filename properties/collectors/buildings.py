"""Building register and K-apt complexes (data.go.kr 1613000, JSON). An error is never an empty answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from integrations.sdk import Unavailable, check_response, read_json
from properties.collectors.molit import decoded_key, gateway_error, number_of, parse_answer, whole_of
from properties.normalise.dates import parse_date

if TYPE_CHECKING:
    import httpx2

REGISTER_ROWS = 100
COMPLEX_ROWS = 1_000
MAX_PAGES = 20


@dataclass(frozen=True, slots=True)
class Building:
    """One title sheet (표제부). Areas in ㎡, ratios in percent; owners are not part of the answer."""

    name: str
    block: str
    address: str
    road_address: str
    purpose: str
    structure: str
    total_area: float | None
    site_coverage: float | None
    floor_area_ratio: float | None
    households: int | None
    storeys: int | None
    basements: int | None
    lifts: int | None
    approved_on: date | None


@dataclass(frozen=True, slots=True)
class KaptComplex:
    """One apartment complex of K-apt. Its code is not the transactions' complex id."""

    code: str
    name: str
    region_code: str
    address: str


def register_params(lot_key: str) -> dict[str, str]:
    """Parameters of a lot (PNU, 19 digits): the register counts land kinds from 0, the PNU from 1."""
    if len(lot_key) != 19 or lot_key[10] not in "12":
        raise ValueError("a lot key has 19 digits and land kind 1 or 2")
    return {
        "sigunguCd": lot_key[:5],
        "bjdongCd": lot_key[5:10],
        "platGbCd": str(int(lot_key[10]) - 1),
        "bun": lot_key[11:15],
        "ji": lot_key[15:],
    }


class BuildingClient:
    """The client. `http` carries the base URL of 1613000; the key may be encoded or decoded."""

    def __init__(self, http: httpx2.AsyncClient, service_key: str) -> None:
        self.http, self.key = http, decoded_key(service_key)

    async def titles(self, lot_key: str) -> list[Building]:
        """Title sheets of every building on a lot."""
        items = await self._all("/BldRgstHubService/getBrTitleInfo", register_params(lot_key), REGISTER_ROWS)
        return [_building(item) for item in items]

    async def complexes(self, district_code: str) -> list[KaptComplex]:
        """Complexes of a district (five digits)."""
        items = await self._all("/AptListService4/getSigunguAptList4", {"sigunguCode": district_code[:5]}, COMPLEX_ROWS)
        return [
            KaptComplex(
                str(item.get("kaptCode", "")),
                str(item.get("kaptName", "")).strip(),
                str(item.get("bjdCode", "")),
                " ".join(str(item[name]) for name in ("as1", "as2", "as3", "as4") if item.get(name)),
            )
            for item in items
        ]

    async def _all(self, path: str, params: Mapping[str, str], size: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for page in range(1, MAX_PAGES + 1):
            items, total = await self._page(path, {**params, "pageNo": str(page), "numOfRows": str(size)})
            found.extend(items)
            if len(found) >= total:
                return found
            if not items:
                break
        raise Unavailable(
            f"The service announced more rows than it sent ({len(found)}).",
            code="incomplete_answer",
            remedy="Try again later.",
        )

    async def _page(self, path: str, params: Mapping[str, str]) -> tuple[list[dict[str, Any]], int]:
        query = {"serviceKey": self.key, "_type": "json", **params}
        response = await self.http.get(path, params=query)
        if response.text.lstrip().startswith("<"):
            # Gateway errors come as XML whatever was asked for; a page of HTML is no answer either.
            if "returnReasonCode" in response.text:
                parse_answer(response.text)
            check_response(response, service="The building register")
            raise Unavailable("The building register sent a page instead of data.", code="broken_answer")
        check_response(response, service="The building register")
        answer = read_json(response, service="The building register")
        try:
            header, body = answer["response"]["header"], answer["response"].get("body") or {}
            code = str(header["resultCode"])
        except (KeyError, TypeError, AttributeError):
            raise Unavailable("The building register sent an unknown answer.", code="broken_answer") from None
        if code not in ("00", "000"):
            raise gateway_error(code, str(header.get("resultMsg", "")))
        items = body.get("items")
        if isinstance(items, dict):
            items = items.get("item")
        if isinstance(items, dict):
            items = [items]
        rows = [item for item in items or [] if isinstance(item, dict)]
        total = whole_of(body.get("totalCount"))
        if total is None:
            raise Unavailable("The building register sent no total.", code="broken_answer")
        return rows, total


def _building(item: Mapping[str, Any]) -> Building:
    def text(name: str) -> str:
        return str(item.get(name) or "").strip()

    return Building(
        name=text("bldNm"),
        block=text("dongNm"),
        address=text("platPlc"),
        road_address=text("newPlatPlc"),
        purpose=text("mainPurpsCdNm"),
        structure=text("strctCdNm"),
        total_area=number_of(item.get("totArea")),
        site_coverage=number_of(item.get("bcRat")),
        floor_area_ratio=number_of(item.get("vlRat")),
        households=whole_of(item.get("hhldCnt")),
        storeys=whole_of(item.get("grndFlrCnt")),
        basements=whole_of(item.get("ugrndFlrCnt")),
        lifts=whole_of(item.get("rideUseElvtCnt")),
        approved_on=parse_date(text("useAprDay") or None),
    )
