"""Rate limits and quotas: one Lua script checks them all and takes from all or from none, in one round trip.

Rates are token buckets in the form of the generic cell rate algorithm: a bucket is one number, the moment at which it
would be full again. Quotas count calls of a calendar day or month in a hash. Both live in Redis, so that a limit
reached in one process counts in all. The headers are those of draft-ietf-httpapi-ratelimit-headers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redis.commands.core import AsyncScript, Script

from portal.common.hub import client, sync_client
from portal.common.loops import per_loop

WINDOW_SECONDS = 60
#: A quota used to this share is said to be running out.
WARN_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Bucket:
    """At most `limit` calls a minute under this key; a full bucket may be emptied at once."""

    name: str
    key: str
    limit: int


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `limit` calls until `resets_in` seconds from now; 0 only counts. `key` and `field` name the counter."""

    name: str
    key: str
    field: str
    limit: int
    window: int
    resets_in: int
    lifetime: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One limit after a call: how much is left, and in how many seconds it is whole again."""

    name: str
    limit: int
    window: int
    left: int
    reset: int
    is_quota: bool = False

    @property
    def used(self) -> int:
        return self.limit - self.left

    @property
    def is_running_out(self) -> bool:
        return self.is_quota and self.used >= WARN_SHARE * self.limit


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call may go on; `blocker` is the limit that refused it."""

    standings: tuple[Standing, ...] = ()
    blocker: Standing | None = None
    retry_after: float = 0.0

    @property
    def is_allowed(self) -> bool:
        return self.blocker is None

    def headers(self) -> list[tuple[str, str]]:
        """RateLimit-Policy and RateLimit, and Retry-After (whole seconds) for a refused call."""
        if not self.standings:
            return []
        found = [
            ("RateLimit-Policy", ", ".join(f'"{s.name}";q={s.limit};w={s.window}' for s in self.standings)),
            ("RateLimit", ", ".join(f'"{s.name}";r={s.left};t={s.reset}' for s in self.standings)),
        ]
        if self.blocker is not None:
            found.append(("Retry-After", str(self.whole_seconds)))
        return found

    @property
    def whole_seconds(self) -> int:
        return max(1, int(self.retry_after + 0.999))


# KEYS: the buckets, then the quotas' hashes. ARGV: number of buckets, window in µs, the buckets' limits, then field,
# limit and lifetime in seconds of each quota.
# Answers: place of the first limit that refuses (0: none), its wait in µs, then per bucket what is left and the µs
# until it is full, and per quota the calls used. Moments stay below 2^53 µs, which numbers of Lua hold exactly.
_SCRIPT = """
local count, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answer, blocked, wait, full, fresh = {0, 0}, 0, 0, {}, {}
for i = 1, count do
  local limit = tonumber(ARGV[2 + i])
  local full_at = math.max(now, tonumber(redis.call('GET', KEYS[i]) or '0'))
  local after = full_at + window / limit
  if after - now > window + 1 then
    if blocked == 0 then blocked, wait = i, after - now - window end
  end
  full[i], fresh[i] = full_at, after
end
local at = 2 + count
local used = {}
for i = count + 1, #KEYS do
  local limit = tonumber(ARGV[at + 2])
  used[i] = tonumber(redis.call('HGET', KEYS[i], ARGV[at + 1]) or '0')
  if limit > 0 and used[i] >= limit and blocked == 0 then blocked = i end
  at = at + 3
end
at = 2 + count
for i = 1, count do
  local full_in = full[i] - now
  if blocked == 0 then
    full_in = fresh[i] - now
    redis.call('SET', KEYS[i], string.format('%.3f', fresh[i]), 'PX', math.ceil(full_in / 1000) + 1000)
  end
  answer[#answer + 1] = math.max(0, math.floor((window - full_in) * tonumber(ARGV[2 + i]) / window + 0.001))
  answer[#answer + 1] = math.ceil(full_in)
end
for i = count + 1, #KEYS do
  if blocked == 0 then
    used[i] = redis.call('HINCRBY', KEYS[i], ARGV[at + 1], 1)
    if used[i] == 1 then redis.call('EXPIRE', KEYS[i], ARGV[at + 3]) end
  else
    redis.call('HINCRBY', KEYS[i], 'refused:' .. ARGV[at + 1], 1)
  end
  answer[#answer + 1] = used[i]
  at = at + 3
end
answer[1], answer[2] = blocked, math.ceil(wait)
return answer
"""


def _async_script() -> AsyncScript:
    return client().register_script(_SCRIPT)


def _arguments(buckets: Sequence[Bucket], quotas: Sequence[Quota]) -> tuple[list[str], list[str | int]]:
    keys = [item.key for item in buckets] + [item.key for item in quotas]
    arguments: list[str | int] = [len(buckets), WINDOW_SECONDS * 1_000_000, *(item.limit for item in buckets)]
    for quota in quotas:
        arguments += (quota.field, quota.limit, quota.lifetime)
    return keys, arguments


def _decision(buckets: Sequence[Bucket], quotas: Sequence[Quota], answer: list[int]) -> Decision:
    blocked, wait, *rest = answer
    standings: list[Standing | None] = []
    for place, bucket in enumerate(buckets):
        left, full_in = rest[2 * place], rest[2 * place + 1]
        standings.append(Standing(bucket.name, bucket.limit, WINDOW_SECONDS, left, -(-full_in // 1_000_000)))
    for quota, used in zip(quotas, rest[2 * len(buckets) :], strict=True):
        # Without a limit a counter only counts: there is nothing to tell a client.
        left = max(0, quota.limit - used)
        standings.append(
            Standing(quota.name, quota.limit, quota.window, left, quota.resets_in, True) if quota.limit else None
        )
    told = tuple(item for item in standings if item is not None)
    if not blocked:
        return Decision(told)
    blocker = standings[blocked - 1]
    assert blocker is not None, "only what has a limit refuses"
    return Decision(told, blocker, blocker.reset if blocker.is_quota else wait / 1_000_000)


async def take(buckets: Sequence[Bucket], quotas: Sequence[Quota] = ()) -> Decision:
    """Take one call from every bucket and quota, or from none when one of them is used up."""
    if not buckets and not quotas:
        return Decision()
    keys, arguments = _arguments(buckets, quotas)
    script = per_loop("limits-script", _async_script)
    return _decision(buckets, quotas, await script(keys=keys, args=arguments))


_sync_script: Script | None = None


def take_sync(buckets: Sequence[Bucket], quotas: Sequence[Quota] = ()) -> Decision:
    """As `take`, for code without an event loop."""
    global _sync_script
    if not buckets and not quotas:
        return Decision()
    if _sync_script is None:
        _sync_script = sync_client().register_script(_SCRIPT)
    keys, arguments = _arguments(buckets, quotas)
    return _decision(buckets, quotas, _sync_script(keys=keys, args=arguments))
