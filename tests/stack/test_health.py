"""`/healthz` and `/readyz`: what a load balancer and the supervisor go by."""

import json
from collections.abc import Iterator

import pytest
import redis
from django.http import HttpRequest
from django.test import override_settings

from portal.stack import health, heartbeat
from portal.stack.layout import free_port


@pytest.fixture
def client(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator["redis.Redis"]:
    monkeypatch.setenv("STACK_PROCESS", "worker")
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_shared_client() -> Iterator[None]:
    heartbeat._clients.clear()
    yield
    heartbeat._clients.clear()


async def ready() -> tuple[int, dict[str, str]]:
    response = await health.readyz(HttpRequest())
    return response.status_code, json.loads(response.content)


async def test_the_process_answers_without_any_service() -> None:
    with override_settings(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0"):
        response = await health.healthz(HttpRequest())
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db(transaction=True)
async def test_ready_once_a_worker_reports_and_not_after_it_left(client: "redis.Redis") -> None:
    assert await ready() == (503, {"database": "ok", "redis": "ok", "worker": "failed"})

    heartbeat.beat()
    assert await ready() == (200, {"database": "ok", "redis": "ok", "worker": "ok"})
    assert 0 < client.ttl(heartbeat.key_of("worker")) <= heartbeat.LIFETIME

    heartbeat.leave()
    assert (await ready())[1]["worker"] == "failed"


def test_a_worker_that_leaves_does_not_take_its_successor_along(client: "redis.Redis") -> None:
    client.set(heartbeat.key_of("worker"), "another process")
    heartbeat.leave()
    assert client.exists(heartbeat.key_of("worker"))


def test_the_compute_worker_does_not_stand_in_for_the_one_that_answers_calls(
    client: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACK_PROCESS", "compute")
    heartbeat.beat()
    assert client.keys("stack:alive:*") == [b"stack:alive:compute"]


@pytest.mark.django_db(transaction=True)
async def test_redis_away_is_told_and_does_not_break_the_answer() -> None:
    with override_settings(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0"):
        assert await ready() == (503, {"database": "ok", "redis": "failed", "worker": "failed"})
        heartbeat.beat()
        heartbeat.leave()
