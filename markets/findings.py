"""The tools that need history: growth of trading value, and unusual volume."""

from __future__ import annotations

import asyncio
from math import exp
from typing import Any

from integrations.sdk import ConnectorError, Text
from markets import ranking as maths
from markets import unusual
from markets.answers import Filters, Ledger, market_total, progress
from markets.desk import Desk
from markets.kis import endpoints, hours
from markets.kis.endpoints import RankBy
from markets.kis.rows import DailyBar, PriceFlags, VolumeRankRow
from markets.ranking import Base
from markets.rankings import most_traded
from markets.results import ChangedStock, ChangeRanking, Evidence, UnusualStock, UnusualVolume

#: The most stocks whose history one answer may ask for: 60 calls are under four seconds at the upstream's rate.
CANDIDATES = 60


async def candidates(desk: Desk, ledger: Ledger, filters: Filters, count: int) -> list[VolumeRankRow]:
    """The most traded stocks together with those whose volume grew most since yesterday."""
    by_value, by_growth = await asyncio.gather(
        most_traded(desk, ledger, filters, count),
        most_traded(desk, ledger, filters, 30, by=RankBy.VOLUME_GROWTH),
    )
    found = {row.code: row for row in [*by_value.rows, *by_growth.rows]}
    return list(found.values())


def scope_notice(count: int, minimum: int) -> Text:
    """Which stocks were looked at, in words."""
    return Text(
        f"Looked at {count} stocks: the most traded ones and those with the largest growth in volume, "
        f"above {minimum:,} won of trading value; not every stock of the market.",
        f"거래대금 상위와 거래량 급증 종목 가운데 거래대금 {minimum:,}원 이상인 {count}종목만 살펴보았습니다.",
    )


async def value_change_ranking(desk: Desk, filters: Filters, count: int, base: Base, minimum: int) -> ChangeRanking:
    """Stocks by growth of their trading value against a base of earlier sessions."""
    ledger = Ledger()
    rows, moment = await asyncio.gather(candidates(desk, ledger, filters, CANDIDATES), desk.moment())
    rows = [row for row in rows if row.trading_value >= minimum]
    histories, missing = await desk.histories([row.code for row in rows], moment.data_date, filters.venue, 25)
    note_missing(ledger, missing)
    total = market_total(moment, filters.market, filters.venue)
    scored: list[tuple[VolumeRankRow, maths.Growth]] = []
    for row in rows:
        if row.code in histories:
            past = [bar.trading_value if not bar.halted else 0 for bar in reversed(histories[row.code])]
            scored.append((row, maths.growth(row.trading_value, past, base)))
    # Without a base there is no growth to rank by: such stocks follow after all others.
    scored.sort(key=lambda pair: (pair[1].percent is None, -(pair[1].percent or 0.0), pair[0].code))
    result = [
        ChangedStock(
            rank=rank,
            **row.traded,
            turnover_percent=maths.turnover(row.trading_value, row.market_cap),
            market_share_percent=maths.percent_of(row.trading_value, total),
            base_value=growth.base,
            base_sessions=growth.sessions,
            change_in_value_percent=growth.percent,
            note=growth.note,
        )
        for rank, (row, growth) in enumerate(scored[:count], start=1)
    ]
    part_of_day = progress(moment, desk)
    if part_of_day < 1:
        ledger.notices.append(
            Text(
                f"The session is {part_of_day:.0%} over: its trading value is compared with whole earlier sessions.",
                f"장이 {part_of_day:.0%} 진행된 값을 이전 하루 전체와 비교합니다.",
            )
        )
    ledger.notices.append(scope_notice(len(scored), minimum))
    return ChangeRanking(
        **ledger.frame(desk, moment, filters.market, filters.venue, "KRW"),
        completeness=ledger.completeness(
            returned=len(result),
            requested=count,
            certain=0,
            complete=False,
            candidates=len(scored),
            method="ranked within the candidates; history from the adjusted daily chart",
        ),
        base=base.value,
        rows=result,
    )


async def market_busyness(desk: Desk) -> dict[str, float]:
    """Each board's busyness today against its usual level, as a logarithm; a session under way is scaled to a day."""
    codes = {"KOSPI": "0001", "KOSDAQ": "1001"}
    found = {}
    for name, code in codes.items():
        days = (await desk.index_days(code)).value
        values = [day.trading_value for day in reversed(days) if day.trading_value]
        if not values:
            continue
        pace = unusual.pace_at(hours.progress_of(desk.now(), days[0].date))
        values[-1] = int(values[-1] / max(pace, 0.02))
        found[name] = unusual.market_factor(values)
    return found


def finished(bars: list[DailyBar]) -> list[unusual.Day]:
    """Sessions with trading, oldest first, as the detector takes them."""
    return [
        unusual.Day(bar.trading_value, bar.high, bar.low, bar.close)
        for bar in bars
        if not bar.halted and bar.trading_value and bar.high and bar.low and bar.close
    ]


async def unusual_volume(
    desk: Desk, filters: Filters, count: int, threshold: float, minimum: int, *, with_price_moves: bool = True
) -> UnusualVolume:
    """Stocks whose trading value does not fit their past, the market's day and (for `unexplained`) their price."""
    ledger = Ledger()
    rows, moment, busy = await asyncio.gather(
        candidates(desk, ledger, filters, CANDIDATES), desk.moment(), market_busyness(desk)
    )
    rows = [row for row in rows if row.trading_value >= minimum]
    codes = [row.code for row in rows]
    (histories, missing), today = await asyncio.gather(
        desk.histories(codes, moment.data_date, filters.venue, 40), day_ranges(desk, ledger, codes, filters)
    )
    note_missing(ledger, missing)
    pace = unusual.pace_at(progress(moment, desk))
    found: list[tuple[VolumeRankRow, unusual.Assessment, float]] = []
    too_young = 0
    boards = await boards_of(desk, codes)
    for row in rows:
        level = unusual.level_of(finished(histories.get(row.code, [])))
        if level is None:
            too_young += row.code in histories
            continue
        high, low = today.get(row.code, (row.price, row.price))
        market = busy.get(boards.get(row.code, ""), sum(busy.values()) / len(busy) if busy else 0.0)
        reading = unusual.Reading(row.trading_value, *to_adjusted(level, row, high, low), pace)
        outcome = unusual.assess(level, reading, market, threshold)
        wanted = outcome.kind is unusual.Kind.UNEXPLAINED or (
            with_price_moves and outcome.kind is unusual.Kind.WITH_PRICE_MOVE
        )
        if wanted:
            found.append((row, outcome, market))
    found.sort(key=lambda item: (-max(item[1].score, item[1].plain_score), item[0].code))
    shown = found[:count]
    flags = await flags_of(desk, ledger, [row.code for row, _, _ in shown], filters)
    result = [
        finding(rank, row, outcome, market, flags.get(row.code), histories[row.code])
        for rank, (row, outcome, market) in enumerate(shown, start=1)
    ]
    if too_young:
        ledger.notices.append(
            Text(
                f"{too_young} stocks have fewer than {unusual.LEAST} sessions of history and no score.",
                f"{too_young}종목은 거래일이 {unusual.LEAST}일보다 적어 점수가 없습니다.",
            )
        )
    if pace < 1:
        ledger.notices.append(
            Text(
                f"The session is under way: values are scaled by a usual day's pace ({pace:.0%} done).",
                f"장중이므로 평소의 시간대별 진행률({pace:.0%})로 하루치를 추정합니다.",
            )
        )
    ledger.notices.append(scope_notice(len(histories), minimum))
    return UnusualVolume(
        **ledger.frame(desk, moment, filters.market, filters.venue, "KRW"),
        completeness=ledger.completeness(
            returned=len(result),
            requested=count,
            certain=0,
            complete=False,
            candidates=len(histories),
            method="market- and price-adjusted robust score over 30 sessions",
        ),
        method="log trading value against its weighted past, the market's busyness and the day's true range",
        threshold=threshold,
        market_factor=round(exp(sum(busy.values()) / len(busy)), 3) if busy else 1.0,
        rows=result,
    )


def to_adjusted(level: unusual.Level, row: VolumeRankRow, high: int, low: int) -> tuple[int, int]:
    """Today's quoted high and low in the adjusted prices of the history."""
    quoted_close = row.price - (row.change or 0)
    if quoted_close <= 0:
        return high, low
    factor = level.last_close / quoted_close
    return round(high * factor), round(low * factor)


async def day_ranges(desk: Desk, ledger: Ledger, codes: list[str], filters: Filters) -> dict[str, tuple[int, int]]:
    """Today's high and low per code, from multi-quotes."""
    chunks = [codes[start : start + 30] for start in range(0, len(codes), 30)]
    pages = await asyncio.gather(
        *(desk.page(endpoints.MULTI_PRICE, endpoints.multi_price_query(chunk, filters.venue)) for chunk in chunks)
    )
    return {row.code: (row.high, row.low) for page in pages for row in ledger.add(page).rows if row.high and row.low}


async def boards_of(desk: Desk, codes: list[str]) -> dict[str, str]:
    """The board of each code; empty when the symbol file cannot be had, which costs a little precision only."""
    try:
        master = (await desk.instruments()).value
    except ConnectorError:
        return {}
    return {code: master[code].market for code in codes if code in master}


async def flags_of(desk: Desk, ledger: Ledger, codes: list[str], filters: Filters) -> dict[str, PriceFlags]:
    """Quotes with their designations; a stock whose quote fails keeps its finding and loses these causes."""

    async def one(code: str) -> PriceFlags | None:
        query = {"FID_COND_MRKT_DIV_CODE": filters.venue.wire, "FID_INPUT_ISCD": code}
        try:
            page = ledger.add(await desk.page(endpoints.PRICE, query))
        except ConnectorError:
            return None
        return page.rows[0] if page.rows else None

    answers = await asyncio.gather(*(one(code) for code in codes))
    failed = sum(answer is None for answer in answers)
    if failed:
        ledger.notices.append(
            Text(
                f"The designations of {failed} stocks could not be had; their causes may be incomplete.",
                f"{failed}종목의 지정 정보를 받지 못해 원인이 빠졌을 수 있습니다.",
            )
        )
    return {code: answer for code, answer in zip(codes, answers, strict=True) if answer is not None}


def finding(
    rank: int,
    row: VolumeRankRow,
    outcome: unusual.Assessment,
    market: float,
    flags: PriceFlags | None,
    bars: list[DailyBar],
) -> UnusualStock:
    """One finding with its evidence and checkable causes."""
    last = bars[-1] if bars else None
    facts = unusual.Circumstances(
        change_percent=row.change_percent,
        resumed=bool(last and last.halted),
        corporate_action=last.event if last and last.event not in {"", "00"} else "",
        **circumstances(flags),
    )
    causes = unusual.causes_of(facts, market)
    return UnusualStock(
        rank=rank,
        **row.traded,
        turnover_percent=maths.turnover(row.trading_value, row.market_cap),
        kind=outcome.kind.value,
        score=outcome.score,
        volume_score=outcome.plain_score,
        times_usual=outcome.times_usual,
        baseline_sessions=outcome.sessions,
        evidence=[
            Evidence(
                measure=item.name, value=item.value, threshold=item.threshold, passed=item.passed, detail=item.detail
            )
            for item in outcome.measures
        ],
        causes=causes,
    )


def circumstances(flags: PriceFlags | None) -> dict[str, Any]:
    """The designations of a quote in the detector's words."""
    if flags is None:
        return {}
    return {
        "at_upper_limit": bool(flags.upper_limit and flags.price >= flags.upper_limit * 0.999),
        "at_lower_limit": bool(flags.lower_limit and flags.price <= flags.lower_limit * 1.001),
        "year_high": bool(flags.year_high and flags.price >= flags.year_high),
        "year_low": bool(flags.year_low and flags.price <= flags.year_low),
        "volatility_interruption": flags.volatility_interruption not in {"", "N", "0"},
        "warning": flags.warning,
        "short_term_overheated": flags.short_term_overheated == "Y",
        "administrative": flags.administrative == "Y",
    }


def note_missing(ledger: Ledger, missing: list[str]) -> None:
    """Say whose history could not be had; they are left out, not counted as usual."""
    if missing:
        ledger.notices.append(
            Text(
                f"The history of {len(missing)} stocks could not be had; they are left out.",
                f"{len(missing)}종목의 과거 자료를 받지 못해 제외했습니다.",
            )
        )
