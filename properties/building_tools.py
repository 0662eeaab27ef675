"""Tools over the building register and K-apt, on the same key as the transactions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from integrations.sdk import Context, Param, Text
from properties import results
from properties.collectors.buildings import BuildingClient
from properties.normalise.addresses import parse_address
from properties.normalise.regions import prefix_of, regions
from properties.transactions import MolitKey, RegionName, Rows, find_region, molit, wrong


@molit.action(
    title=Text(en="Building register of a lot", ko="건축물대장 조회"),
    description=Text(
        en="Title sheets of every building on a lot: use, structure, areas, ratios, households, year.",
        ko="지번의 건축물대장 표제부: 용도, 구조, 면적, 건폐율·용적률, 세대수, 사용승인일.",
    ),
    cache=3600,
    timeout=60,
    example={"address": "서울 서초구 반포동 20-43"},
)
async def look_up_building(
    ctx: Context,
    address: Annotated[str, Param("Lot address with its number", "지번 주소(번지 포함)", min_length=5, max_length=120)],
) -> results.BuildingList:
    """Title sheets of the buildings on a lot."""
    place = parse_address(address)
    if place.lot_key is None:
        raise wrong(
            "address",
            "This names no lot.",
            "Give district, dong and lot number, for example 서울 서초구 반포동 20-43.",
        )
    key = ctx.credential
    assert isinstance(key, MolitKey)
    found = await BuildingClient(ctx.http, key.service_key.get_secret_value()).titles(place.lot_key)
    return results.BuildingList(
        as_of=datetime.now(UTC),
        source="국토교통부 건축물대장 (data.go.kr 1613000)",
        mode=ctx.upstream.mode,
        empty_reason="" if found else "The register has no building on this lot.",
        address=f"{place.region_name} {address.split()[-1]}",
        lot_key=place.lot_key,
        items=[
            results.BuildingRow(
                name=item.name,
                block=item.block,
                purpose=item.purpose,
                structure=item.structure,
                total_area_m2=item.total_area,
                site_coverage_percent=item.site_coverage,
                floor_area_ratio_percent=item.floor_area_ratio,
                households=item.households,
                storeys=item.storeys,
                basements=item.basements,
                lifts=item.lifts,
                approved_on=item.approved_on,
            )
            for item in found
        ],
    )


@molit.action(
    title=Text(en="Complexes of a district", ko="공동주택 단지 목록"),
    description=Text(
        en="Apartment complexes that report to K-apt, with their codes.",
        ko="K-apt에 등록된 공동주택 단지와 단지코드.",
    ),
    cache=3600,
    timeout=60,
    example={"region": "서초구", "rows": 5},
)
async def list_complexes(ctx: Context, region: RegionName, rows: Rows = 100) -> results.ComplexList:
    """Apartment complexes of a district."""
    place = find_region(region)
    key = ctx.credential
    assert isinstance(key, MolitKey)
    client = BuildingClient(ctx.http, key.service_key.get_secret_value())
    everything = []
    for code in regions().lawd_family(place.code[:5]):
        everything = await client.complexes(code)
        if everything:
            break
    found = [item for item in everything if item.region_code.startswith(prefix_of(place.code))] or (
        everything if place.level == "sgg" else []
    )
    return results.ComplexList(
        as_of=datetime.now(UTC),
        source="K-apt 공동주택 단지 목록 (data.go.kr 1613000)",
        mode=ctx.upstream.mode,
        empty_reason="" if found else "K-apt lists no complex here; small ones need not report.",
        region=place.name,
        total=len(found),
        items=[
            results.ComplexRow(code=item.code, name=item.name, region_code=item.region_code, address=item.address)
            for item in found[:rows]
        ],
    )


__all__ = ["list_complexes", "look_up_building"]
