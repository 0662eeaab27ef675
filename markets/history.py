"""One stock's daily bars, each with the score the detector would have given it that day."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from integrations.sdk import ConnectorError, Rejected, Text
from markets import unusual
from markets.answers import Ledger
from markets.desk import HISTORY_DAYS, Desk
from markets.findings import finished
from markets.kis import endpoints
from markets.kis.endpoints import Venue
from markets.kis.errors import NO_HITS
from markets.kis.rows import DailyBar, IndexDay
from markets.results import Market, PriceBar, PriceHistory


async def price_history(desk: Desk, code: str, sessions: int, venue: Venue) -> PriceHistory:
    """Up to 65 sessions of a stock, oldest first, prices adjusted; raises `Rejected` for an unknown code."""
    ledger = Ledger()
    moment = await desk.moment()
    query = endpoints.daily_chart_query(
        code=code,
        venue=venue,
        first=(moment.data_date - timedelta(days=HISTORY_DAYS)).strftime("%Y%m%d"),
        last=moment.data_date.strftime("%Y%m%d"),
        adjusted=True,
    )
    unknown = Rejected(
        f"KIS has no daily prices for {code}.", code="unknown_symbol", remedy="Look the code up with find_symbol."
    )
    try:
        page = ledger.add(await desk.page(endpoints.DAILY_CHART, query))
    except Rejected as error:
        if error.details.get("upstream_code") == NO_HITS:
            raise unknown from error
        raise
    bars = sorted(page.rows, key=lambda bar: bar.date)
    if not bars:
        raise unknown
    name = str((page.head or {}).get("hts_kor_isnm", "")).strip()
    board, sector = Market.ALL, ""
    try:
        master, names = await asyncio.gather(desk.instruments(), desk.sector_names())
    except ConnectorError as error:
        ledger.notices.append(
            Text(f"Board and sector are unknown: {error.message}", f"시장과 업종을 알 수 없습니다: {error.message}")
        )
    else:
        item = master.value.get(code)
        if item is not None:
            name, board, sector = item.name, Market(item.market), names.get(item.sector, "")
    scores = await scores_of(desk, bars, board)
    shown = bars[-sessions:]
    rows = [
        PriceBar(
            date=bar.date,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
            trading_value=bar.trading_value,
            halted=bar.halted,
            unusual_score=scores[bar.date].score if bar.date in scores else None,
            unusual_kind=scores[bar.date].kind.value if bar.date in scores else "",
        )
        for bar in shown
    ]
    return PriceHistory(
        **ledger.frame(desk, moment, board, venue, "KRW and shares"),
        completeness=ledger.completeness(
            returned=len(rows),
            requested=sessions,
            certain=len(rows),
            complete=len(rows) == sessions or not page.capped,
            method="adjusted daily chart",
        ),
        code=code,
        name=name or code,
        market_name="" if board is Market.ALL else board.value,
        sector_name=sector,
        rows=rows,
    )


async def scores_of(desk: Desk, bars: list[DailyBar], board: Market) -> dict[date, unusual.Assessment]:
    """The detector's outcome for each day with enough past; a running session is left to the unusual-volume tool."""
    code = "1001" if board is Market.KOSDAQ else "0001"
    try:
        index: list[IndexDay] = (await desk.index_days(code)).value
    except ConnectorError:
        index = []
    busy: dict[date, float] = {}
    lines = [day for day in reversed(index) if day.trading_value]
    for number, day in enumerate(lines):
        busy[day.date] = unusual.market_factor([item.trading_value or 0 for item in lines[: number + 1]])
    traded = [bar for bar in bars if not bar.halted and bar.trading_value]
    days = finished(traded)
    found = {}
    for number in range(unusual.LEAST + 1, len(days)):
        level = unusual.level_of(days[max(0, number - unusual.WINDOW - 1) : number])
        if level is not None:
            bar = traded[number]
            reading = unusual.Reading(bar.trading_value or 0, bar.high, bar.low)
            found[bar.date] = unusual.assess(level, reading, busy.get(bar.date, 0.0))
    return found
