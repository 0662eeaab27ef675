"""The two-level cache: one load at a time, bounded, honest about age, never keeping failures."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from integrations.sdk import MemoryStore, Unavailable
from markets.cache import Cache, Lifetimes, ProcessCache, hit_rate


def loader(values):
    """A load function that gives one value after another, and counts."""
    calls = []

    async def load():
        calls.append(1)
        value = values[min(len(calls), len(values)) - 1]
        if isinstance(value, Exception):
            raise value
        await asyncio.sleep(0)
        return value

    return load, calls


async def test_the_second_reader_is_served_from_the_process(store):
    cache, (load, calls) = Cache(store, process=ProcessCache()), loader([[1]])

    first, second = await cache.fetch("k", load), await cache.fetch("k", load)

    assert (first.layer, second.layer, len(calls)) == ("upstream", "process", 1)
    assert first.fetched_at.timestamp() == pytest.approx(second.fetched_at.timestamp(), abs=0.001)


async def test_another_process_is_served_from_the_shared_store(store):
    load, calls = loader([[1]])
    await Cache(store, process=ProcessCache()).fetch("k", load)

    other = await Cache(store, process=ProcessCache()).fetch("k", load)

    assert (other.layer, len(calls)) == ("shared", 1)


async def test_a_hundred_readers_in_several_processes_cause_one_load(store):
    caches, (load, calls) = [Cache(store, process=ProcessCache()) for _ in range(4)], loader([[1]])

    answers = await asyncio.gather(*(caches[number % 4].fetch("k", load) for number in range(100)))

    assert len(calls) == 1
    assert all(answer.value == [1] for answer in answers)


async def test_failures_are_not_kept(store):
    cache, (load, calls) = Cache(store, process=ProcessCache()), loader([Unavailable("down"), [1]])

    with pytest.raises(Unavailable):
        await cache.fetch("k", load)

    assert (await cache.fetch("k", load)).value == [1]
    assert len(calls) == 2


async def test_empty_answers_are_not_kept(store):
    cache, (load, _) = Cache(store, process=ProcessCache()), loader([[], [1]])

    assert (await cache.fetch("k", load)).value == []
    assert (await cache.fetch("k", load)).value == [1]


async def test_the_last_good_answer_is_served_stale_when_the_upstream_fails(store):
    times = Lifetimes(process=0.0, shared=0.0, stale=60.0)
    cache, (load, _) = Cache(store, process=ProcessCache(), lifetimes=times), loader([[1], Unavailable("down")])
    first = await cache.fetch("k", load)

    second = await cache.fetch("k", load)

    assert (second.value, second.layer) == ([1], "stale")
    assert second.fetched_at == pytest.approx(first.fetched_at, abs=__import__("datetime").timedelta(milliseconds=1))


async def test_a_mistake_in_our_own_code_is_not_hidden_by_stale_answers(store):
    times = Lifetimes(process=0.0, shared=0.0, stale=60.0)
    cache, (load, _) = Cache(store, process=ProcessCache(), lifetimes=times), loader([[1], KeyError("bug")])
    await cache.fetch("k", load)

    with pytest.raises(KeyError):
        await cache.fetch("k", load)


async def test_waiting_readers_share_the_leaders_failure(store):
    cache, (load, calls) = Cache(store, process=ProcessCache()), loader([Unavailable("down")])

    answers = await asyncio.gather(*(cache.fetch("k", load) for _ in range(10)), return_exceptions=True)

    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert len(calls) == 1


async def test_a_cancelled_leader_does_not_cancel_its_followers(store):
    cache, started = Cache(store, process=ProcessCache()), asyncio.Event()

    async def load():
        started.set()
        await asyncio.sleep(30)

    leader = asyncio.create_task(cache.fetch("k", load))
    await started.wait()
    follower = asyncio.create_task(cache.fetch("k", load))
    await asyncio.sleep(0)
    leader.cancel()

    with pytest.raises(Unavailable):
        await follower


async def test_counters_tell_hits_from_misses(store):
    cache, (load, _) = Cache(store, process=ProcessCache()), loader([[1]])
    for _ in range(10):
        await cache.fetch("k", load)

    counters = await cache.counters()

    assert (counters["miss"], counters["hit_process"]) == (1, 9)
    assert hit_rate(counters) == 0.9


def test_the_longest_unused_entry_makes_room():
    cache = ProcessCache(entries=2)
    cache.put("a", b"1", 60, 1)
    cache.put("b", b"2", 60, 1)
    cache.get("a")
    cache.put("c", b"3", 60, 1)

    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (b"1", None, b"3")


def test_the_byte_bound_holds_whatever_is_put():
    cache = ProcessCache(entries=10_000, max_bytes=100_000)
    for number in range(5_000):
        cache.put(str(number), bytes(997), 60, 1000)

    assert cache.size <= 100_000
    assert len(cache) == 100


async def test_the_process_cache_does_not_leak(store):
    process = ProcessCache(entries=50)
    cache = Cache(MemoryStore(), process=process, lifetimes=Lifetimes(process=60, shared=0.0, stale=0.0))

    async def round_of(start):
        for number in range(start, start + 300):

            async def load():
                return ["x" * 500]

            await cache.fetch(f"k{number % 100}", load)

    await round_of(0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    await round_of(0)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert len(process) == 50
    assert grown < 200_000
