"""The message that starts an execution is the one that Celery would send."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
import redis

from portal.broker import Channel
from portal.celery import app
from portal.common.hub import sync_client
from workflows import queueing


def popped(queue: str) -> dict[str, Any]:
    """The oldest message of a queue, without what differs from send to send."""
    raw = sync_client().rpop(queue)
    assert isinstance(raw, bytes)
    message: dict[str, Any] = json.loads(raw)
    for name in ("delivery_tag", "reply_to"):
        del message["properties"][name]
    return message


def test_same_message_as_celery() -> None:
    queue, identifier = f"test-{uuid4()}", uuid4()
    assert queueing.send_task(identifier, queue)
    ours = popped(queue)
    app.send_task(
        queueing.TASK, args=[str(identifier)], task_id=str(identifier), queue=queue, ignore_result=True, retry=False
    )
    assert ours == popped(queue)


def test_each_send_has_its_own_id_and_tag() -> None:
    queue, identifiers = f"test-{uuid4()}", [uuid4(), uuid4()]
    for identifier in identifiers:
        queueing.send_task(identifier, queue)
    raw = [json.loads(sync_client().rpop(queue)) for _ in identifiers]  # type: ignore[arg-type]
    assert [message["headers"]["id"] for message in raw] == [str(identifier) for identifier in identifiers]
    assert len({message["properties"]["delivery_tag"] for message in raw}) == 2


def test_broker_away_leaves_it_to_the_reaper(monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis(port=1, socket_connect_timeout=1)
    monkeypatch.setattr(queueing, "sync_client", lambda: away)
    assert queueing.send_task(uuid4(), "interactive") is False


def test_commands_of_a_channel_share_a_client_until_its_pool_goes() -> None:
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        assert isinstance(channel, Channel)
        with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
            assert first is second
        channel._disconnect_pools()
        with channel.conn_or_acquire() as third:
            assert third is not first and third.ping()
