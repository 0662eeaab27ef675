"""Load the market tools: `python -m markets.bench --seconds 600 --clients 100 --latency 0.15`.

Mixed clients call the tools against the sandbox, whose answers are `latency` seconds away, through the shared Redis
when REDIS_URL is set (else a store in this process). Prints calls, errors, mean, p95, cache hits, the busiest upstream
second and the memory at the start, the middle and the end. One process and no server of ours: the domain alone.
With `--refresh` it asks for the daily bars of every stock of the sandbox instead and prints stocks a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any

from integrations.sdk import ConnectorError, Context, MemoryStore, Site
from markets.connector import kis, open_desk
from markets.kis.keys import KisKeys
from markets.sandbox import make_app
from markets.sandbox.faults import World

#: What people ask, with how often: popular lists mostly, costly questions now and then.
MIX: tuple[tuple[int, str, dict[str, Any]], ...] = (
    (24, "get_volume_ranking", {}),
    (12, "get_volume_ranking", {"market": "KOSPI"}),
    (12, "get_volume_ranking", {"market": "KOSDAQ"}),
    (4, "get_volume_ranking", {"count": 100}),
    (8, "get_market_cap_ranking", {}),
    (8, "get_sector_volume_ranking", {}),
    (8, "get_investor_ranking", {}),
    (3, "get_investor_ranking", {"investor": "program"}),
    (6, "get_volume_change_ranking", {}),
    (6, "get_unusual_volume", {}),
    (6, "find_symbol", {"query": "삼성"}),
    (3, "get_price_history", {"code": "005930"}),
)


def memory_mib() -> float:
    """Resident memory of this process in MiB (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


@asynccontextmanager
async def sandbox(latency: float) -> AsyncIterator[tuple[Context, World]]:
    """A context of the connector whose upstream is `latency` seconds away."""
    import httpx2

    world = World()
    world.switch({"latency": latency})
    keys = KisKeys.model_validate({"app_key": "bench-" + "k" * 30, "app_secret": "s" * 180})
    store: Any = MemoryStore()
    if os.environ.get("REDIS_URL"):
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
        django.setup()
        from portal.common.store import RedisStore

        store = RedisStore(f"bench:{time.time_ns()}")
    transport = httpx2.ASGITransport(app=make_app(world))
    async with httpx2.AsyncClient(transport=transport, base_url="http://kis") as http:
        yield Context(http=http, credential=keys, store=store, upstream=Site("http://kis", "sandbox")), world


async def refresh(latency: float) -> dict[str, Any]:
    """Ask for the histories of all stocks, as the daily refresh does, and return the figures."""
    async with sandbox(latency) as (ctx, world):
        desk = open_desk(ctx)
        moment = await desk.moment()
        codes = [code for code, item in (await desk.instruments()).value.items() if item.kind == "stock"]
        before, began = sum(world.calls.values()), time.perf_counter()
        found, failed = await desk.histories(codes, moment.data_date + timedelta(days=1), sessions=65)
        elapsed = time.perf_counter() - began
        return {
            "stocks": len(found),
            "failed": len(failed),
            "seconds": round(elapsed, 1),
            "stocks a minute": round(len(found) * 60 / elapsed),
            "upstream calls": sum(world.calls.values()) - before,
            "busiest upstream second": world.busiest_second,
            "refused upstream": dict(world.refused),
        }


async def run(seconds: float, clients: int, latency: float, think: float, warm: bool) -> dict[str, Any]:
    """Drive the clients and return the figures."""
    async with sandbox(latency) as (ctx, world):
        if warm:
            for _, name, params in MIX:
                await kis.actions[name].invoke(ctx, params)
        times: list[float] = []
        errors: Counter[str] = Counter()
        memory = [memory_mib()]
        ends = time.monotonic() + seconds

        async def client(number: int) -> None:
            chance = random.Random(number)  # noqa: S311 - a repeatable load
            weights = [weight for weight, _, _ in MIX]
            while time.monotonic() < ends:
                _, name, params = chance.choices(MIX, weights)[0]
                began = time.perf_counter()
                try:
                    await kis.actions[name].invoke(ctx, params)
                except ConnectorError as error:
                    errors[error.error_code] += 1
                times.append(time.perf_counter() - began)
                await asyncio.sleep(chance.uniform(0, 2 * think))

        async def watch() -> None:
            for _ in range(2):
                await asyncio.sleep(seconds / 2.1)
                memory.append(memory_mib())

        await asyncio.gather(watch(), *(client(number) for number in range(clients)))
        counters = (await kis.actions["health"].invoke(ctx, {}))["cache"]
    hits = counters["hit_process"] + counters["hit_shared"] + counters["hit_flight"]
    asked = hits + counters["miss"] + counters["error"]
    return {
        "calls": len(times),
        "errors": dict(errors),
        "error share": f"{sum(errors.values()) / max(len(times), 1):.2%}",
        "mean s": round(fmean(times), 3),
        "p95 s": round(quantiles(times, n=20)[-1], 3),
        "max s": round(max(times), 3),
        "cache hits": f"{hits / max(asked, 1):.1%}",
        "upstream calls": sum(world.calls.values()),
        "busiest upstream second": world.busiest_second,
        "refused upstream": dict(world.refused),
        "memory MiB": [round(value) for value in memory],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--latency", type=float, default=0.15)
    parser.add_argument("--think", type=float, default=1.0, help="mean pause of a client between two calls, seconds")
    parser.add_argument("--cold", action="store_true", help="start with empty caches")
    parser.add_argument("--refresh", action="store_true", help="measure the refresh of histories instead")
    options = parser.parse_args()
    if options.refresh:
        report = asyncio.run(refresh(options.latency))
    else:
        report = asyncio.run(run(options.seconds, options.clients, options.latency, options.think, not options.cold))
    for key, value in report.items():
        print(f"{key:>24}  {value}")
