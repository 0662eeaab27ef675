"""The KIS ranking tools, as workflows and MCP servers see them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from integrations.sdk import Connector, Context, Rate, Text, Upstream
from markets import findings, flows, history, rankings, sectors, symbols, unusual
from markets import health as checks
from markets.answers import DEFAULT_EXCLUSIONS, Filters
from markets.cache import Cache
from markets.desk import Desk
from markets.flows import Basis, Investor, Side
from markets.kis.client import KisClient
from markets.kis.endpoints import Venue
from markets.kis.keys import KisKeys
from markets.ranking import Base
from markets.results import (
    ChangeRanking,
    Exclusion,
    Health,
    InvestorRanking,
    Market,
    PriceHistory,
    Ranking,
    SectorRanking,
    SymbolSearch,
    UnusualVolume,
)

KIS = Upstream(
    key="kis",
    base_url_env="KIS_BASE_URL",
    live="https://openapi.koreainvestment.com:9443",
    sandbox="/kis",
    sandbox_credential={"app_key": "sandbox-app-key", "app_secret": "sandbox-app-secret"},
)

kis = Connector(
    "kis",
    title=Text(en="KIS stock rankings", ko="한국투자증권 순위"),
    description=Text(
        en="Rankings of Korean stocks by trading value, market value, investor and sector, and unusual volume.",
        ko="거래대금·시가총액·투자자·업종별 국내 주식 순위와 이상 거래량.",
    ),
    auth=KisKeys,
    upstream=KIS,
    rate=Rate(20, per=1),
    group="market-data",
    icon="kis.svg",
    docs_url="https://apiportal.koreainvestment.com",
)

Count = Annotated[int, Field(ge=1, le=100, description="Rows wanted, 1 to 100")]
MarketOf = Annotated[Market, Field(description="ALL, KOSPI or KOSDAQ")]
VenueOf = Annotated[Venue, Field(description="KRX, or NXT (Nextrade); never mixed in one list")]
Sector = Annotated[
    str | None, Field(pattern=r"^\d{4}$", description="KIS sector code, for example 0013 electrical and electronic")
]
Won = Annotated[int | None, Field(ge=0, description="Won")]
Exclude = Annotated[tuple[Exclusion, ...], Field(description="Kinds of instruments to leave out")]


def open_desk(ctx: Context) -> Desk:
    """The market as the connection of this call sees it."""
    keys = ctx.credential
    if not isinstance(keys, KisKeys):
        raise TypeError("the kis connector needs KisKeys")
    client = KisClient(
        ctx.http, keys, ctx.store, environment=ctx.upstream.base_url or ctx.upstream.mode, deadline=ctx.deadline
    )
    return Desk(client, Cache(ctx.store), mode=ctx.upstream.mode, language=ctx.language)


@kis.action(
    title=Text(en="Trading-value ranking", ko="거래대금 순위"),
    description=Text(
        en="Stocks ranked by traded value of the session, in won, with share of the market and concentration.",
        ko="당일 거래대금(원) 순위. 시장 비중과 집중도를 함께 제공합니다.",
    ),
)
async def get_volume_ranking(
    ctx: Context,
    market: MarketOf = Market.ALL,
    count: Count = 20,
    sector: Sector = None,
    price_min: Won = None,
    price_max: Won = None,
    market_cap_min: Won = None,
    market_cap_max: Won = None,
    exclude: Exclude = DEFAULT_EXCLUSIONS,
    venue: VenueOf = Venue.KRX,
) -> Ranking:
    """Stocks ranked by traded value of the session, in won."""
    filters = Filters(market, venue, sector, price_min, price_max, market_cap_min, market_cap_max, exclude)
    answer = await rankings.trading_value_ranking(open_desk(ctx), filters, count)
    ctx.log(
        "info", f"{answer.completeness.returned} stocks, {answer.freshness.layer}", method=answer.completeness.method
    )
    return answer


@kis.action(
    title=Text(en="Market-value ranking", ko="시가총액 순위"),
    description=Text(
        en="Stocks ranked by market value, in won, with their trading value and turnover.",
        ko="시가총액(원) 순위. 거래대금과 회전율을 함께 제공합니다.",
    ),
)
async def get_market_cap_ranking(
    ctx: Context,
    market: MarketOf = Market.ALL,
    count: Count = 20,
    sector: Sector = None,
    price_min: Won = None,
    price_max: Won = None,
    market_cap_min: Won = None,
    market_cap_max: Won = None,
    exclude: Exclude = DEFAULT_EXCLUSIONS,
    venue: VenueOf = Venue.KRX,
) -> Ranking:
    """Stocks ranked by market value, in won."""
    filters = Filters(market, venue, sector, price_min, price_max, market_cap_min, market_cap_max, exclude)
    answer = await rankings.market_cap_ranking(open_desk(ctx), filters, count)
    ctx.log(
        "info", f"{answer.completeness.returned} stocks, {answer.freshness.layer}", method=answer.completeness.method
    )
    return answer


Kinds = Annotated[
    tuple[Literal["stock", "etf", "etn", "reit", "fund", "elw"], ...],
    Field(description="Only these kinds; empty for every kind"),
]
MinimumValue = Annotated[int, Field(ge=0, description="Leave out stocks that traded less, in won")]


@kis.action(
    title=Text(en="Growth of trading value", ko="거래대금 증가율 순위"),
    description=Text(
        en="Stocks ranked by growth of their trading value against the previous session or a 5- or 20-session level. "
        "Looks at the most traded stocks and those with the largest growth in volume, and says so.",
        ko="전일 또는 5·20일 평균(중앙값) 대비 거래대금 증가율 순위. 거래대금 상위와 거래량 급증 종목을 대상으로 하며 "
        "대상 범위를 함께 밝힙니다.",
    ),
    timeout=60,
)
async def get_volume_change_ranking(
    ctx: Context,
    market: MarketOf = Market.ALL,
    base: Annotated[Base, Field(description="What today is compared with; today is never part of it")] = Base.MEAN_20,
    count: Count = 20,
    min_trading_value: MinimumValue = 1_000_000_000,
    sector: Sector = None,
    price_min: Won = None,
    price_max: Won = None,
    market_cap_min: Won = None,
    market_cap_max: Won = None,
    exclude: Exclude = DEFAULT_EXCLUSIONS,
    venue: VenueOf = Venue.KRX,
) -> ChangeRanking:
    """Stocks ranked by growth of their trading value against a base."""
    filters = Filters(market, venue, sector, price_min, price_max, market_cap_min, market_cap_max, exclude)
    return await findings.value_change_ranking(open_desk(ctx), filters, count, base, min_trading_value)


@kis.action(
    title=Text(en="Investor ranking", ko="투자자별 순매수 순위"),
    description=Text(
        en="Stocks ranked by net trading of foreigners, institutions, individuals or programs, in won or shares. "
        "Foreign and institutional figures are estimates of KIS; the other two come from the most traded stocks.",
        ko="외국인·기관·개인·프로그램 순매수(순매도) 순위, 원 또는 주 기준. 외국인·기관은 KIS 가집계이고 "
        "개인·프로그램은 거래대금 상위 종목을 하나씩 조회해 만듭니다.",
    ),
    timeout=60,
)
async def get_investor_ranking(
    ctx: Context,
    investor: Annotated[Investor, Field(description="Whose trading")] = Investor.FOREIGN,
    side: Annotated[Side, Field(description="Bought more than sold, or the reverse")] = Side.NET_BUY,
    basis: Annotated[Basis, Field(description="Rank by won or by shares")] = Basis.AMOUNT,
    market: MarketOf = Market.ALL,
    count: Annotated[int, Field(ge=1, le=40, description="Rows wanted, 1 to 40")] = 20,
    sector: Sector = None,
    price_min: Won = None,
    price_max: Won = None,
    exclude: Exclude = DEFAULT_EXCLUSIONS,
    venue: VenueOf = Venue.KRX,
) -> InvestorRanking:
    """Stocks ranked by net trading of one investor group."""
    filters = Filters(market, venue, sector, price_min, price_max, exclude=exclude)
    return await flows.investor_ranking(open_desk(ctx), filters, investor, side, basis, count)


@kis.action(
    title=Text(en="Sector trading-value ranking", ko="업종별 거래대금 순위"),
    description=Text(
        en="Industries ranked by trading value, in won, with their share of the market; no stock is counted twice.",
        ko="업종별 거래대금(원) 순위와 시장 비중. 같은 종목을 두 번 세지 않습니다.",
    ),
)
async def get_sector_volume_ranking(
    ctx: Context,
    market: MarketOf = Market.ALL,
    count: Count = 30,
    with_aggregates: Annotated[
        bool, Field(description="Also list size groups and industries that contain others, marked as such")
    ] = False,
) -> SectorRanking:
    """Industries ranked by trading value, in won."""
    return await sectors.sector_ranking(open_desk(ctx), market, count, with_aggregates=with_aggregates)


@kis.action(
    title=Text(en="Unusual volume", ko="이상 거래량"),
    description=Text(
        en="Stocks whose trading value does not fit their own past, the market's day and their price movement, "
        "each with evidence and a checkable cause or `cause unknown`.",
        ko="과거 수준·시장 전체·가격 변동으로 설명되지 않는 거래대금을 보이는 종목. "
        "근거와 확인 가능한 원인(또는 원인 미상)을 함께 제공합니다.",
    ),
    timeout=60,
)
async def get_unusual_volume(
    ctx: Context,
    market: MarketOf = Market.ALL,
    count: Count = 20,
    threshold: Annotated[
        float, Field(ge=1, le=20, description="Robust spreads above the expected level; 3 was evaluated")
    ] = unusual.THRESHOLD,
    with_price_moves: Annotated[
        bool, Field(description="Also list surges that the stock's own price movement explains")
    ] = True,
    min_trading_value: MinimumValue = 1_000_000_000,
    sector: Sector = None,
    price_min: Won = None,
    price_max: Won = None,
    market_cap_min: Won = None,
    market_cap_max: Won = None,
    exclude: Exclude = DEFAULT_EXCLUSIONS,
    venue: VenueOf = Venue.KRX,
) -> UnusualVolume:
    """Stocks whose trading value does not fit their past."""
    filters = Filters(market, venue, sector, price_min, price_max, market_cap_min, market_cap_max, exclude)
    return await findings.unusual_volume(
        open_desk(ctx), filters, count, threshold, min_trading_value, with_price_moves=with_price_moves
    )


@kis.action(
    title=Text(en="Price history", ko="일별 시세"),
    description=Text(
        en="Daily prices, volume and trading value of one stock with the unusual-volume score of each day.",
        ko="한 종목의 일별 시세·거래량·거래대금과 날짜별 이상 거래량 점수.",
    ),
)
async def get_price_history(
    ctx: Context,
    code: Annotated[
        str,
        Field(pattern=r"^(Q[0-9A-Z]{6}|[0-9A-Z]{6})$", description="Six characters, as find_symbol gives them"),
    ],
    sessions: Annotated[int, Field(ge=1, le=65, description="Sessions wanted, 1 to 65")] = 60,
    venue: VenueOf = Venue.KRX,
) -> PriceHistory:
    """Daily bars of one stock."""
    return await history.price_history(open_desk(ctx), code, sessions, venue)


@kis.action(
    title=Text(en="Find a symbol", ko="종목 찾기"),
    description=Text(
        en="Look up the code of a stock or fund by name, part of a name, Korean initial consonants or code.",
        ko="종목명·일부 이름·초성·코드로 종목코드를 찾습니다.",
    ),
)
async def find_symbol(
    ctx: Context,
    query: Annotated[str, Field(min_length=1, max_length=60, description="Name, part of it, initials or code")],
    market: MarketOf = Market.ALL,
    kinds: Kinds = (),
    count: Annotated[int, Field(ge=1, le=50, description="Rows wanted, 1 to 50")] = 10,
) -> SymbolSearch:
    """Look up the code of an instrument."""
    return await symbols.find_symbol(open_desk(ctx), query, market, frozenset(kinds), count)


@kis.action(
    title=Text(en="Market data health", ko="시장 데이터 상태"),
    description=Text(
        en="State of the sign-in, the upstream, the calendar, the symbol files and the cache.",
        ko="인증·업스트림·휴장일·종목 파일·캐시 상태를 점검합니다.",
    ),
)
async def health(ctx: Context) -> Health:
    """State of everything the market tools lean on."""
    return await checks.health(open_desk(ctx))


@kis.test
async def check_keys(ctx: Context) -> str:
    """Fetch or reuse the access token and read one index line."""
    desk = open_desk(ctx)
    await desk.client.token()
    moment = await desk.moment()
    return f"Signed in; figures of {moment.data_date:%Y-%m-%d}."
