"""Is everything there that the market tools lean on? Answers even when the upstream does not."""

from __future__ import annotations

import time

from integrations.sdk import ConnectorError
from markets.cache import PROCESS, hit_rate
from markets.desk import Desk
from markets.kis import endpoints, hours
from markets.kis.endpoints import Band, Exclusions, RankBy, Venue
from markets.results import Check, Health


async def health(desk: Desk) -> Health:
    """Sign-in, one uncached ranking, the calendar, the symbol files and the cache; problems are named, not raised."""
    checks: list[Check] = []

    async def check(name: str, work: object) -> bool:
        began = time.perf_counter()
        try:
            detail = str(await work)  # type: ignore[misc]
        except ConnectorError as error:
            checks.append(Check(name=name, ok=False, detail=f"{error.message} {error.remedy}".strip()))
            return False
        elapsed = round((time.perf_counter() - began) * 1000, 1)
        checks.append(Check(name=name, ok=True, detail=detail, milliseconds=elapsed))
        return True

    async def sign_in() -> str:
        await desk.client.token()
        return "signed in"

    async def ranking() -> str:
        query = endpoints.volume_rank_query(
            scope="0000", venue=Venue.KRX, by=RankBy.TRADING_VALUE, exclude=Exclusions(), band=Band()
        )
        page = await desk.client.page(endpoints.VOLUME_RANK, query)
        return f"{len(page.rows)} rows"

    async def calendar() -> str:
        return f"{len(await desk.known_days()) or 'offline calendar,'} days known"

    async def symbols() -> str:
        return f"{len((await desk.instruments()).value)} instruments"

    signed_in = await check("sign-in", sign_in())
    if signed_in:
        await check("ranking", ranking())
        await check("calendar", calendar())
    await check("symbol files", symbols())
    moment = await desk.moment()
    counters = await desk.cache.counters()
    rate = hit_rate(counters)
    checks.append(
        Check(name="cache", ok=True, detail=f"{len(PROCESS)} answers and {PROCESS.size:,} bytes in this process")
    )
    return Health(
        ok=all(item.ok for item in checks),
        as_of=hours.utc_now(),
        mode=desk.mode,
        session=moment.session,
        data_date=moment.data_date if moment.confirmed else None,
        checks=checks,
        cache=counters,
        hit_rate=None if rate is None else round(rate, 4),
        notices=[notice.in_language(desk.language) for notice in moment.notices],
    )
