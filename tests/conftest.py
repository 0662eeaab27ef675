"""What every test may rely on: a real PostgreSQL and Redis, and an empty Redis database at its start."""

import os
from collections.abc import Iterator

import psycopg
import pytest
import redis
from django.db import connection, connections
from django.utils import translation


@pytest.fixture(scope="session")
def database_url() -> str:
    """The server of this session; each test process has its own database on it, made by pytest-django."""
    return os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The Redis database of this test process."""
    return os.environ["REDIS_URL"]


@pytest.fixture(scope="session")
def _redis_client(redis_url: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(redis_url) as client:
        if client.dbsize():
            pytest.exit(
                "REDIS_URL names a database with content, and tests empty theirs. Name an empty one.", returncode=4
            )
        yield client
        client.flushdb()


@pytest.fixture(autouse=True)
def _english() -> None:
    """A request in Korean leaves its language active in the thread; no test inherits it."""
    translation.activate("en")


@pytest.fixture(autouse=True)
def _empty_redis(request: pytest.FixtureRequest, _redis_client: "redis.Redis") -> None:
    """No test sees another one's locks, limits or cached answers; tests with running processes clean up themselves."""
    if not (request.node.get_closest_marker("e2e") or request.node.get_closest_marker("chaos")):
        _redis_client.flushdb()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, database_url: str) -> Iterator[None]:
    """Ends the sessions that threads of async tests leave open; the test database could not be dropped with them."""
    yield
    name = connection.settings_dict["NAME"]
    connections.close_all()
    with psycopg.connect(database_url, autocommit=True) as server:
        # Autovacuum, which may be at work there too, is not ours to end.
        mine = "datname = %s AND backend_type = 'client backend'"
        server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}", [name])
