"""Workers tell Redis that they live: one key per kind of worker that expires if nobody renews it.

Imported by `portal.celery`; the handlers act in worker processes only, at the pace of Celery's own heartbeat.
"""

import os
from typing import Any

import redis
from celery.signals import heartbeat_sent, worker_ready, worker_shutdown

LIFETIME = 20  # seconds; four heartbeats


def key_of(process: str) -> str:
    """The Redis key of one kind of worker."""
    return f"stack:alive:{process}"


def beat(sender: Any = None, **kwargs: Any) -> None:
    """Renew our key. A Redis that is away for a moment is Celery's to report, which then reconnects."""
    try:
        _client().set(_own_key(), os.getpid(), ex=LIFETIME)
    except redis.ConnectionError:
        _clients.clear()


def leave(sender: Any = None, **kwargs: Any) -> None:
    """Take our key away, unless another worker of the same kind renewed it since."""
    try:
        if _client().get(_own_key()) == str(os.getpid()).encode():
            _client().delete(_own_key())
    except redis.ConnectionError:
        _clients.clear()


_clients: list["redis.Redis"] = []


def _client() -> "redis.Redis":
    if not _clients:
        from django.conf import settings

        _clients.append(redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2))
    return _clients[0]


def _own_key() -> str:
    return key_of(os.environ.get("STACK_PROCESS", "worker"))


worker_ready.connect(beat)
heartbeat_sent.connect(beat)
worker_shutdown.connect(leave)
