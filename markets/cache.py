"""Two-level cache of upstream answers: seconds in this process, minutes in the shared store, single flight over both.

Failures and empty answers are never kept. When the upstream fails, the last good answer is served, marked stale.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import zlib
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from integrations.sdk import RateLimited, Unavailable

if TYPE_CHECKING:
    from integrations.sdk import Store

Layer = Literal["upstream", "process", "shared", "stale"]
COUNTERS = ("hit_process", "hit_shared", "hit_flight", "miss", "stale", "error")


class Lifetimes(NamedTuple):
    """Seconds an answer stays in the process, in the shared store, and usable when the upstream fails."""

    process: float = 60.0
    shared: float = 300.0
    stale: float = 3600.0


@dataclass(frozen=True, slots=True)
class Cached:
    """An answer with its upstream time and where it came from."""

    value: Any
    fetched_at: datetime
    layer: Layer

    @property
    def age(self) -> float:
        """Seconds since the upstream gave the answer."""
        return max(0.0, (datetime.now(UTC) - self.fetched_at).total_seconds())


class ProcessCache:
    """A small least-recently-used cache with an entry and a size bound, safe between threads.

    It holds answers as they are used, already read into rows, so that a hit costs no decoding. `size` is the caller's
    estimate of the bytes.
    """

    def __init__(self, entries: int = 1024, max_bytes: int = 64_000_000) -> None:
        self._entries, self._max_bytes = entries, max_bytes
        self._kept: OrderedDict[str, tuple[float, int, Any]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._pending: Counter[str] = Counter()
        self._flushed = time.monotonic()
        self.evicted = 0

    def get(self, key: str) -> Any:
        """The kept answer, None when absent or expired."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            if found[0] <= time.monotonic():
                self._drop(key)
                return None
            self._kept.move_to_end(key)
            return found[2]

    def put(self, key: str, value: Any, ttl: float, size: int) -> None:
        """Keep an answer for `ttl` seconds; the longest unused ones make room."""
        if ttl <= 0 or size > self._max_bytes:
            return
        with self._lock:
            if key in self._kept:
                self._drop(key)
            self._kept[key] = (time.monotonic() + ttl, size, value)
            self._bytes += size
            while len(self._kept) > self._entries or self._bytes > self._max_bytes:
                self._drop(next(iter(self._kept)))
                self.evicted += 1

    def drop(self, prefix: str = "") -> int:
        """Forget every key with a prefix; returns how many."""
        with self._lock:
            keys = [key for key in self._kept if key.startswith(prefix)]
            for key in keys:
                self._drop(key)
            return len(keys)

    def _drop(self, key: str) -> None:
        self._bytes -= self._kept.pop(key)[1]

    def count(self, name: str) -> None:
        """Note an outcome; kept here for a moment, so that a hit costs no round trip."""
        with self._lock:
            self._pending[name] += 1

    def due(self, *, now: bool = False) -> dict[str, int]:
        """The noted outcomes once they are old or many enough to be shared; they are handed out once."""
        with self._lock:
            age = time.monotonic() - self._flushed
            if not self._pending or not (now or age > 2.0 or self._pending.total() >= 100):
                return {}
            due, self._pending, self._flushed = dict(self._pending), Counter(), time.monotonic()
            return due

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """Bytes kept, as estimated."""
        return self._bytes


#: One per process; a unit test makes its own.
PROCESS = ProcessCache()
_flights: dict[tuple[int, str], asyncio.Future[Cached]] = {}
#: Rows in memory take about this many times the bytes of their JSON.
SPREAD = 3


class Cache:
    """`fetch` through both levels. Keys name the environment, account, endpoint, market, venue and date."""

    def __init__(
        self, store: Store, *, process: ProcessCache | None = None, lifetimes: Lifetimes | None = None
    ) -> None:
        self._store = store
        self._process = PROCESS if process is None else process
        self._lifetimes = lifetimes or Lifetimes()

    async def fetch(
        self,
        key: str,
        load: Callable[[], Awaitable[Any]],
        *,
        lifetimes: Lifetimes | None = None,
        is_empty: Callable[[Any], bool] = lambda value: not value,
        decode: Callable[[Any, datetime], Any] = lambda value, fetched_at: value,
    ) -> Cached:
        """The value of a key, loaded at most once at a time over all processes.

        `load` gives plain JSON data, which is what is stored; `decode` turns it and its time into what is returned.
        """
        times = lifetimes or self._lifetimes
        kept: Cached | None = self._process.get(key)
        if kept is not None:
            await self._count("hit_process")
            return replace(kept, layer="process")
        flight = (id(asyncio.get_running_loop()), key)
        if (under_way := _flights.get(flight)) is not None:
            found = await asyncio.shield(under_way)
            await self._count("hit_flight")
            return found
        future: asyncio.Future[Cached] = asyncio.get_running_loop().create_future()
        _flights[flight] = future
        try:
            cached = await self._through_store(key, load, times, is_empty, decode)
        except BaseException as error:
            # Waiters share the failure; a cancelled leader must not cancel them, so they get a retryable error.
            shared = error if isinstance(error, Exception) else Unavailable("The request was cut off; try again.")
            future.set_exception(shared)
            future.exception()
            raise
        else:
            future.set_result(cached)
            return cached
        finally:
            _flights.pop(flight, None)

    async def _through_store(
        self,
        key: str,
        load: Callable[[], Awaitable[Any]],
        times: Lifetimes,
        is_empty: Callable[[Any], bool],
        decode: Callable[[Any, datetime], Any],
    ) -> Cached:
        packed = await self._store.get(f"cache:{key}")
        if packed is not None and (found := self._fresh(key, packed, times, decode)) is not None:
            await self._count("hit_shared")
            return found
        async with self._store.lock(f"flight:{key}", ttl=30.0, wait=12.0) as held:
            if (again := await self._store.get(f"cache:{key}")) is not None:
                packed = again
                if (found := self._fresh(key, packed, times, decode)) is not None:
                    await self._count("hit_flight")
                    return found
            try:
                if not held:
                    raise Unavailable("Another process is still asking KIS for the same figures.", code="kis_busy")
                value = await load()
            except (RateLimited, Unavailable):
                await self._count("error")
                if packed is None:
                    raise
                await self._count("stale")
                stamp, old = _unpack(packed)
                return Cached(decode(old, stamp), stamp, "stale")
            await self._count("miss")
            now = datetime.now(UTC)
            found = Cached(decode(value, now), now, "upstream")
            if not is_empty(found.value):
                packed, size = _pack(value, now)
                await self._store.set(f"cache:{key}", packed, ttl=times.stale)
                self._process.put(key, found, times.process, size * SPREAD)
            return found

    def _fresh(
        self, key: str, packed: bytes, times: Lifetimes, decode: Callable[[Any, datetime], Any]
    ) -> Cached | None:
        stamp, value = _unpack(packed)
        left = times.shared - (datetime.now(UTC) - stamp).total_seconds()
        if left <= 0:
            return None
        found = Cached(decode(value, stamp), stamp, "shared")
        self._process.put(key, found, min(times.process, left), len(packed) * 8 * SPREAD)
        return found

    async def forget(self, key: str) -> None:
        """Drop one key from both levels."""
        self._process.drop(key)
        await self._store.delete(f"cache:{key}")

    async def _count(self, name: str) -> None:
        self._process.count(name)
        await self._share_counts()

    async def _share_counts(self, *, now: bool = False) -> None:
        for name, number in self._process.due(now=now).items():
            await self._store.incr(f"count:{name}", number, ttl=86_400.0)

    async def counters(self) -> dict[str, int]:
        """Hits, misses, stale answers and errors of the last day over all processes."""
        await self._share_counts(now=True)
        found = {}
        for name in COUNTERS:
            found[name] = int(await self._store.get(f"count:{name}") or b"0")
        return found


def hit_rate(counters: dict[str, int]) -> float | None:
    """The share of requests that needed no upstream call, None before the first one."""
    hits = sum(counters[name] for name in ("hit_process", "hit_shared", "hit_flight"))
    whole = hits + counters["miss"] + counters["error"]
    return hits / whole if whole else None


def _pack(value: Any, when: datetime) -> tuple[bytes, int]:
    plain = json.dumps([when.timestamp(), value], ensure_ascii=False, separators=(",", ":")).encode()
    return zlib.compress(plain, 6), len(plain)


def _unpack(packed: bytes) -> tuple[datetime, Any]:
    stamp, value = json.loads(zlib.decompress(packed))
    return datetime.fromtimestamp(stamp, UTC), value
