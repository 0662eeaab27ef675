"""Whether the services that the environment names can be used; each problem is one line without the password."""

from urllib.parse import urlsplit

import psycopg
import redis

from portal.stack import postgres
from portal.stack.errors import StackError
from portal.stack.redis import OLDEST_VERSION


def check_database(url: str) -> None:
    """Raise StackError unless DATABASE_URL leads to a PostgreSQL that is new enough."""
    _check_form("DATABASE_URL", url, ("postgresql", "postgres"), "postgresql://user:password@host:5432/name")
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        raise StackError(f"Cannot use the PostgreSQL of DATABASE_URL ({_place(url)}): {_reason(error)}") from None
    if version < postgres.OLDEST_VERSION:
        raise StackError(f"DATABASE_URL leads to PostgreSQL {version}; {postgres.OLDEST_VERSION} or newer is needed.")


def check_redis(url: str) -> None:
    """Raise StackError unless REDIS_URL leads to a Redis that is new enough."""
    _check_form("REDIS_URL", url, ("redis", "rediss"), "redis://:password@host:6379/0")
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            version = str(client.info("server")["redis_version"])
    except redis.RedisError as error:
        raise StackError(f"Cannot use the Redis of REDIS_URL ({_place(url)}): {error}") from None
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_VERSION:
        raise StackError(f"REDIS_URL leads to Redis {version}; 6.2 or newer is needed.")


def _reason(error: psycopg.Error) -> str:
    """The telling line of libpq's several, without its question whether a server runs and the address."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.strip().startswith("Is the")]
    return lines[-1].rpartition(" failed: ")[2] if lines else type(error).__name__


def _check_form(name: str, url: str, schemes: tuple[str, ...], example: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and (parts.port or True)
    except ValueError:
        usable = False
    if not usable:
        raise StackError(f"{name} is not a URL we can use; it looks like {example}.")


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or 'local socket'}:{parts.port or 'default port'}{parts.path}"
