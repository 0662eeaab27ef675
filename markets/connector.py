"""The KIS ranking tools, as workflows and MCP servers see them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from integrations.sdk import Connector, Context, Rate, Text, Upstream
from markets import rankings
from markets.answers import DEFAULT_EXCLUSIONS, Filters
from markets.cache import Cache
from markets.desk import Desk
from markets.kis.client import KisClient
from markets.kis.endpoints import Venue
from markets.kis.keys import KisKeys
from markets.results import Exclusion, Market, Ranking

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
    return Desk(client, Cache(ctx.store), mode=ctx.upstream.mode)


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


@kis.test
async def check_keys(ctx: Context) -> str:
    """Fetch or reuse the access token and read one index line."""
    desk = open_desk(ctx)
    await desk.client.token()
    moment = await desk.moment()
    return f"Signed in; figures of {moment.data_date:%Y-%m-%d}."
