"""Token buckets in Redis: a limit reached in one process counts in all."""

from __future__ import annotations

import time

from redis.commands.core import AsyncScript

from deployments.mcp.auth import Principal
from deployments.mcp.target import Target
from portal.common.hub import client
from portal.common.loops import per_loop

# KEYS[1] bucket; ARGV: capacity, tokens per second, now. Answers 0 when taken, else the seconds to wait.
_SCRIPT = """
local state = redis.call('HMGET', KEYS[1], 't', 'at')
local capacity, rate, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tokens = tonumber(state[1]) or capacity
local at = tonumber(state[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * rate)
local wait = '0'
if tokens >= 1 then tokens = tokens - 1 else wait = tostring((1 - tokens) / rate) end
redis.call('HSET', KEYS[1], 't', tostring(tokens), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], math.ceil(capacity / rate) + 1)
return wait
"""


def _script() -> AsyncScript:
    return client().register_script(_SCRIPT)


async def take(target: Target, principal: Principal) -> float:
    """Take one call of the deployment's minute limit: 0.0 when granted, else the seconds to wait.

    A limit of 0 means unlimited.
    """
    if target.rate_limit <= 0:
        return 0.0
    script = per_loop("mcp-limit-script", _script)
    keys = [f"limit:mcp:{target.deployment_id}"]
    return float(await script(keys=keys, args=[target.rate_limit, target.rate_limit / 60.0, time.time()]))
