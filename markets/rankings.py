"""The two plain rankings: trading value and market value."""

from __future__ import annotations

import asyncio

from markets import ranking as maths
from markets.answers import Filters, Ledger, instruments_or_notice, market_total
from markets.desk import Desk, need_rows
from markets.kis import endpoints
from markets.kis.endpoints import Band, RankBy
from markets.kis.rows import MarketCapRow, VolumeRankRow
from markets.merge import Merged, Part, merge_top
from markets.results import Exclusion, RankedStock, Ranking


async def most_traded(
    desk: Desk, ledger: Ledger, filters: Filters, count: int, *, by: RankBy = RankBy.TRADING_VALUE
) -> Merged[VolumeRankRow]:
    """The stocks with the highest trading value; more than one list is asked when one cannot prove the ranks."""

    async def fetch(scope: str, band: Band) -> Part[VolumeRankRow]:
        query = endpoints.volume_rank_query(scope=scope, venue=filters.venue, by=by, exclude=filters.flags, band=band)
        page = ledger.add(await desk.page(endpoints.VOLUME_RANK, query))
        return Part(scope, band, page.rows, page.capped)

    merged = await merge_top(
        fetch,
        scopes=filters.scopes(split=count > 30),
        band=filters.band,
        count=count,
        value=lambda row: row.trading_value,
        keep=lambda row: filters.accepts_cap(row.market_cap),
    )
    if not merged.rows and (not filters.narrows or ledger.blank):
        need_rows(ledger.readings[0].value, "the trading-value ranking")
    return merged


def how(merged: Merged[VolumeRankRow] | Merged[MarketCapRow], count: int) -> str:
    """The method of a merged list in words."""
    if merged.calls == 1:
        return "one upstream list of at most 30 rows"
    proof = "every rank proven" if merged.certain >= min(count, len(merged.rows)) else "call budget reached"
    return f"{merged.calls} upstream lists of at most 30 rows merged by market and price band; {proof}"


async def trading_value_ranking(desk: Desk, filters: Filters, count: int) -> Ranking:
    """Stocks by traded value of the session, in won."""
    ledger = Ledger()
    merged, moment = await asyncio.gather(most_traded(desk, ledger, filters, count), desk.moment())
    total = market_total(moment, filters.market, filters.venue) if filters.sector is None else None
    rows = [
        RankedStock(
            rank=rank,
            **row.traded,
            turnover_percent=maths.turnover(row.trading_value, row.market_cap),
            market_share_percent=maths.percent_of(row.trading_value, total),
        )
        for rank, row in enumerate(merged.rows, start=1)
    ]
    completeness = ledger.completeness(
        returned=len(rows),
        requested=count,
        certain=merged.certain,
        complete=merged.exhausted or merged.certain >= count,
        method=how(merged, count),
    )
    return Ranking(
        **ledger.frame(desk, moment, filters.market, filters.venue, "KRW"),
        completeness=completeness,
        rows=rows,
        market_total=total,
        concentration_percent=maths.concentration((row.trading_value for row in merged.rows), total),
    )


async def market_cap_ranking(desk: Desk, filters: Filters, count: int, *, with_trading: bool = True) -> Ranking:
    """Stocks by market value, in won; trading values are joined from multi-quotes."""
    ledger = Ledger()
    # KIS filters this list by board and price only; everything else is decided with the symbol master.
    by_master = set(filters.exclude) - {Exclusion.PREFERRED}
    master = None
    if filters.sector is not None:
        master = (await desk.instruments()).value
    elif by_master:
        master = await instruments_or_notice(desk, ledger, "Excluding " + ", ".join(sorted(by_master)))

    async def fetch(scope: str, band: Band) -> Part[MarketCapRow]:
        query = endpoints.market_cap_query(
            scope=scope, venue=filters.venue, common_only=Exclusion.PREFERRED in filters.exclude, band=band
        )
        page = ledger.add(await desk.page(endpoints.MARKET_CAP, query))
        return Part(scope, band, page.rows, page.capped)

    def keep(row: MarketCapRow) -> bool:
        if not filters.accepts_cap(row.market_cap):
            return False
        return master is None or filters.accepts_instrument(master.get(row.code))

    scopes = Filters(market=filters.market).scopes(split=count > 30)
    if filters.sector is not None:
        scopes = [{"0": "0001", "1": "1001"}.get(filters.sector[:1], filters.market.scope)]
    merged, moment = await asyncio.gather(
        merge_top(fetch, scopes=scopes, band=filters.band, count=count, value=lambda row: row.market_cap, keep=keep),
        desk.moment(),
    )
    if not merged.rows and (not filters.narrows or ledger.blank):
        need_rows(ledger.readings[0].value, "the market-value ranking")
    values = await trading_values(desk, ledger, [row.code for row in merged.rows], filters) if with_trading else {}
    rows = [
        RankedStock(
            rank=rank,
            **row.quoted,
            trading_value=values.get(row.code),
            market_cap=row.market_cap,
            turnover_percent=maths.turnover(values.get(row.code), row.market_cap),
            # Per board once the boards are asked apart, so only a single list's figure is the whole market's.
            market_share_percent=row.market_share if merged.calls == 1 else None,
        )
        for rank, row in enumerate(merged.rows, start=1)
    ]
    completeness = ledger.completeness(
        returned=len(rows),
        requested=count,
        certain=merged.certain,
        complete=merged.exhausted or merged.certain >= count,
        method=how(merged, count),
    )
    return Ranking(
        **ledger.frame(desk, moment, filters.market, filters.venue, "KRW"), completeness=completeness, rows=rows
    )


async def trading_values(desk: Desk, ledger: Ledger, codes: list[str], filters: Filters) -> dict[str, int]:
    """Trading value of each code in won, from multi-quotes of 30; a stock without a quote is left out."""
    chunks = [codes[start : start + 30] for start in range(0, len(codes), 30)]
    pages = await asyncio.gather(
        *(desk.page(endpoints.MULTI_PRICE, endpoints.multi_price_query(chunk, filters.venue)) for chunk in chunks)
    )
    return {
        row.code: row.trading_value for page in pages for row in ledger.add(page).rows if row.trading_value is not None
    }
