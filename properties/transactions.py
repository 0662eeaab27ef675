"""The connector of the ministry's transactions: its key, its words, and how regions and months are understood."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from integrations.sdk import Connector, Context, Credential, InvalidParams, Param, Rate, Text, Upstream
from integrations.sdk.errors import FieldProblem
from properties.collectors.molit import LIVE, SERVICES, Deal, Molit, Month
from properties.normalise.regions import Region, prefix_of, regions

SEOUL = ZoneInfo("Asia/Seoul")
SANDBOX_KEY = "molit+Sandbox/Key0=="


class Kind(StrEnum):
    """What was traded."""

    APARTMENT = "apartment"
    OFFICETEL = "officetel"
    VILLA = "villa"
    HOUSE = "house"
    SHOP = "shop"
    LAND = "land"
    PRESALE = "presale"
    FACTORY = "factory"


class DealKind(StrEnum):
    """Sale or lease."""

    SALE = "sale"
    RENT = "rent"


class MolitKey(Credential):
    """A service key of data.go.kr, in its encoded or decoded form."""

    service_key: Annotated[
        SecretStr,
        Param(
            "Service key shown on data.go.kr. Apply for each transaction service there.",
            "공공데이터포털의 서비스키. 실거래가 서비스마다 활용신청이 필요합니다.",
            title="Service key",
            title_ko="서비스키",
            min_length=8,
        ),
    ]


MOLIT = Upstream(
    key="molit",
    base_url_env="MOLIT_BASE_URL",
    live=LIVE,
    sandbox="/properties/molit",
    sandbox_credential={"service_key": SANDBOX_KEY},
)

molit = Connector(
    "molit",
    title=Text(en="Property transactions", ko="부동산 실거래가"),
    description=Text(
        en="Reported sales and leases of the ministry (MOLIT): deals, market reports, safety of a jeonse deposit.",
        ko="국토교통부 실거래가: 매매·전월세 거래, 시세 리포트, 전세 안전도.",
    ),
    auth=MolitKey,
    upstream=MOLIT,
    rate=Rate(5, per=1),
    group="real-estate",
    icon="molit.svg",
    docs_url="https://www.data.go.kr/data/15126468/openapi.do",
)

RegionName = Annotated[
    str,
    Param(
        "Region by name or code, for example 강남구, 강남구 역삼동 or 11680",
        "지역 이름 또는 코드(예: 강남구, 강남구 역삼동, 11680)",
        min_length=2,
        max_length=60,
    ),
]
MonthText = Annotated[
    str,
    Param("Month as YYYYMM; empty: the last complete one", "계약월 YYYYMM(비우면 최근 완료월)", pattern=r"^(\d{6})?$"),
]
MonthCount = Annotated[int, Param("How many months up to that one", "조회할 개월 수", ge=1, le=36)]
Rows = Annotated[int, Param("Rows at most", "최대 행 수", ge=1, le=500)]
KindOf = Annotated[Kind, Param("What was traded", "부동산 종류")]


def wrong(field: str, message: str, remedy: str) -> InvalidParams:
    """A parameter that is well-formed and yet cannot be used."""
    return InvalidParams(message, problems=[FieldProblem(field, message, remedy)])


def find_region(text: str) -> Region:
    """The district or dong meant; raises with near names."""
    table = regions()
    region = table.find(text)
    if region is None:
        hits = [hit for hit in table.search(text, 30) if hit.level == "sgg" and hit.leaf == text.strip()]
        region = hits[0] if len(hits) == 1 else None
    if region is None:
        near = ", ".join(hit.name for hit in table.search(text, 4))
        raise wrong(
            "region",
            f"The region {text!r} is unknown or ambiguous.",
            f"Did you mean {near}?" if near else "Name it with its province and district.",
        )
    if region.level == "sido" and not region.code.startswith("36"):
        raise wrong("region", "Transactions are published per district.", f"Name a district of {region.name}.")
    return region


def month_list(last: str, count: int, now: datetime | None = None) -> list[str]:
    """Months as YYYYMM, oldest first, ending with the given or the last complete one."""
    today = (now or datetime.now(SEOUL)).astimezone(SEOUL)
    current = today.year * 12 + today.month - 1
    if last:
        year, month = int(last[:4]), int(last[4:])
        if not (year >= 2006 and 1 <= month <= 12 and year * 12 + month - 1 <= current):
            raise wrong("month", f"There is no data for the month {last}.", "Give a past month as YYYYMM, from 200601.")
        end = year * 12 + month - 1
    else:
        end = current - 1
    return [f"{number // 12:04d}{number % 12 + 1:02d}" for number in range(end - count + 1, end + 1)]


def service_of(kind: Kind, deal: DealKind) -> str:
    name = f"{kind.value}_{deal.value}"
    if name not in SERVICES:
        raise wrong("deal", f"There is no lease service for {kind.value}.", "Ask for sales.")
    return name


async def load(ctx: Context, service: str, region: Region, wanted: list[str]) -> list[Month]:
    """Months of a district; progress per month, everything complete or an error."""
    key = ctx.credential
    if not isinstance(key, MolitKey):
        raise TypeError("the molit connector needs MolitKey")
    client = Molit(ctx.http, key.service_key.get_secret_value())
    # A city with general districts is published per district.
    parents = {item.code[:5] for item in regions().districts() if item.code.startswith(prefix_of(region.code)[:5])}
    codes = sorted(parents) if region.level == "sgg" and len(parents) > 1 else [region.code[:5]]
    found: list[Month] = []
    total = len(codes) * len(wanted)
    for code in codes:
        for month in wanted:
            await ctx.progress(len(found), total, f"{code} {month}")
            found.append(await client.month(service, code, month))
    return found


def inside(deal: Deal, region: Region) -> bool:
    """Whether a deal lies in the region asked for."""
    if region.level in ("sido", "sgg"):
        return True
    return bool(deal.region_code) and str(deal.region_code).startswith(prefix_of(region.code))
