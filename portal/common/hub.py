"""Redis for async code: one client and one subscription connection per event loop.

`Hub` carries every subscription of a loop over a single connection, hands messages to callbacks, and tells
its subscribers after a reconnect, since pub/sub forgets what was sent meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

import redis
import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from portal.common.loops import forget, per_loop

logger = logging.getLogger(__name__)
OnMessage = Callable[[bytes], None]
OnReconnect = Callable[[], None]


def client() -> redis.asyncio.Redis:
    """The running loop's Redis client."""
    return per_loop("redis", _make_client)


def _make_client() -> redis.asyncio.Redis:
    # A blocking pool: more callers than connections wait their turn instead of failing.
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        settings.REDIS_URL, socket_connect_timeout=5, health_check_interval=30, max_connections=64, timeout=15
    )
    return redis.asyncio.Redis.from_pool(pool)


class Hub:
    """All subscriptions of one event loop."""

    def __init__(self) -> None:
        self._callbacks: defaultdict[str, set[OnMessage]] = defaultdict(set)
        self._reconnected: set[OnReconnect] = set()
        self._pubsub: redis.asyncio.client.PubSub | None = None
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._confirmations: dict[str, list[asyncio.Future[None]]] = {}

    async def subscribe(self, channel: str, on_message: OnMessage, on_reconnect: OnReconnect | None = None) -> None:
        """Receive the channel's messages; returns when Redis has confirmed the subscription."""
        async with self._lock:
            if on_reconnect is not None:
                self._reconnected.add(on_reconnect)
            is_new = not self._callbacks[channel]
            self._callbacks[channel].add(on_message)
            if self._pubsub is None:
                self._pubsub = client().pubsub()
            if is_new:
                confirmed = asyncio.get_running_loop().create_future()
                self._confirmations.setdefault(channel, []).append(confirmed)
                await self._pubsub.subscribe(channel)
                if self._task is None:
                    # A context of its own: the task outlives the request that happened to be first.
                    self._task = asyncio.create_task(self._read(), context=contextvars.Context())
                await asyncio.wait_for(confirmed, 10)

    async def unsubscribe(self, channel: str, on_message: OnMessage, on_reconnect: OnReconnect | None = None) -> None:
        async with self._lock:
            if on_reconnect is not None:
                self._reconnected.discard(on_reconnect)
            self._callbacks[channel].discard(on_message)
            if not self._callbacks[channel]:
                del self._callbacks[channel]
                if self._pubsub is not None:
                    with contextlib.suppress(RedisError):
                        await self._pubsub.unsubscribe(channel)

    @contextlib.asynccontextmanager
    async def listening(self, channel: str, on_message: OnMessage) -> AsyncIterator[None]:
        await self.subscribe(channel, on_message)
        try:
            yield
        finally:
            await self.unsubscribe(channel, on_message)

    async def _read(self) -> None:
        delay = 0.1
        while True:
            try:
                await self._read_until_broken()
            except (RedisError, OSError) as error:
                logger.warning("Redis subscription broke (%s); trying again", type(error).__name__)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)
                if await self._reconnect():
                    delay = 0.1

    async def _read_until_broken(self) -> None:
        assert self._pubsub is not None
        while True:
            if not self._pubsub.subscribed:
                await asyncio.sleep(0.05)
                continue
            message = await self._pubsub.get_message(timeout=30)
            if message is None:
                await self._pubsub.ping()
                continue
            kind, channel = message["type"], message["channel"]
            name = channel.decode() if isinstance(channel, bytes) else channel
            if kind == "subscribe":
                for waiting in self._confirmations.pop(name, []):
                    if not waiting.done():
                        waiting.set_result(None)
            elif kind == "message":
                for callback in tuple(self._callbacks.get(name, ())):
                    try:
                        callback(message["data"])
                    except Exception:
                        logger.exception("A subscriber of %s failed", name)

    async def _reconnect(self) -> bool:
        """A fresh subscription to everything, after which subscribers are told that they may have missed something."""
        assert self._pubsub is not None
        with contextlib.suppress(Exception):
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        fresh = client().pubsub()
        try:
            if self._callbacks:
                await fresh.subscribe(*self._callbacks)
        except (RedisError, OSError):
            return False
        self._pubsub = fresh
        for callback in tuple(self._reconnected):
            callback()
        return True

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._pubsub is not None:
            with contextlib.suppress(Exception):
                await self._pubsub.aclose()  # type: ignore[no-untyped-call]


def hub() -> Hub:
    """The running loop's hub."""
    return per_loop("hub", Hub)


async def close_redis() -> None:
    """Close hub and client of the running loop."""
    if (found := forget("hub")) is not None:
        await found.close()
    if (found := forget("redis")) is not None:
        await found.aclose()


_sync_client: redis.Redis | None = None


def sync_client() -> redis.Redis:
    """One Redis client for code without an event loop; its pool is thread-safe."""
    global _sync_client
    if _sync_client is None:
        _sync_client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=10)
    return _sync_client
