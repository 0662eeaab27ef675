"""Tools over LH, Applyhome and the address search: notices of homes, and addresses made certain."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import SecretStr

from integrations.sdk import Connector, Context, Credential, Param, Rate, Text, Upstream
from properties import results
from properties.collectors.official import ApplyhomeClient, JusoClient, LhClient, services
from properties.transactions import SANDBOX_KEY, SEOUL, Rows, wrong

SANDBOX_JUSO_KEY = "devU01TX0FVVEgyMDI2U2FuZGJveA=="
_SITES = services()


class DataKey(Credential):
    """A service key of data.go.kr, in its encoded or decoded form."""

    service_key: Annotated[
        SecretStr,
        Param(
            "Service key shown on data.go.kr. Apply for this service there.",
            "공공데이터포털의 서비스키. 이 서비스의 활용신청이 필요합니다.",
            title="Service key",
            title_ko="서비스키",
            min_length=8,
        ),
    ]


class JusoKey(Credential):
    """A confirmation key of juso.go.kr."""

    key: Annotated[
        SecretStr,
        Param(
            "Key of the address search on juso.go.kr, given per site.",
            "도로명주소 개발자센터의 주소 검색 승인키.",
            title="Confirmation key",
            title_ko="승인키",
            min_length=8,
        ),
    ]


lh = Connector(
    "lh",
    title=Text(en="LH notices", ko="LH 분양·임대 공고"),
    description=Text(
        en="Homes that Korea Land & Housing lets and sells: notices and what they offer.",
        ko="한국토지주택공사의 분양·임대 공고와 공급 주택형.",
    ),
    auth=DataKey,
    upstream=Upstream(
        key="lh",
        base_url_env="LH_BASE_URL",
        live=_SITES["lh"].base_url,
        sandbox="/properties/lh",
        sandbox_credential={"service_key": SANDBOX_KEY},
    ),
    rate=Rate(int(_SITES["lh"].requests_per_second), per=1),
    group="real-estate",
    icon="molit.svg",
    docs_url="https://www.data.go.kr/data/15058530/openapi.do",
)
applyhome = Connector(
    "applyhome",
    title=Text(en="Apartment subscriptions (Applyhome)", ko="청약홈"),
    description=Text(
        en="Subscription notices of new homes: dates, households, types and highest prices.",
        ko="신규 분양 청약 공고: 일정, 세대수, 주택형과 최고 분양가.",
    ),
    auth=DataKey,
    upstream=Upstream(
        key="applyhome",
        base_url_env="APPLYHOME_BASE_URL",
        live=_SITES["applyhome"].base_url,
        sandbox="/properties/applyhome",
        sandbox_credential={"service_key": SANDBOX_KEY},
    ),
    rate=Rate(int(_SITES["applyhome"].requests_per_second), per=1),
    group="real-estate",
    icon="molit.svg",
    docs_url="https://www.data.go.kr/data/15098547/openapi.do",
)
juso = Connector(
    "juso",
    title=Text(en="Korean addresses (juso)", ko="도로명주소"),
    description=Text(
        en="Official road and lot addresses of a search, with legal-dong code, lot key and zip code.",
        ko="주소 검색으로 도로명·지번 주소, 법정동코드, 지번 고유번호, 우편번호를 찾습니다.",
    ),
    auth=JusoKey,
    upstream=Upstream(
        key="juso",
        base_url_env="JUSO_BASE_URL",
        live=_SITES["juso"].base_url,
        sandbox="/properties/juso",
        sandbox_credential={"key": SANDBOX_JUSO_KEY},
    ),
    rate=Rate(int(_SITES["juso"].requests_per_second), per=1),
    group="real-estate",
    icon="molit.svg",
    docs_url="https://business.juso.go.kr",
)

_PROVINCES = sorted(_SITES["lh"].codes["province"])
ProvinceName = Annotated[
    str,
    Param(
        "Province by its full name, such as 경기도; empty: all", "시·도 이름(예: 경기도, 비우면 전국)", max_length=20
    ),
]


class LhKind(StrEnum):
    """What is offered."""

    RENTAL = "rental"
    SALE = "sale"
    PURCHASED_RENTAL = "purchased_rental"
    NEWLYWED_TOWN = "newlywed_town"
    LAND = "land"
    SHOP = "shop"


class SubscriptionKind(StrEnum):
    """Kind of notice."""

    APARTMENT = "apartment"
    OFFICETEL = "officetel"
    REMAINDER = "remainder"


def _province(name: str) -> str:
    text = name.strip()
    if not text:
        return ""
    hits = [item for item in _PROVINCES if item == text or item.startswith(text.removesuffix("시").removesuffix("도"))]
    if len(hits) != 1:
        raise wrong("province", f"There is no province {name!r}.", f"One of: {', '.join(_PROVINCES)}.")
    return hits[0]


def _data_key(ctx: Context) -> str:
    assert isinstance(ctx.credential, DataKey)
    return ctx.credential.service_key.get_secret_value()


@lh.action(
    title=Text(en="Notices of LH", ko="LH 공고 조회"),
    description=Text(
        en="Notices of homes that LH lets or sells, newest first, with the types of the first few on request.",
        ko="LH 분양·임대 공고(최신순). 원하면 앞쪽 공고의 주택형까지 조회합니다.",
    ),
    cache=1800,
    timeout=90,
    example={"kind": "rental", "province": "경기도", "rows": 3},
)
async def list_notices(
    ctx: Context,
    kind: Annotated[LhKind, Param("What is offered", "공급 유형")] = LhKind.RENTAL,
    province: ProvinceName = "",
    open_only: Annotated[bool, Param("Only notices one can still apply for", "신청 가능한 공고만")] = True,
    with_supply: Annotated[
        int, Param("For how many notices to read the types", "주택형을 조회할 공고 수", ge=0, le=10)
    ] = 0,
    rows: Rows = 30,
) -> results.NoticeList:
    """Notices of homes that LH lets or sells."""
    client = LhClient(ctx.http, _data_key(ctx))
    found = await client.notices(kind=kind.value, province=_province(province), open_only=open_only)
    items = []
    for number, notice in enumerate(found[:rows]):
        types = await client.supply(notice) if number < with_supply else []
        items.append(
            results.NoticeRow(
                id=notice.id,
                title=notice.title,
                kind=notice.detail_kind or notice.kind,
                province=notice.province,
                status=notice.status,
                published_on=notice.published_on,
                closes_on=notice.closes_on,
                url=notice.url,
                types=[
                    results.SupplyRow(
                        complex=item.complex,
                        type=item.type,
                        exclusive_m2=item.exclusive_m2,
                        supply_m2=item.supply_m2,
                        offered=item.offered,
                        deposit_won=item.deposit_won,
                        rent_won=item.rent_won,
                    )
                    for item in types
                ],
            )
        )
    return results.NoticeList(
        as_of=datetime.now(UTC),
        source="한국토지주택공사 분양임대공고 (data.go.kr B552555)",
        mode=ctx.upstream.mode,
        empty_reason="" if found else "LH has no such notice here now.",
        total=len(found),
        items=items,
    )


@lh.test
async def check_lh(ctx: Context) -> None:
    """One small question proves the key."""
    await LhClient(ctx.http, _data_key(ctx)).notices(kind="newlywed_town", province="제주특별자치도")


@applyhome.action(
    title=Text(en="Subscription notices", ko="청약 공고 조회"),
    description=Text(
        en="New homes to subscribe to, newest notice first: dates, households and, on request, types and prices.",
        ko="신규 분양 청약 공고(최신순): 접수 일정, 세대수, 원하면 주택형과 분양가까지.",
    ),
    cache=1800,
    timeout=90,
    example={"kind": "apartment", "province": "서울특별시", "days": 60, "rows": 3},
)
async def list_subscriptions(
    ctx: Context,
    kind: Annotated[SubscriptionKind, Param("Kind of notice", "공고 종류")] = SubscriptionKind.APARTMENT,
    province: ProvinceName = "",
    days: Annotated[int, Param("Published within so many days", "최근 며칠 이내 공고", ge=1, le=730)] = 90,
    open_only: Annotated[bool, Param("Only notices one can still apply for", "신청 가능한 공고만")] = True,
    with_types: Annotated[
        int, Param("For how many notices to read the types", "주택형을 조회할 공고 수", ge=0, le=10)
    ] = 0,
    rows: Rows = 30,
) -> results.SubscriptionList:
    """New homes to subscribe to."""
    client = ApplyhomeClient(ctx.http, _data_key(ctx))
    today: date = datetime.now(SEOUL).date()
    everything = await client.notices(kind=kind.value, since=today - timedelta(days=days), province=_province(province))
    found = [item for item in everything if item.is_open(today) or not open_only]
    items = []
    for number, item in enumerate(found[:rows]):
        has_types = kind is SubscriptionKind.APARTMENT and number < with_types
        types = await client.types(item) if has_types else []
        items.append(
            results.SubscriptionRow(
                id=item.id,
                name=item.name,
                kind=item.kind,
                province=item.province,
                address=item.address,
                region_code=item.region_code,
                households=item.households,
                published_on=item.published_on,
                opens_on=item.opens_on,
                closes_on=item.closes_on,
                winners_on=item.winners_on,
                move_in=item.move_in,
                url=item.url,
                types=[
                    results.HouseTypeRow(
                        type=one.type,
                        exclusive_m2=one.exclusive_m2,
                        supply_m2=one.supply_m2,
                        general=one.general,
                        special=one.special,
                        top_price_manwon=one.top_price,
                    )
                    for one in types
                ],
            )
        )
    unapplied = []
    if with_types and kind is not SubscriptionKind.APARTMENT:
        unapplied.append("with_types: types are read for apartments only")
    reason = ""
    if not found:
        reason = (
            f"All {len(everything)} notices of these days are closed." if everything else "There is no such notice."
        )
    return results.SubscriptionList(
        as_of=datetime.now(UTC),
        source="한국부동산원 청약홈 (odcloud ApplyhomeInfoDetailSvc)",
        mode=ctx.upstream.mode,
        unapplied=unapplied,
        empty_reason=reason,
        total=len(found),
        items=items,
    )


@applyhome.test
async def check_applyhome(ctx: Context) -> None:
    """One small question proves the key."""
    today = datetime.now(SEOUL).date()
    await ApplyhomeClient(ctx.http, _data_key(ctx)).notices(kind="officetel", since=today)


@juso.action(
    title=Text(en="Find an address", ko="주소 찾기"),
    description=Text(
        en="Official addresses of some words, with legal-dong code, lot key (PNU), building id and zip code.",
        ko="검색어에 맞는 도로명·지번 주소와 법정동코드, PNU, 건물관리번호, 우편번호.",
    ),
    cache=86_400,
    timeout=30,
    example={"text": "서초구 반포동 20-43"},
)
async def find_address(
    ctx: Context,
    text: Annotated[
        str, Param("Road or lot address, or a building", "도로명·지번 주소 또는 건물", min_length=2, max_length=120)
    ],
    rows: Annotated[int, Param("Rows at most", "최대 행 수", ge=1, le=100)] = 10,
) -> results.AddressList:
    """Official addresses of some words."""
    found, total = await _juso(ctx).search(text, limit=rows)
    return results.AddressList(
        as_of=datetime.now(UTC),
        source="행정안전부 도로명주소 (juso.go.kr)",
        mode=ctx.upstream.mode,
        empty_reason="" if found else "No address fits these words.",
        total=total,
        items=[
            results.AddressRow(
                road_address=item.road_address,
                lot_address=item.lot_address,
                zip_code=item.zip_code,
                region_code=item.region_code,
                lot_key=item.lot_key,
                building=item.building,
                building_id=item.building_id,
            )
            for item in found
        ],
    )


def _juso(ctx: Context) -> JusoClient:
    assert isinstance(ctx.credential, JusoKey)
    return JusoClient(ctx.http, ctx.credential.key.get_secret_value())


@juso.test
async def check_juso(ctx: Context) -> None:
    """One small question proves the key."""
    await _juso(ctx).search("세종대로 209", limit=1)
