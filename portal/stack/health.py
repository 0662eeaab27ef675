"""`/healthz` (this process answers) and `/readyz` (database, Redis and a worker are there too)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from portal.stack.heartbeat import key_of

logger = logging.getLogger(__name__)
_TIMEOUT = 3.0


async def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


async def readyz(request: HttpRequest) -> JsonResponse:
    """200 if everything a tool call needs is there, else 503 naming what is not."""
    checks = {"database": check_database, "redis": check_redis, "worker": check_worker}
    results = dict(
        zip(checks, await asyncio.gather(*(_ask(name, check) for name, check in checks.items())), strict=True)
    )
    status = 200 if all(results.values()) else 503
    response = JsonResponse({name: "ok" if is_ok else "failed" for name, is_ok in results.items()}, status=status)
    # A probe asks every few seconds and its caller acts on 503: Django need not log each one as a server error.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


async def _ask(name: str, check: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await asyncio.wait_for(check(), _TIMEOUT)
    except (TimeoutError, OSError, DatabaseError, InterfaceError, redis.RedisError) as error:
        logger.warning("%s is not ready: %s", name, error or type(error).__name__)
        return False


async def check_database() -> bool:
    """Whether PostgreSQL answers a query."""

    def query() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))

    return await sync_to_async(query)()


async def check_redis() -> bool:
    """Whether Redis answers."""
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=_TIMEOUT) as client:
        return bool(await client.ping())


async def check_worker() -> bool:
    """Whether a worker for tool calls has been heard of within its last heartbeats."""
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=_TIMEOUT) as client:
        return bool(await client.exists(key_of("worker")))
