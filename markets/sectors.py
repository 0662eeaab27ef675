"""Sectors by trading value, each stock counted once."""

from __future__ import annotations

import asyncio

from markets import ranking as maths
from markets.answers import Ledger
from markets.desk import Desk, need_rows
from markets.kis import endpoints
from markets.kis.endpoints import Venue
from markets.kis.rows import MarketTotal, SectorRow
from markets.results import Market, SectorRanking, SectorVolume

BOARDS = {Market.KOSPI: ("0001", "K"), Market.KOSDAQ: ("1001", "Q")}


async def sector_ranking(desk: Desk, market: Market, count: int, *, with_aggregates: bool = False) -> SectorRanking:
    """Industries of one or both boards by trading value, in won; aggregates are dropped or marked."""
    ledger = Ledger()
    wanted = list(BOARDS) if market is Market.ALL else [market]

    async def one(board: Market) -> tuple[list[SectorVolume], int | None]:
        scope, letter = BOARDS[board]
        query = {
            "FID_COND_MRKT_DIV_CODE": "U",
            "FID_INPUT_ISCD": scope,
            "FID_COND_SCR_DIV_CODE": "20214",
            "FID_MRKT_CLS_CODE": letter,
            "FID_BLNG_CLS_CODE": "0",
        }
        page = ledger.add(await desk.page(endpoints.SECTORS, query))
        need_rows(page, "the sector list")
        total = MarketTotal.model_validate(page.head or {}).trading_value
        return _lines(page.rows, board, total), total

    parts, moment = await asyncio.gather(asyncio.gather(*(one(board) for board in wanted)), desk.moment())
    lines = [line for part, _ in parts for line in part]
    totals = [total for _, total in parts]
    whole = None if any(total is None for total in totals) else sum(total for total in totals if total is not None)
    plain = [line for line in lines if not line.aggregate]
    shown = sorted(lines if with_aggregates else plain, key=lambda line: (-line.trading_value, line.code))
    rows = [line.model_copy(update={"rank": rank}) for rank, line in enumerate(shown[:count], start=1)]
    return SectorRanking(
        **ledger.frame(desk, moment, market, Venue.KRX, "KRW"),
        completeness=ledger.completeness(
            returned=len(rows),
            requested=count,
            certain=len(rows),
            complete=True,
            method="every sector of the board in one list; size groups and containing industries "
            + ("marked" if with_aggregates else "left out"),
        ),
        rows=rows,
        market_total=whole,
        covered_percent=maths.percent_of(sum(line.trading_value for line in plain), whole),
    )


def _lines(rows: tuple[SectorRow, ...], board: Market, total: int | None) -> list[SectorVolume]:
    present = [row.code for row in rows]
    rest = maths.industry_remainder([maths.SectorLine(row.code, row.trading_value) for row in rows])
    found = []
    for row in rows:
        aggregate = maths.is_aggregate(row.code, present)
        found.append(_line(row, board, total, row.trading_value, aggregate, row.name))
        # Finance holds banks and holdings beside securities and insurers: what its parts leave is a line of its own.
        if aggregate and rest.get(row.code, 0) > row.trading_value * 0.005:
            found.append(_line(row, board, total, rest[row.code], False, f"{row.name} (기타)"))
    return found


def _line(row: SectorRow, board: Market, total: int | None, value: int, aggregate: bool, name: str) -> SectorVolume:
    return SectorVolume(
        rank=0,
        code=row.code,
        name=name,
        market=board,
        trading_value=value,
        volume=row.volume if value == row.trading_value else None,
        share_percent=maths.percent_of(value, total),
        change_percent=row.change_percent if value == row.trading_value else None,
        aggregate=aggregate,
    )
