"""The SDK's `Store` on Redis: all processes see the same values, counters, windows and locks."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from portal.common.hub import client

# Only commands of Redis 6.2. The server's clock is used, so that machines need not agree on the time.
# A window holds one member per taken place, scored with its moment in microseconds.
_TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local limit, per, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - per))
local used = redis.call('ZCARD', KEYS[1])
if used + cost <= limit then
  for place = 1, cost do
    redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[4] .. place)
  end
  redis.call('PEXPIRE', KEYS[1], math.ceil(per / 1000) + 1000)
  return 0
end
local blocking = redis.call('ZRANGE', KEYS[1], used + cost - limit - 1, used + cost - limit - 1, 'WITHSCORES')
return math.max(1000, tonumber(blocking[2]) + per - now)
"""
_INCR = """
local fresh = redis.call('EXISTS', KEYS[1]) == 0
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
if fresh and ARGV[2] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return total
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


class RedisStore:
    """A `Store` whose keys begin with `prefix`; made for the running event loop at each call, so it may be shared."""

    def __init__(self, prefix: str = "store") -> None:
        self._prefix = prefix

    def _key(self, key: str) -> str:
        return f"{self._prefix}:{key}"

    async def get(self, key: str) -> bytes | None:
        """The stored value, or None when absent or expired."""
        return cast("bytes | None", await client().get(self._key(key)))

    async def set(self, key: str, value: bytes, *, ttl: float | None = None, only_if_absent: bool = False) -> bool:
        """Store a value for `ttl` seconds; False when it was there and must not be replaced."""
        px = None if ttl is None else _milliseconds(ttl)
        return bool(await client().set(self._key(key), value, px=px, nx=only_if_absent))

    async def delete(self, key: str) -> None:
        await client().delete(self._key(key))

    async def incr(self, key: str, by: int = 1, *, ttl: float | None = None) -> int:
        """Add to a counter and return the new value; `ttl` starts when the counter is created."""
        return int(await self._script(_INCR, key, by, "" if ttl is None else _milliseconds(ttl)))

    async def take(self, key: str, *, limit: int, per: float, cost: int = 1) -> float:
        """Take `cost` places in a sliding window of `per` seconds: 0.0 when granted, else the seconds to wait."""
        if cost > limit:
            raise ValueError(f"{cost} places can never fit into a window of {limit}")
        waiting = await self._script(_TAKE, key, limit, round(per * 1_000_000), cost, secrets.token_hex(8))
        return int(waiting) / 1_000_000

    @asynccontextmanager
    async def lock(self, key: str, *, ttl: float = 30.0, wait: float = 10.0) -> AsyncIterator[bool]:
        """Hold a lock across processes; yields False when it was not free within `wait` seconds.

        The lock frees itself after `ttl` seconds, so that a killed holder blocks nobody for longer.
        """
        name, token = self._key(f"lock:{key}"), secrets.token_hex(16)
        loop = asyncio.get_running_loop()
        give_up, pause = loop.time() + wait, 0.01
        while not await client().set(name, token, px=_milliseconds(ttl), nx=True):
            left = give_up - loop.time()
            if left <= 0:
                yield False
                return
            # Jitter keeps waiters from asking all at once.
            await asyncio.sleep(min(left, pause * random.uniform(0.5, 1.5)))  # noqa: S311
            pause = min(pause * 1.5, 0.25)
        try:
            yield True
        finally:
            await self._script(_RELEASE, f"lock:{key}", token)

    async def _script(self, source: str, key: str, *values: Any) -> Any:
        # redis-py sends EVALSHA and falls back to loading the script, also after a restart of the server.
        return await client().register_script(source)(keys=[self._key(key)], args=list(values))
