"""The shared parts over the real Redis: one token, one load and one rate for clients that share nothing else."""

from __future__ import annotations

import asyncio
import threading

import httpx2

from markets.cache import Cache, ProcessCache
from markets.desk import Desk
from markets.kis import endpoints
from markets.kis.client import KisClient, Pace
from markets.kis.endpoints import Band, Exclusions, RankBy, Venue
from markets.sandbox import make_app
from portal.common.store import RedisStore

QUERY = endpoints.volume_rank_query(
    scope="0000", venue=Venue.KRX, by=RankBy.TRADING_VALUE, exclude=Exclusions(), band=Band()
)


def as_processes(count, world, keys, work):
    """Run `work(desk)` in threads with event loops, HTTP clients and process caches of their own."""
    results, problems = [], []
    gate = threading.Barrier(count)

    async def one():
        transport = httpx2.ASGITransport(app=make_app(world))
        async with httpx2.AsyncClient(transport=transport, base_url="http://kis") as http:
            store = RedisStore("test-markets")
            client = KisClient(http, keys, store, environment="test", pace=Pace())
            desk = Desk(client, Cache(store, process=ProcessCache()), mode="sandbox")
            await asyncio.to_thread(gate.wait)
            return await work(desk)

    def run():
        try:
            results.append(asyncio.run(one()))
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not problems, problems
    return results


def test_two_processes_racing_for_a_token_get_one(world, keys):
    async def work(desk):
        return (await desk.client.token()).value

    assert len(set(as_processes(4, world, keys, work))) == 1
    assert world.tokens_issued == 1


def test_one_process_loads_and_the_others_wait_for_it(world, keys):
    async def work(desk):
        return len((await desk.page(endpoints.VOLUME_RANK, QUERY)).value.rows)

    assert as_processes(4, world, keys, work) == [30] * 4
    assert world.calls["volume-rank"] == 1


def test_the_rate_holds_over_all_processes_together(world, keys):
    world.switch({"per_second": 20})

    async def work(desk):
        pages = await asyncio.gather(*(desk.client.volume_rank(min_volume=number) for number in range(12)))
        return sum(len(page.rows) for page in pages)

    assert as_processes(3, world, keys, work) == [360] * 3
    assert world.busiest_second <= 20
    assert world.refused["EGW00201"] == 0


def test_the_token_in_redis_is_not_readable(world, keys, _redis_client):
    async def work(desk):
        return (await desk.client.token()).value

    (token,) = as_processes(1, world, keys, work)
    kept = [
        _redis_client.get(key) or b""
        for key in _redis_client.scan_iter("*token*")
        if _redis_client.type(key) == b"string"
    ]

    assert any(kept)
    assert all(token.encode() not in value for value in kept)
