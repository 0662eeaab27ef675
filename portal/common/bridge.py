"""The one bridge from synchronous code to async code.

`asgiref.async_to_sync` would run the coroutine on the web server's own loop when a view calls it, and whatever
the coroutine opened or closed there would be shared with every other request. Here each call gets a loop of its
own, which ends with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from portal.common.http import close_pools
from portal.common.hub import close_redis
from portal.common.pg import close_pool

T = TypeVar("T")


def run_async(work: Callable[[], Awaitable[T]]) -> T:
    """Run to the end in a loop of its own, then close what was opened in it. Not for use inside a running loop."""

    async def run() -> T:
        try:
            return await work()
        finally:
            await close_redis()
            await close_pool()
            await close_pools()

    return asyncio.run(run())
