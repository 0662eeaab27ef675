"""The servers every other test relies on."""

import psycopg
import redis


def test_the_session_has_a_real_postgresql_for_a_role_without_privileges(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version_num')::int, rolsuper, rolcreatedb "
            "FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row is not None and row[0] >= 150000
    assert row[1:] == (False, True)


def test_the_session_has_a_real_redis_that_starts_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        assert client.info("server")["redis_version"] >= "6.2"
