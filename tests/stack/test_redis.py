"""The embedded Redis: persistent, closed to strangers, and replaced by a stand-in only as the last resort."""

import stat
from collections.abc import Iterator

import psutil
import pytest
import redis

from portal.stack import redis as embedded
from portal.stack.layout import Layout
from portal.stack.redis import RedisServer


@pytest.fixture
def server(layout: Layout) -> Iterator[RedisServer]:
    server = RedisServer(layout)
    server.start()
    yield server
    server.stop()


def test_what_was_queued_survives_a_crash_on_the_same_port(server: RedisServer) -> None:
    url = server.url
    with redis.Redis.from_url(url) as client:
        client.lpush("queue", "task")
    assert server.process is not None
    server.process.kill()
    server.process.wait()

    server.start()

    assert server.url == url
    with redis.Redis.from_url(url) as client:
        assert client.lrange("queue", 0, -1) == [b"task"]


def test_it_listens_on_loopback_only_and_wants_the_generated_password(server: RedisServer) -> None:
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    assert {c.laddr.ip for c in process.net_connections() if c.status == "LISTEN"} == {"127.0.0.1"}
    with pytest.raises(redis.AuthenticationError), redis.Redis(port=server.port) as client:
        client.ping()
    password = (server.layout.secrets / "redis").read_text().strip()
    assert password not in " ".join(process.cmdline())
    assert stat.S_IMODE((server.layout.secrets / "redis.conf").stat().st_mode) == 0o600


def test_without_a_program_a_stand_in_answers_and_says_what_it_lacks(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "find_server", lambda: None)
    server = RedisServer(layout)
    server.start()
    try:
        assert "REDIS_URL" in server.warning
        with redis.Redis.from_url(server.url) as client:
            assert client.incr("counter") == 1
    finally:
        server.stop()
