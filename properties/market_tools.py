"""Tools over the ministry's transactions: deals, market report, safety of a deposit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from integrations.sdk import Context, Param, Text
from properties import results
from properties.analytics import market
from properties.analytics.forecast import TooLittleHistory, forecast_months
from properties.collectors.molit import SERVICES, Deal, Molit, Month
from properties.normalise.codes import Trade
from properties.transactions import (
    DealKind,
    Kind,
    KindOf,
    MolitKey,
    MonthCount,
    MonthText,
    RegionName,
    Rows,
    find_region,
    inside,
    load,
    molit,
    month_list,
    service_of,
)

SOURCE = "국토교통부 실거래가 (data.go.kr 1613000)"


def row_of(deal: Deal) -> results.DealRow:
    """A deal as the tools show it."""
    return results.DealRow(
        dealt_on=deal.dealt_on,
        name=deal.name,
        dong=deal.dong,
        lot=deal.lot,
        exclusive_m2=deal.exclusive_m2,
        floor=deal.floor,
        built_year=deal.built_year,
        price_manwon=deal.price,
        deposit_manwon=deal.deposit,
        rent_manwon=deal.rent,
        cancelled_on=deal.cancelled_on,
        is_direct=deal.is_direct,
    )


def _as_of(loaded: list[Month]) -> datetime:
    return max((month.as_of for month in loaded), default=datetime.now(UTC))


@molit.action(
    title=Text(en="Transactions of a region", ko="지역 실거래 조회"),
    description=Text(
        en="Reported sales or leases of a district or dong, newest first; cancelled deals are marked, not dropped.",
        ko="구·동의 매매 또는 전월세 실거래 내역(최신순). 해제된 거래는 표시합니다.",
    ),
    cache=600,
    timeout=120,
    example={"region": "강남구", "month": "202103", "months": 1, "rows": 5},
)
async def list_transactions(
    ctx: Context,
    region: RegionName,
    month: MonthText = "",
    months: MonthCount = 1,
    kind: KindOf = Kind.APARTMENT,
    deal: Annotated[DealKind, Param("Sale or lease", "매매 또는 전월세")] = DealKind.SALE,
    complex_name: Annotated[str, Param("Only this complex", "단지 이름", max_length=80)] = "",
    area_min: Annotated[float | None, Param("Exclusive area from, ㎡", "전용면적 최소(㎡)", ge=0, le=10_000)] = None,
    area_max: Annotated[float | None, Param("Exclusive area to, ㎡", "전용면적 최대(㎡)", ge=0, le=10_000)] = None,
    rows: Rows = 50,
) -> results.DealList:
    """Reported sales or leases of a region."""
    place = find_region(region)
    wanted = month_list(month, months)
    loaded = await load(ctx, service_of(kind, deal), place, wanted)
    everything = [item for part in loaded for item in part.deals if inside(item, place)]
    found = everything
    if complex_name:
        found = [item for item in found if item in market.similar([item], name=complex_name, exclusive_m2=None)]
    if area_min is not None:
        found = [item for item in found if item.exclusive_m2 and item.exclusive_m2 >= area_min]
    if area_max is not None:
        found = [item for item in found if item.exclusive_m2 and item.exclusive_m2 <= area_max]
    found.sort(key=lambda item: (item.dealt_on, item.name, item.floor or 0), reverse=True)
    reason = ""
    if not found:
        reason = (
            "The ministry has no deals of this kind here in these months."
            if not everything
            else f"None of {len(everything)} deals meets the conditions on complex or area."
        )
    return results.DealList(
        as_of=_as_of(loaded),
        source=SOURCE,
        mode=ctx.upstream.mode,
        empty_reason=reason,
        region=place.name,
        months=wanted,
        total=len(found),
        returned=min(len(found), rows),
        provisional_months=sorted({part.month for part in loaded if part.is_provisional}),
        items=[row_of(item) for item in found[:rows]],
    )


@molit.action(
    title=Text(en="Market report", ko="시세 리포트"),
    description=Text(
        en="Monthly medians, change, jeonse ratio, most traded dongs, complexes and sizes, and a forecast when there "
        "are two years of months.",
        ko="월별 중위가격과 변동률, 전세가율, 동·단지·면적별 현황, 2년 이상이면 예측까지 담은 시세 리포트.",
    ),
    cache=1800,
    timeout=300,
    example={"region": "강남구", "month": "202108", "months": 3},
)
async def market_report(
    ctx: Context,
    region: RegionName,
    month: MonthText = "",
    months: MonthCount = 12,
    kind: KindOf = Kind.APARTMENT,
) -> results.MarketReport:
    """Prices of a region from reported deals."""
    place = find_region(region)
    wanted = month_list(month, months)
    sales_parts = await load(ctx, service_of(kind, DealKind.SALE), place, wanted)
    sales = [item for part in sales_parts for item in part.deals if inside(item, place)]
    notes = [f"{part.month}: still changing" for part in sales_parts if part.is_provisional]
    ratio = None
    if f"{kind.value}_rent" in SERVICES:
        rent_parts = await load(ctx, f"{kind.value}_rent", place, wanted[-3:])
        leases = [item for part in rent_parts for item in part.deals if inside(item, place)]
        recent = [item for item in sales if item.dealt_on.strftime("%Y%m") in wanted[-3:]]
        ratio = _ratio(recent, leases)
        if ratio is None:
            notes.append("jeonse ratio: too few sales or leases in the last three months")
    points = market.months(sales)
    known = [point.median_per_m2 for point in points if point.median_per_m2]
    by_month = {point.month.replace("-", ""): point.median_per_m2 for point in points}
    try:
        ahead = forecast_months([by_month.get(name) for name in wanted], 3)
    except TooLittleHistory as error:
        ahead = []
        notes.append(f"no forecast: {error}")
    return results.MarketReport(
        as_of=_as_of(sales_parts),
        source=SOURCE,
        mode=ctx.upstream.mode,
        empty_reason="" if sales else "The ministry has no deals of this kind here in these months.",
        region=place.name,
        kind=kind.value,
        months=[
            results.MonthRow(
                month=point.month,
                deals=point.count,
                median_price_manwon=point.median_price,
                median_per_m2_manwon=point.median_per_m2,
            )
            for point in points
        ],
        change_percent=round((known[-1] / known[0] - 1) * 100, 2) if len(known) > 1 else None,
        jeonse_ratio=ratio,
        dongs=_groups(sales, "dong"),
        complexes=_groups(sales, "complex"),
        sizes=_groups(sales, "size"),
        forecast=[
            results.ForecastRow(
                months_ahead=point.month,
                per_m2_manwon=round(point.value, 1),
                low=round(point.low, 1),
                high=round(point.high, 1),
            )
            for point in ahead
        ],
        notes=notes,
    )


def _groups(deals: list[Deal], key: str) -> list[results.GroupRow]:
    return [
        results.GroupRow(
            name=str(row["name"]),
            deals=int(str(row["count"])),
            median_price_manwon=row["median_price"],  # type: ignore[arg-type]
            median_per_m2_manwon=row["median_per_m2"],  # type: ignore[arg-type]
        )
        for row in market.by_group(deals, key)[:10]
    ]


def _ratio(sales: list[Deal], leases: list[Deal]) -> float | None:
    from statistics import median

    sale = [item.price / item.exclusive_m2 for item in market.usable(sales) if item.price and item.exclusive_m2]
    lease = [
        item.deposit / item.exclusive_m2
        for item in market.usable(leases)
        if item.trade is Trade.JEONSE and item.deposit and item.exclusive_m2
    ]
    if len(sale) < market.MIN_DEALS or len(lease) < market.MIN_DEALS:
        return None
    return round(median(lease) / median(sale), 4)


@molit.action(
    title=Text(en="Safety of a jeonse deposit", ko="전세 보증금 안전도"),
    description=Text(
        en="Compares a deposit and senior debt with recent sales of like units and names the risk and its reasons.",
        ko="보증금과 선순위 채권을 같은 단지·면적의 최근 매매가와 비교해 위험도와 근거를 알려줍니다.",
    ),
    cache=600,
    timeout=300,
    example={
        "region": "서초구",
        "complex_name": "반포자이",
        "deposit_manwon": 150_000,
        "exclusive_m2": 85,
        "month": "202109",
    },
)
async def jeonse_safety(
    ctx: Context,
    region: RegionName,
    complex_name: Annotated[str, Param("Complex", "단지 이름", min_length=1, max_length=80)],
    deposit_manwon: Annotated[int, Param("Deposit, 10,000 won", "보증금(만원)", ge=1, le=10_000_000)],
    exclusive_m2: Annotated[float | None, Param("Exclusive area, ㎡", "전용면적(㎡)", gt=0, le=1_000)] = None,
    senior_debt_manwon: Annotated[
        int, Param("Debt registered before the deposit, 10,000 won", "선순위 채권액(만원)", ge=0, le=10_000_000)
    ] = 0,
    month: MonthText = "",
    months: MonthCount = 12,
    kind: KindOf = Kind.APARTMENT,
) -> results.SafetyReport:
    """Risk of a jeonse deposit against recent sales of like units."""
    place = find_region(region)
    loaded = await load(ctx, service_of(kind, DealKind.SALE), place, month_list(month, months))
    deals = [item for part in loaded for item in part.deals if inside(item, place)]
    like = market.similar(deals, name=complex_name, exclusive_m2=exclusive_m2)
    safety = market.jeonse_safety(deposit_manwon, like, senior_debt=senior_debt_manwon)
    like.sort(key=lambda item: item.dealt_on, reverse=True)
    reason = ""
    if not like:
        reason = (
            f"None of {len(deals)} sales in {place.name} is of a complex named like {complex_name!r} and of this size."
        )
    return results.SafetyReport(
        as_of=_as_of(loaded),
        source=SOURCE,
        mode=ctx.upstream.mode,
        empty_reason=reason,
        unapplied=[] if exclusive_m2 else ["exclusive_m2: not given, so units of every size are compared"],
        region=place.name,
        complex_name=complex_name,
        risk=safety.level,
        ratio=safety.ratio,
        sale_median_manwon=safety.sale_median,
        sales=safety.deals,
        reasons=list(safety.reasons),
        comparable=[row_of(item) for item in like[:10]],
    )


@molit.test
async def check(ctx: Context) -> None:
    """One small month proves the key."""
    key = ctx.credential
    assert isinstance(key, MolitKey)
    await Molit(ctx.http, key.service_key.get_secret_value()).month("apartment_sale", "36110", "202101")
