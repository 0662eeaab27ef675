"""Tools that pass an operation of a service through, statistics, and the server's own state."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

from integrations.sdk import Connector, Context, Param, Rejected, Text
from procurement import results
from procurement.desk import Desk, known_categories
from procurement.g2b import operation
from procurement.g2b.operations import operations
from procurement.g2b.values import without_people
from procurement.paging import fitting_rows
from procurement.tools_products import ATTRIBUTES, MALL, Count

#: Operations whose use of the daily allowance is worth showing.
COUNTED = (MALL, ATTRIBUTES, "getBidPblancListInfoThngPPSSrch", "getSpcifyPrdlstPrcureInfoList")
SERVICES = {
    "call_shopping_mall_api": ("ShoppingMallPrdctInfoService", "Shopping-mall service", "쇼핑몰 품목정보 서비스"),
    "call_product_list_api": ("ThngListInfoService02", "Item-list service", "물품목록정보 서비스"),
    "call_public_data_standard_api": ("PubDataOpnStdService", "Open-standard service", "공공데이터개방표준 서비스"),
    "call_procurement_statistics_api": ("PubPrcrmntStatInfoService", "Statistics service", "공공조달통계 서비스"),
}

Parameters = Annotated[
    dict[str, str] | None,
    Param("Request parameters of the operation, without serviceKey, pageNo and numOfRows", "요청 변수"),
]
PageNo = Annotated[int, Param("Page, from 1", "쪽 번호", ge=1, le=9999)]


def register(connector: Connector) -> None:
    """Add the generic tools to the connector."""
    for tool, (service, english, korean) in SERVICES.items():
        _pass_through(connector, tool, service, Text(en=english, ko=korean))

    @connector.action(
        title=Text(en="Procurement statistics of a year", ko="연도별 조달 통계"),
        description=Text(
            en="Total public procurement of a year, as published.", ko="한 해의 전체 공공조달 현황(공표 수치)."
        ),
        cache=3600,
        timeout=60,
        example={"year": 2025},
    )
    async def get_procurement_statistics_by_year(
        ctx: Context, year: Annotated[int, Param("Year", "연도", ge=2005, le=2100)]
    ) -> results.YearStatistics:
        """Amounts in won."""
        desk = Desk(ctx)
        name = "getTotlPubPrcrmntSttus"
        if year > desk.today.year:
            raise Rejected(f"{year} has not happened yet.", remedy=f"Use a year up to {desk.today.year}.")
        rows, total = await desk.client.rows(name, {"srchBssYear": str(year)})
        missing = [] if len(rows) >= total else [f"{len(rows)} of {total} rows arrived"]
        return results.YearStatistics(**desk.head(name, incomplete=missing), year=year, rows=rows)

    @connector.action(
        title=Text(en="Server information", ko="서버 정보"),
        description=Text(
            en="Version, tools, usual categories, and how much of today's call allowance is used.",
            ko="버전, 도구, 자주 쓰는 품명, 오늘 사용한 호출 수.",
        ),
        timeout=30,
        example={},
    )
    async def server_info(ctx: Context) -> results.ServerInfo:
        """Asks nothing of the upstream."""
        desk = Desk(ctx)
        quotas = [
            results.Quota(operation=name, used=await desk.gate.used(name), daily=desk.gate.daily_calls)
            for name in COUNTED
        ]
        return results.ServerInfo(
            **desk.head("this portal"),
            version=portal_version(),
            tools=sorted(connector.actions),
            categories=[one.name for one in known_categories()],
            quotas=quotas,
            newest_stable_day=desk.newest,
        )


def _pass_through(connector: Connector, tool: str, service: str, title: Text) -> None:
    names = sorted(one.name for one in operations().values() if one.service == service)

    async def call(
        ctx: Context, operation: str, parameters: dict[str, str] | None = None, page_no: int = 1, num_rows: int = 20
    ) -> results.RowList:
        return await _call(Desk(ctx), service, operation, parameters or {}, page_no, num_rows)

    call.__name__ = tool
    call.__doc__ = f"Call an operation of {service} directly; rows as published, officials' personal data left out."
    call.__annotations__ = {
        "ctx": Context,
        "operation": Annotated[str, Param("Operation", "오퍼레이션", examples=names[:3])],
        "parameters": Parameters,
        "page_no": PageNo,
        "num_rows": Count,
        "return": results.RowList,
    }
    connector.action(
        title=title,
        description=Text(
            en=f"Call an operation of {service} directly: {', '.join(names)}.",
            ko=f"{title.ko}를 직접 호출합니다: {', '.join(names)}.",
        ),
        timeout=90,
    )(call)


async def _call(
    desk: Desk, service: str, name: str, parameters: dict[str, str], page_no: int, num_rows: int
) -> results.RowList:
    asked = operation(name)
    if asked.service != service:
        raise Rejected(f"{name} does not belong to {service}.", remedy="Use the tool of its own service.")
    known = {one.lower() for one in asked.params}
    unknown = [one for one in parameters if one.lower() not in known]
    if unknown:
        raise Rejected(
            f"{name} has no parameter {', '.join(unknown)}.", remedy=f"Known parameters: {', '.join(asked.params)}."
        )
    page = await desk.client.page(name, parameters, page_no=page_no, page_size=num_rows)
    rows = [without_people(row) for row in page.rows]
    keep = fitting_rows(rows)
    notes = [] if keep == len(rows) else [f"Cut to {keep} of {len(rows)} rows; ask for fewer with num_rows."]
    return results.RowList(
        **desk.head(name, incomplete=notes), total=page.total, returned=keep, next_cursor=None, items=rows[:keep]
    )


def portal_version() -> str:
    """The installed version, or that of the source tree."""
    try:
        return version("mcp-portal")
    except PackageNotFoundError:
        return "0.1.0"
