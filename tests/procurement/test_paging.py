"""Page 1 first, the others concurrently and in order; limits shared by everybody who uses the key."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from integrations.sdk.store import MemoryStore
from procurement.g2b import BadRequest, Gate, QuotaExhausted, RangeTooWide, Window
from procurement.sandbox_data.products import events_between

MALL = "getShoppingMallPrdctInfoList"
WEEK = Window(date(2026, 11, 2), date(2026, 11, 8))


async def test_all_pages_arrive_in_order_and_once(g2b, world):
    world.jitter_ms = 5
    numbers, rows = [], []
    async for page in g2b.pages(MALL, {"inqryDiv": "1"}, window=WEEK, page_size=20):
        numbers.append(page.page_no)
        rows.extend(page.rows)
    expected = list(events_between(WEEK.start, WEEK.end))
    assert numbers == list(range(1, -(-len(expected) // 20) + 1))
    assert [(row["shopngCntrctNo"], row["shopngCntrctSno"]) for row in rows] == [event.key for event in expected]


async def test_page_one_is_alone_then_at_most_ten_are_in_flight(g2b, world):
    world.latency_ms = 10
    async for page in g2b.pages(MALL, {"inqryDiv": "1"}, window=WEEK, page_size=10):
        if page.page_no == 1:
            assert world.most_flying == 1
    assert 5 <= world.most_flying <= 10


async def test_three_jobs_at_once_share_ten_places(make_client, world, store):
    world.latency_ms = 4
    # Gates of their own, as in three processes: only the store is common.
    clients = [make_client(gate=Gate(store, "test", in_flight=10)) for _ in range(3)]
    results = await asyncio.gather(
        *(client.rows(MALL, {"inqryDiv": "1"}, window=WEEK, page_size=25) for client in clients)
    )
    assert world.most_flying <= 10
    assert len({len(rows) for rows, _ in results}) == 1


async def test_places_are_shared_between_gates_without_a_common_event_loop_object(world, http):
    """Two processes have nothing in common but the store: leases in it are what limits them."""
    from procurement.g2b import limits

    store, flying, most = MemoryStore(), 0, 0

    async def call(gate: Gate) -> None:
        nonlocal flying, most
        async with gate.slot():
            flying += 1
            most = max(most, flying)
            await asyncio.sleep(0.002)
            flying -= 1

    gates = []
    for _ in range(3):
        gate = Gate(store, "shared", in_flight=4)
        gates.append(gate)
    loop = asyncio.get_running_loop()

    async def as_process(gate: Gate) -> None:
        # A process-local registry of its own for each gate.
        saved = limits._LOCAL.pop(loop, None)
        await asyncio.gather(*(call(gate) for _ in range(6)))
        if saved is not None:
            limits._LOCAL.setdefault(loop, saved)

    await asyncio.gather(*(as_process(gate) for gate in gates))
    assert most <= 4
    assert flying == 0


def test_places_and_quota_are_shared_over_redis_by_loops_that_know_nothing_of_each_other():
    import threading

    from portal.common.hub import close_redis
    from portal.common.store import RedisStore

    counted, flying, most, refused = threading.Lock(), 0, 0, 0

    async def one(gate: Gate) -> None:
        nonlocal flying, most, refused
        async with gate.slot():
            try:
                await gate.reserve("op")
            except QuotaExhausted:
                refused += 1
                return
            with counted:
                flying += 1
                most = max(most, flying)
            await asyncio.sleep(0.005)
            with counted:
                flying -= 1

    async def process() -> None:
        # A loop and a connection of its own, as in another process.
        gate = Gate(RedisStore("sdk"), "shared", in_flight=3, daily_calls=20)
        try:
            await asyncio.gather(*(one(gate) for _ in range(9)))
        finally:
            await close_redis()

    threads = [threading.Thread(target=asyncio.run, args=(process(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most <= 3
    assert refused == 7


async def test_a_cancelled_download_gives_its_places_back(g2b, world, store):
    world.latency_ms = 30
    pages = g2b.pages(MALL, {"inqryDiv": "1"}, window=WEEK, page_size=10)
    await anext(pages)
    task = asyncio.create_task(anext(pages))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await pages.aclose()
    await asyncio.sleep(0.05)
    assert [await store.get(f"g2b:test:slot:{n}") for n in range(10)] == [None] * 10


async def test_the_quota_counts_retries_and_stops_before_sending(make_client, world, store):
    client = make_client(gate=Gate(store, "test", daily_calls=3))
    world.faults = [{"kind": "02", "times": 2}]
    await client.page("getPrdctIndvAtrbInfoList02", {"prdctIdntNo": "23657020"})
    with pytest.raises(QuotaExhausted) as caught:
        await client.page("getPrdctIndvAtrbInfoList02", {"prdctIdntNo": "23657020"})
    assert sum(world.calls.values()) == 3
    assert caught.value.details["daily_calls"] == 3


async def test_the_quota_starts_again_at_midnight_in_seoul_not_here(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    try:
        store, now = MemoryStore(), [datetime(2026, 11, 20, 14, 59, tzinfo=UTC)]
        gate = Gate(store, "k", daily_calls=1, clock=lambda: now[0])
        await gate.reserve("x")
        with pytest.raises(QuotaExhausted) as caught:
            await gate.reserve("x")
        # 14:59 UTC is 23:59 in Seoul and 06:59 in Los Angeles.
        assert caught.value.retry_after == 60
        now[0] = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
        assert await gate.reserve("x") == 1
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_a_page_that_is_too_big_is_halved_until_it_fits(g2b, world):
    world.largest_page = 300
    rows, total = await g2b.rows(MALL, {"inqryDiv": "1"}, window=WEEK, page_size=999)
    assert len(rows) == total == len(list(events_between(WEEK.start, WEEK.end)))


async def test_a_silently_capped_page_loses_nothing(g2b, world):
    world.cap_page = 30
    rows, total = await g2b.rows(MALL, {"inqryDiv": "1"}, window=WEEK, page_size=100)
    assert len(rows) == total


async def test_a_window_that_is_too_long_is_an_error_not_an_empty_answer(g2b):
    with pytest.raises(RangeTooWide):
        await g2b.rows("getDlvrReqDtlInfoList", {"inqryDiv": "1"}, window=Window(date(2026, 1, 1), date(2026, 3, 1)))


async def test_missing_parameters_are_found_before_a_call_is_spent(g2b):
    with pytest.raises(BadRequest, match="prdctIdntNo"):
        await g2b.page("getPrdctIndvAtrbInfoList02")
    with pytest.raises(BadRequest, match="no operation"):
        await g2b.page("getNothing")
    assert g2b.calls == 0


async def test_odd_case_of_request_parameters_is_accepted(fixed_answer):
    client = fixed_answer('{"response":{"header":{"resultCode":"03"}}}')
    await client.page(
        "getSpcifyPrdlstPrcureInfoList",
        {"inqryDiv": "1", "inqryPrdctDiv": "2", "dminsttCd": "123"},
        window=Window(date(2026, 1, 1), date(2026, 1, 31)),
    )
    assert client.seen[0].url.params["dminsttcD"] == "123"


async def test_rows_are_the_same_over_another_client_class(g2b):
    rows, total = await g2b.rows(MALL, {"inqryDiv": "1"}, window=WEEK, limit=7)
    assert len(rows) == 7
    assert total > 300
