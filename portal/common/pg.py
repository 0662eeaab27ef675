"""PostgreSQL without the ORM, for the few hot paths: one small async pool per event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django.db import connections
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from portal.common.loops import forget, per_loop

MAX_CONNECTIONS = 4
#: What the hot paths catch when PostgreSQL is away.
DatabaseAway = (OperationalError, PoolTimeout)


def _make_pool() -> AsyncConnectionPool[AsyncConnection[Any]]:
    settings = connections["default"].settings_dict
    options = dict(settings["OPTIONS"])
    return AsyncConnectionPool(
        kwargs={
            "dbname": settings["NAME"],
            "user": settings["USER"],
            "password": settings["PASSWORD"],
            "host": settings["HOST"],
            "port": settings["PORT"] or None,
            "autocommit": True,
            **options,
        },
        min_size=0,
        max_size=MAX_CONNECTIONS,
        max_idle=300,
        timeout=15,
        open=False,
        name="portal",
    )


async def pool() -> AsyncConnectionPool[AsyncConnection[Any]]:
    """The running loop's pool, opened at first use. Connections are in autocommit mode."""
    found = per_loop("pg", _make_pool)
    if found._closed:
        await found.open()
    return found


@asynccontextmanager
async def connection() -> AsyncIterator[AsyncConnection[Any]]:
    """A pooled connection. A broken one is replaced by the pool; the caller sees `psycopg.OperationalError`."""
    async with (await pool()).connection() as found:
        yield found


async def close_pool() -> None:
    """Close the running loop's pool, when there is one."""
    found = forget("pg")
    if found is not None:
        await found.close()
