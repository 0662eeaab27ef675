"""The listing manager's tools, as workflows and MCP servers see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from asgiref.sync import sync_to_async

from integrations.sdk import Context, Param, Rejected, Text
from properties import building_tools, market_tools, official_tools, report_tools, results
from properties.normalise.codes import PropertyType, Trade
from properties.official_tools import applyhome, juso, lh
from properties.transactions import molit
from properties.workspace_tools import SOURCE, properties, workspace_of

ListingId = Annotated[
    str, Param("Listing id from a search", "검색에서 받은 매물 ID", pattern=r"^[0-9a-fA-F-]{36}$", min_length=36)
]
Manwon = Param("10,000 won", "만원", ge=0, le=100_000_000)
Area = Param("Exclusive area, ㎡", "전용면적(㎡)", ge=0, le=100_000)


class Sort(StrEnum):
    """Order of the answer."""

    RECENT = "recent"
    PRICE = "price"
    PRICE_DOWN = "-price"
    AREA = "area"
    CHANGED = "changed"


def _row(listing: Any) -> results.ListingRow:
    from properties.selectors import days_on_market

    return results.ListingRow(
        id=str(listing.pk),
        title=listing.title,
        trade=listing.trade,
        property_type=listing.property_type,
        address=listing.address,
        building_dong=listing.building_dong,
        floor=str(listing.floor) if listing.floor is not None else listing.floor_band,
        direction=listing.direction,
        rooms=listing.rooms,
        exclusive_m2=listing.exclusive_m2,
        supply_m2=listing.supply_m2,
        price_manwon=listing.price,
        price_high_manwon=listing.price_high,
        rent_manwon=listing.rent,
        adverts=listing.adverts_count,
        independent_sources=listing.sources_count,
        state=listing.state,
        days_on_market=days_on_market(listing),
        flags=listing.flags,
    )


def _mode(workspace: UUID) -> str:
    """`sandbox` while any live advert came from a stand-in."""
    from properties.collectors import load_profiles
    from properties.models import Advert
    from properties.sites import site_of

    shown = set(Advert.objects.for_workspace(workspace).order_by().values_list("platform", flat=True).distinct())
    profiles = load_profiles()
    return "sandbox" if any(key in profiles and site_of(profiles[key]).is_sandbox for key in shown) else "live"


@properties.action(
    title=Text(en="Search listings", ko="매물 검색"),
    description=Text(
        en="Listings that meet the conditions, one row per offer however many adverts it has. Money in 10,000 won.",
        ko="조건에 맞는 매물. 같은 매물의 여러 광고는 한 줄로 합칩니다. 금액 단위는 만원.",
    ),
)
async def search_listings(
    ctx: Context,
    area: Annotated[str, Param("Region, for example 강남구 역삼동", "지역(예: 강남구 역삼동)", max_length=60)] = "",
    trade: Annotated[Trade | None, Param("How it is offered", "거래 유형")] = None,
    property_type: Annotated[PropertyType | None, Param("What is offered", "매물 종류")] = None,
    price_min: Annotated[int | None, Manwon] = None,
    price_max: Annotated[int | None, Manwon] = None,
    rent_max: Annotated[int | None, Manwon] = None,
    area_min: Annotated[float | None, Area] = None,
    area_max: Annotated[float | None, Area] = None,
    floor_min: Annotated[int | None, Param("Lowest floor", "최저 층", ge=-5, le=150)] = None,
    rooms_min: Annotated[int | None, Param("Rooms at least", "최소 방 수", ge=1, le=20)] = None,
    text: Annotated[str, Param("Words in the title or address", "이름·주소 검색어", max_length=80)] = "",
    sort: Annotated[Sort, Param("Order", "정렬")] = Sort.RECENT,
    rows: Annotated[int, Param("Rows at most", "최대 행 수", ge=1, le=100)] = 20,
) -> results.ListingList:
    """Listings that meet the conditions."""
    from properties.selectors import Conditions, data_time, listings_search, why_empty

    if not ctx.workspace_id:
        reason = "This call runs outside a workspace; listings belong to one."
        return results.ListingList(as_of=None, source=SOURCE, empty_reason=reason, total=0, returned=0, items=[])
    workspace = workspace_of(ctx)
    wish = Conditions(
        area=area,
        trade=trade or "",
        property_type=property_type or "",
        price_min=price_min,
        price_max=price_max,
        rent_max=rent_max,
        area_min=area_min,
        area_max=area_max,
        floor_min=floor_min,
        rooms_min=rooms_min,
        text=text,
        sort=sort.value,
    )

    def read() -> results.ListingList:
        search = listings_search(workspace, wish)
        found = [_row(listing) for listing in search.rows[:rows]]
        total = search.rows.count() if len(found) == rows else len(found)
        return results.ListingList(
            as_of=data_time(workspace),
            source=SOURCE,
            mode=_mode(workspace),
            unapplied=search.unapplied,
            empty_reason="" if found else why_empty(workspace, wish, search),
            total=total,
            returned=len(found),
            region=search.region_name,
            items=found,
        )

    return await sync_to_async(read)()


def _points(listing: Any) -> list[results.PricePoint]:
    from properties.selectors import price_history

    return [
        results.PricePoint(
            at=point["at"],
            platform=point["platform"],
            kind=point["kind"],
            price_manwon=point["price"],
            rent_manwon=point["rent"],
        )
        for point in price_history(listing)
    ]


@properties.action(
    title=Text(en="Listing detail", ko="매물 상세"),
    description=Text(
        en="One listing with all its adverts and their price history.", ko="매물 하나의 모든 광고와 가격 이력."
    ),
)
async def get_listing(ctx: Context, listing_id: ListingId) -> results.ListingDetail:
    """One listing with its adverts and history."""
    from properties.selectors import listing_get

    workspace = workspace_of(ctx)

    def read() -> results.ListingDetail:
        listing = listing_get(workspace, _uuid(listing_id))
        return results.ListingDetail(
            as_of=listing.last_seen,
            source=SOURCE,
            mode=_mode(workspace),
            listing=_row(listing),
            adverts=[
                results.AdvertRow(
                    platform=advert.platform,
                    advert_id=advert.platform_id,
                    url=advert.url,
                    state=advert.state,
                    price_manwon=advert.price,
                    rent_manwon=advert.rent,
                    description=advert.facts.get("description", ""),
                    confirmed_on=advert.confirmed_on,
                    last_seen=advert.last_seen,
                )
                for advert in listing.adverts.all()
            ],
            history=_points(listing),
        )

    return await sync_to_async(read)()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Rejected("This is no listing id.", remedy="Take the id from a search.") from None


@properties.action(
    title=Text(en="Price history of a listing", ko="매물 가격 이력"),
    description=Text(
        en="Every known price of a listing over time and platforms.", ko="시간·플랫폼별 매물 가격 변동 이력."
    ),
)
async def get_price_history(ctx: Context, listing_id: ListingId) -> results.PriceHistory:
    """Every known price of a listing."""
    from properties.selectors import listing_get

    workspace = workspace_of(ctx)

    def read() -> results.PriceHistory:
        listing = listing_get(workspace, _uuid(listing_id))
        points = _points(listing)
        first = points[0].price_manwon if points else None
        change = round((listing.price / first - 1) * 100, 2) if first and listing.price else None
        return results.PriceHistory(
            as_of=listing.last_seen,
            source=SOURCE,
            mode=_mode(workspace),
            empty_reason="" if points else "No price of this listing is known.",
            listing_id=str(listing.pk),
            title=listing.title,
            points=points,
            change_percent=change,
        )

    return await sync_to_async(read)()


@properties.action(
    title=Text(en="Compare listings", ko="매물 비교"),
    description=Text(
        en="Two to five listings side by side, with the better value marked where better is clear.",
        ko="매물 2~5개를 나란히 비교하고 더 나은 값을 표시합니다.",
    ),
)
async def compare_listings(
    ctx: Context,
    listing_ids: Annotated[
        list[str], Param("Listing ids from a search", "검색에서 받은 매물 ID들", min_length=2, max_length=5)
    ],
) -> results.Comparison:
    """Listings side by side."""
    from properties.selectors import listing_get

    workspace = workspace_of(ctx)

    def read() -> results.Comparison:
        found = [listing_get(workspace, _uuid(identifier)) for identifier in listing_ids]
        lines = [_row(listing) for listing in found]
        per_m2 = [
            round(line.price_manwon / line.exclusive_m2, 1) if line.price_manwon and line.exclusive_m2 else None
            for line in lines
        ]
        table: list[tuple[str, list[Any], int]] = [
            ("price_manwon", [line.price_manwon for line in lines], -1),
            ("rent_manwon", [line.rent_manwon for line in lines], -1),
            ("exclusive_m2", [line.exclusive_m2 for line in lines], 1),
            ("price_per_m2_manwon", per_m2, -1),
            ("floor", [line.floor for line in lines], 0),
            ("direction", [line.direction for line in lines], 0),
            ("rooms", [line.rooms for line in lines], 1),
            ("days_on_market", [line.days_on_market for line in lines], 0),
            ("independent_sources", [line.independent_sources for line in lines], 1),
            ("address", [line.address for line in lines], 0),
        ]
        trades = {line.trade for line in lines}
        notes = ["Prices of sales and deposits of leases are not comparable."] if len(trades) > 1 else []
        return results.Comparison(
            as_of=min(listing.last_seen for listing in found),
            source=SOURCE,
            mode=_mode(workspace),
            unapplied=notes,
            titles=[f"{line.title} ({line.trade})" for line in lines],
            rows=[
                results.ComparisonRow(
                    field=name,
                    values=["" if value is None else str(value) for value in values],
                    best=_best(values, better) if len(trades) == 1 else None,
                )
                for name, values, better in table
            ],
        )

    return await sync_to_async(read)()


def _best(values: list[Any], better: int) -> int | None:
    if not better or any(value is None for value in values) or len(set(values)) == 1:
        return None
    return values.index(max(values) if better > 0 else min(values))


@properties.action(
    title=Text(en="Matches of a customer", ko="고객 매칭 매물"),
    description=Text(
        en="Listings that fit a customer's wishes, with why they match and what is not known.",
        ko="고객 조건에 맞는 매물과 매칭 이유, 확인되지 않은 조건.",
    ),
)
async def list_matches(
    ctx: Context,
    customer: Annotated[str, Param("Name of the customer", "고객 이름", min_length=1, max_length=80)],
    rows: Annotated[int, Param("Rows at most", "최대 행 수", ge=1, le=50)] = 10,
) -> results.MatchList:
    """Listings that fit a customer's wishes."""
    from properties.models import ListingState, Match, Requirement
    from properties.selectors import data_time

    workspace = workspace_of(ctx)

    def read() -> results.MatchList:
        wishes = Requirement.objects.for_workspace(workspace).filter(customer=customer, is_active=True)
        if not wishes:
            raise Rejected(f"There is no customer named {customer!r}.", remedy="Add the customer's wishes first.")
        matches = Match.objects.filter(
            requirement__in=wishes, is_dismissed=False, listing__state=ListingState.LIVE
        ).select_related("listing")
        items = [
            results.MatchRow(listing=_row(match.listing), score=match.score, reasons=match.reasons, misses=match.misses)
            for match in matches[:rows]
        ]
        return results.MatchList(
            as_of=data_time(workspace),
            source=SOURCE,
            mode=_mode(workspace),
            empty_reason="" if items else "No live listing meets all of the customer's conditions.",
            customer=customer,
            total=matches.count(),
            items=items,
        )

    return await sync_to_async(read)()


@properties.action(
    title=Text(en="Look up regions", ko="지역 코드 조회"),
    description=Text(
        en="Legal-dong codes valid today for a name or a former code, with the codes it had before the reforms.",
        ko="이름이나 옛 코드로 현재 법정동 코드와 개편 전 코드를 찾습니다.",
    ),
    cache=3600,
    example={"query": "강남구 역삼동"},
)
async def look_up_regions(
    ctx: Context,
    query: Annotated[str, Param("Name or code", "이름 또는 코드", min_length=1, max_length=60)],
    rows: Annotated[int, Param("Rows at most", "최대 행 수", ge=1, le=50)] = 10,
) -> results.RegionList:
    """Region codes of a name."""
    from datetime import UTC, datetime

    from properties.normalise.regions import regions

    table = regions()
    exact = table.find(query)
    found = table.search(query, rows) if not query.strip().isdigit() else []
    if query.strip().isdigit():
        found = [table.by_code[code] for code in table.current(query.strip())]
    elif exact is not None:
        found = [exact, *(hit for hit in found if hit.code != exact.code)]
    return results.RegionList(
        as_of=datetime(2026, 7, 1, tzinfo=UTC),
        source="행정안전부 법정동 코드, with the reforms of July 2026",
        empty_reason="" if found else "No region of today has such a name or code.",
        items=[
            results.RegionRow(
                code=region.code,
                name=region.name,
                level=region.level,
                lawd_cd=region.code[:5],
                valid_from=region.valid_from,
                former_codes=list(table.predecessors(region.code)),
            )
            for region in found[:rows]
        ],
    )


#: Importing the tools registers their actions on the connectors.
__all__ = [
    "applyhome",
    "building_tools",
    "juso",
    "lh",
    "market_tools",
    "molit",
    "official_tools",
    "properties",
    "report_tools",
]
