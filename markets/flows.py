"""Who bought and sold: foreign and institutional rankings of KIS, and individuals and programs assembled by stock."""

from __future__ import annotations

import asyncio
from enum import StrEnum

from integrations.sdk import ConnectorError, InvalidParams, Text
from integrations.sdk.errors import FieldProblem
from markets.answers import Filters, Ledger, instruments_or_notice
from markets.desk import Desk, need_rows
from markets.findings import note_missing
from markets.kis import endpoints
from markets.kis.client import Page
from markets.kis.endpoints import Venue
from markets.kis.hours import Session
from markets.kis.rows import FlowRankRow, InvestorDay, ProgramDay
from markets.rankings import most_traded
from markets.results import InvestorRanking, InvestorStock


class Investor(StrEnum):
    """Whose trading."""

    FOREIGN = "foreign"
    INSTITUTION = "institution"
    INDIVIDUAL = "individual"
    PROGRAM = "program"


class Side(StrEnum):
    """Which end of the list."""

    NET_BUY = "net_buy"
    NET_SELL = "net_sell"


class Basis(StrEnum):
    """What the list is ranked by."""

    AMOUNT = "amount"
    QUANTITY = "quantity"


#: Stocks whose flows are asked one by one for individuals and programs; KIS has no such ranking.
CANDIDATES = 40


async def investor_ranking(
    desk: Desk, filters: Filters, investor: Investor, side: Side, basis: Basis, count: int
) -> InvestorRanking:
    """Stocks by net trading of one investor group, in won or shares."""
    if investor in {Investor.FOREIGN, Investor.INSTITUTION}:
        if filters.venue is not Venue.KRX:
            problem = FieldProblem("venue", "KIS estimates these flows for both venues together.", "Leave it at KRX.")
            raise InvalidParams("The venue does not fit this investor group.", problems=[problem])
        return await _estimated(desk, filters, investor, side, basis, count)
    return await _assembled(desk, filters, investor, side, basis, count)


async def _estimated(
    desk: Desk, filters: Filters, investor: Investor, side: Side, basis: Basis, count: int
) -> InvestorRanking:
    ledger = Ledger()
    query = endpoints.flow_rank_query(
        scope=filters.scopes(split=False)[0],
        by_amount=basis is Basis.AMOUNT,
        selling=side is Side.NET_SELL,
        group="1" if investor is Investor.FOREIGN else "2",
    )
    reading, moment = await asyncio.gather(desk.page(endpoints.FLOW_RANK, query), desk.moment())
    page = ledger.add(reading)
    if not page.rows and moment.session is not Session.OPEN:
        need_rows(page, "the investor ranking")
    if not page.rows:
        ledger.notices.append(
            Text(
                "KIS enters these estimates by hand from about 09:30 (foreign) or 10:00 (institutions); none is in.",
                "가집계는 외국인 09:30, 기관 10:00 무렵부터 입력되며 아직 없습니다.",
            )
        )
    master = await instruments_or_notice(desk, ledger, "Excluding " + ", ".join(filters.exclude))

    def net(row: FlowRankRow) -> tuple[int | None, int | None]:
        if investor is Investor.FOREIGN:
            return row.foreign_amount, row.foreign_quantity
        return row.institution_amount, row.institution_quantity

    wanted = [
        row
        for row in page.rows
        if _matches_side(net(row), side, basis)
        and (master is None or filters.accepts_instrument(master.get(row.code)))
        and (filters.price_min is None or row.price >= filters.price_min)
        and (filters.price_max is None or row.price <= filters.price_max)
    ]
    wanted.sort(key=lambda row: (-_size(net(row), side, basis), row.code))
    rows = [
        InvestorStock(
            rank=rank,
            **row.quoted,
            net_amount=net(row)[0],
            net_quantity=net(row)[1],
        )
        for rank, row in enumerate(wanted[:count], start=1)
    ]
    complete = len(rows) == count or not page.capped
    if not complete:
        ledger.notices.append(
            Text(
                f"KIS lists at most {len(page.rows)} stocks here; further ranks are unknown.",
                f"KIS는 최대 {len(page.rows)}종목만 제공하므로 그 아래 순위는 알 수 없습니다.",
            )
        )
    ledger.notices.append(
        Text(
            "Amounts are KIS estimates: quantity times the current price.",
            "금액은 KIS 가집계로, 수량에 현재가를 곱한 값입니다.",
        )
    )
    return InvestorRanking(
        **ledger.frame(desk, moment, filters.market, filters.venue, "KRW and shares"),
        completeness=ledger.completeness(
            returned=len(rows), requested=count, certain=len(rows), complete=complete, method="one upstream list"
        ),
        investor=investor.value,
        side=side.value,
        provisional=True,
        rows=rows,
    )


def _matches_side(net: tuple[int | None, int | None], side: Side, basis: Basis) -> bool:
    figure = net[0] if basis is Basis.AMOUNT else net[1]
    return figure is not None and (figure > 0 if side is Side.NET_BUY else figure < 0)


def _size(net: tuple[int | None, int | None], side: Side, basis: Basis) -> int:
    figure = (net[0] if basis is Basis.AMOUNT else net[1]) or 0
    return figure if side is Side.NET_BUY else -figure


async def _assembled(
    desk: Desk, filters: Filters, investor: Investor, side: Side, basis: Basis, count: int
) -> InvestorRanking:
    ledger = Ledger()
    merged, moment = await asyncio.gather(most_traded(desk, ledger, filters, CANDIDATES), desk.moment())
    endpoint = endpoints.INVESTOR if investor is Investor.INDIVIDUAL else endpoints.PROGRAM_DAILY
    gate = asyncio.Semaphore(8)

    async def one(code: str) -> Page | ConnectorError:
        query = {"FID_COND_MRKT_DIV_CODE": filters.venue.wire, "FID_INPUT_ISCD": code}
        if endpoint is endpoints.PROGRAM_DAILY:
            query["FID_INPUT_DATE_1"] = ""
        async with gate:
            try:
                return ledger.add(await desk.page(endpoint, query))
            except ConnectorError as error:
                return error

    answers = await asyncio.gather(*(one(row.code) for row in merged.rows))
    failed = [row.code for row, page in zip(merged.rows, answers, strict=True) if isinstance(page, ConnectorError)]
    if answers and len(failed) == len(answers):
        raise next(page for page in answers if isinstance(page, ConnectorError))
    note_missing(ledger, failed)

    figures = _net_of_individuals if investor is Investor.INDIVIDUAL else _net_of_programs
    pages = {row.code: page for row, page in zip(merged.rows, answers, strict=True) if isinstance(page, Page)}
    # Before the close today's investor rows are blank. One list never mixes two days.
    days = sorted({row.date for page in pages.values() for row in page.rows if figures(row)[0] is not None})
    day = days[-1] if days else moment.data_date
    nets = {
        code: next((figures(row) for row in page.rows if row.date == day), (None, None)) for code, page in pages.items()
    }
    wanted = [row for row in merged.rows if row.code in nets and _matches_side(nets[row.code], side, basis)]
    wanted.sort(key=lambda row: (-_size(nets[row.code], side, basis), row.code))
    rows = [
        InvestorStock(
            rank=rank,
            **row.traded,
            net_amount=nets[row.code][0],
            net_quantity=nets[row.code][1],
        )
        for rank, row in enumerate(wanted[:count], start=1)
    ]
    ledger.notices.append(
        Text(
            f"KIS has no ranking for this group; these are the {len(pages)} most traded stocks, asked one by one.",
            f"KIS에 이 투자자 순위가 없어 거래대금 상위 {len(pages)}종목을 하나씩 조회했습니다.",
        )
    )
    if day != moment.data_date:
        ledger.notices.append(
            Text(
                f"Flows are those of {day:%Y-%m-%d}: the exchange publishes today's after the close.",
                f"당일 값은 장 마감 후 발표되므로 {day:%Y-%m-%d}의 값입니다.",
            )
        )
    frame = ledger.frame(desk, moment, filters.market, filters.venue, "KRW and shares")
    return InvestorRanking(
        **frame | {"data_date": day},
        completeness=ledger.completeness(
            returned=len(rows),
            requested=count,
            certain=0,
            complete=False,
            candidates=len(pages),
            method="assembled from one call for each of the most traded stocks",
        ),
        investor=investor.value,
        side=side.value,
        provisional=False,
        rows=rows,
    )


Nets = tuple[int | None, int | None]


def _net_of_individuals(row: object) -> Nets:
    assert isinstance(row, InvestorDay)
    return row.individual_amount, row.individual_quantity


def _net_of_programs(row: object) -> Nets:
    assert isinstance(row, ProgramDay)
    return row.net_amount, row.net_quantity
