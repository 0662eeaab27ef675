"""Speed and memory of the client and the crawler, measured against the sandbox: `python -m procurement.bench`.

Prints ratios measured in one run, and exits with 1 when a budget is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from integrations.sdk.store import MemoryStore
from portal.common import http
from procurement.crawler import Crawl, CrawlSpec, Spool, export, plan_windows
from procurement.g2b import G2bClient, Gate, Window, newest_stable_day
from procurement.sandbox import PREFIX, SANDBOX_KEY

OPERATION = "getShoppingMallPrdctInfoList"
LATENCY_MS = 100
PARAMS = {"inqryDiv": "1"}


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the report."""

    name: str
    value: float
    unit: str
    budget: str
    ok: bool


@contextmanager
def sandbox(**settings: Any) -> Iterator[str]:
    """A sandbox in a process of its own, on a free port of this machine; its base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = (
        "import uvicorn; from starlette.applications import Starlette; from starlette.routing import Mount;"
        f"from procurement.sandbox import World, build; world = World(); world.change({settings!r});"
        f"uvicorn.run(Starlette(routes=[Mount({PREFIX!r}, build(world))]), host='127.0.0.1', port={port},"
        " log_level='error', access_log=False, lifespan='off', timeout_keep_alive=120)"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise RuntimeError("the sandbox did not start")
        yield f"http://127.0.0.1:{port}{PREFIX}"
    finally:
        process.terminate()
        process.wait(10)


def _client(base: str, concurrency: int = 10) -> tuple[http.GuardedClient, G2bClient]:
    upstream = http.client(base, trusted_url=base, budget=http.Budget(total=120, read=90))
    gate = Gate(MemoryStore(), "bench", daily_calls=1_000_000)
    return upstream, G2bClient(upstream, SANDBOX_KEY, gate=gate, concurrency=concurrency)


async def _pages(client: G2bClient, window: Window, pages: int, size: int) -> float:
    """Seconds for the first `pages` pages of a window, page 1 first."""
    first = await client.first_page(OPERATION, PARAMS, window=window, page_size=size)
    if first.total < pages * size:
        raise RuntimeError(f"{first.total} rows are too few for {pages} pages of {size}")
    began, seen = time.perf_counter(), 0
    client.calls = 0
    async for _ in client.pages(
        OPERATION, PARAMS, window=window, page_size=size, skip=range(pages + 1, -(-first.total // size) + 1)
    ):
        seen += 1
    elapsed = time.perf_counter() - began
    if (seen, client.calls) != (pages, pages):
        raise RuntimeError(f"{seen} pages with {client.calls} calls instead of {pages}")
    return elapsed


async def _serial(client: G2bClient, window: Window, pages: int, size: int) -> float:
    """Seconds for the same pages, one after the other."""
    began = time.perf_counter()
    for number in range(1, pages + 1):
        await client.page(OPERATION, PARAMS, window=window, page_no=number, page_size=size)
    return time.perf_counter() - began


async def speed(base: str, rounds: int = 3) -> list[Measure]:
    """Pages per second with ten in flight against one at a time, and the connections it takes."""
    end = newest_stable_day()
    window, size = Window(end - timedelta(days=360), end), 50
    upstream, client = _client(base)
    async with upstream:
        await _pages(client, window, 40, size)  # The sandbox makes its days at first use.
        fast = min([await _pages(client, window, 40, size) for _ in range(rounds)])
        slow = await _serial(client, window, 40, size)
        many = await _pages(client, window, 400, size)
        after = await _counters(upstream, base)
        serial_many = await _serial(client, window, 400, size)
    await http.close_pools()
    connections = after["connections"]
    return [
        Measure("40 pages at 100 ms", round(fast, 3), "s", "<= 0.9", fast <= 0.9),
        Measure("40 pages against serial", round(slow / fast, 2), "x", ">= 6", slow / fast >= 6),
        Measure("400 pages against serial", round(serial_many / many, 2), "x", ">= 9", serial_many / many >= 9),
        Measure("connections for all calls", connections, "", "<= 12", connections <= 12),
        Measure("most calls in flight", after["most_in_flight"], "", "<= 10", after["most_in_flight"] <= 10),
    ]


async def _counters(upstream: http.GuardedClient, base: str) -> dict[str, Any]:
    counters: dict[str, Any] = (await upstream.get(f"{base}/__faults__")).json()["counters"]
    return counters


def _crawl(base: str, rows: int, folder: str, result: Any) -> None:
    """In a process of its own: crawl about `rows` rows to CSV and report the memory it added."""

    async def work() -> None:
        end = newest_stable_day()
        spec = CrawlSpec(end - timedelta(days=364), end, params=PARAMS, window_days=30)
        upstream, client = _client(base)
        async with upstream:
            # What importing and one small call cost is not the crawl's.
            await client.first_page(OPERATION, PARAMS, window=Window(end, end))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            began = time.perf_counter()
            run = Crawl(client, spec, Spool(Path(folder) / "spool"), plan_windows(spec))
            outcome = await run.run()
            fetched = time.perf_counter() - began
            count = export(spec, run.states, run.spool, Path(folder) / "out.csv")
            total = time.perf_counter() - began
        added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        size = (Path(folder) / "out.csv").stat().st_size / 1e6
        result.put([count, outcome.is_complete, added, fetched, total, size])

    asyncio.run(work())


def memory(rows: int = 200_000) -> list[Measure]:
    """Memory a large crawl to CSV adds, in a fresh process."""
    scale = -(-rows // 24_500)
    with sandbox(scale=scale, quota=1_000_000) as base, tempfile.TemporaryDirectory() as folder:
        context = multiprocessing.get_context("spawn")
        result = context.Queue()
        process = context.Process(target=_crawl, args=(base, rows, folder, result))
        process.start()
        count, complete, added, fetched, total, size = result.get(timeout=1200)
        process.join(30)
    return [
        Measure("rows crawled to CSV", count, "", f">= {rows}", complete and count >= rows),
        Measure("memory the crawl added", round(added, 1), "MB", "< 150", added < 150),
        Measure("seconds to fetch", round(fetched, 1), "s", "", True),
        Measure("seconds in all", round(total, 1), "s", "", True),
        Measure("size of the file", round(size, 1), "MB", "", True),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the measurements; 0 when every budget is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["speed", "memory"])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    measures: list[Measure] = []
    if chosen.only != "memory":
        with sandbox(latency_ms=LATENCY_MS, quota=1_000_000) as base:
            measures += asyncio.run(speed(base))
    if chosen.only != "speed":
        measures += memory(chosen.rows)
    if chosen.json:
        print(json.dumps([{name: getattr(one, name) for name in Measure.__slots__} for one in measures]))
    else:
        print(f"{'Measure':<28}{'value':>12} {'':<3}{'budget':>12}  {date.today():%Y-%m-%d}")
        for one in measures:
            print(f"{one.name:<28}{one.value:>12,} {one.unit:<3}{one.budget:>12}  {'ok' if one.ok else 'MISSED'}")
    return 0 if all(one.ok for one in measures) else 1


if __name__ == "__main__":
    sys.exit(main())
