"""Token buckets and quotas in Redis: all or nothing, the same for every process, honest about what is left."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

from portal.common.hub import close_redis
from portal.common.limits import Bucket, Quota, take, take_sync

ONE = Bucket("server", "limit:test:server", 3)
DAY = Quota("day", "usage:test:day", "calls", 4, 86_400, 100, 1000)

OTHER_PROCESS = """
import json
import django; django.setup()
from portal.common.limits import Bucket, take_sync
seen = [take_sync([Bucket("server", "limit:test:server", 3)]) for _ in range(3)]
print(json.dumps([(d.is_allowed, d.retry_after) for d in seen]))
"""


def test_a_full_bucket_may_be_emptied_at_once_and_then_says_when_to_come_back() -> None:
    decisions = [take_sync([ONE]) for _ in range(4)]

    assert [d.is_allowed for d in decisions] == [True, True, True, False]
    assert [d.standings[0].left for d in decisions] == [2, 1, 0, 0]
    assert 19 < decisions[3].retry_after <= 20, "three a minute: one every twenty seconds"
    assert dict(decisions[3].headers())["Retry-After"] == "20"
    assert dict(decisions[0].headers()) == {
        "RateLimit-Policy": '"server";q=3;w=60',
        "RateLimit": '"server";r=2;t=20',
    }


def test_a_refused_call_takes_from_nothing(_redis_client) -> None:  # type: ignore[no-untyped-def]
    wide = Bucket("workspace", "limit:test:workspace", 100)
    for _ in range(3):
        take_sync([wide, ONE], [DAY])

    refused = take_sync([wide, ONE], [DAY])

    assert refused.blocker is not None and refused.blocker.name == "server"
    assert refused.standings[0].left == 97
    assert _redis_client.hgetall("usage:test:day") == {b"calls": b"3", b"refused:calls": b"1"}


def test_a_quota_warns_at_eighty_percent_and_stops_at_the_end() -> None:
    five = Quota("day", "usage:test:five", "calls", 5, 86_400, 3600, 7200)

    decisions = [take_sync([], [five]) for _ in range(6)]

    assert [d.is_allowed for d in decisions] == [True] * 5 + [False]
    assert [d.standings[0].is_running_out for d in decisions] == [False] * 3 + [True] * 3
    assert decisions[5].retry_after == 3600


def test_a_counter_without_limit_counts_and_tells_nothing(_redis_client) -> None:  # type: ignore[no-untyped-def]
    free = Quota("day", "usage:test:free", "calls", 0, 86_400, 100, 1000)

    decisions = [take_sync([], [free]) for _ in range(3)]

    assert all(d.is_allowed and d.headers() == [] for d in decisions)
    assert _redis_client.hget("usage:test:free", "calls") == b"3"
    assert 0 < _redis_client.ttl("usage:test:free") <= 1000


def test_a_limit_reached_in_another_process_counts_here() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings.test"}
    shown = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS], env=environment, capture_output=True, text=True, check=True
    )
    assert [allowed for allowed, _ in json.loads(shown.stdout)] == [True, True, True]

    here = take_sync([ONE])

    assert not here.is_allowed and here.retry_after > 0


def test_calls_at_the_same_moment_never_take_more_than_there_is() -> None:
    async def work() -> list[bool]:
        try:
            found = await asyncio.gather(*(take([Bucket("key", "limit:test:rush", 10)]) for _ in range(40)))
            return [decision.is_allowed for decision in found]
        finally:
            await close_redis()

    assert sum(asyncio.run(work())) == 10


def test_buckets_fill_again(_redis_client) -> None:  # type: ignore[no-untyped-def]
    for _ in range(3):
        take_sync([ONE])
    assert not take_sync([ONE]).is_allowed
    full_at = float(_redis_client.get(ONE.key))

    _redis_client.set(ONE.key, full_at - 41_000_000)  # as if 41 seconds had passed

    assert [take_sync([ONE]).is_allowed for _ in range(3)] == [True, True, False]
