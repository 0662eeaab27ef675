"""Celery's Redis transport, without a new client object for every command.

kombu makes a `redis.Redis` for each publish, delivery and acknowledgement, which costs more than the command. One
client for a channel's pool does the same: each command still takes its own connection from the pool.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kombu.transport import redis


class Channel(redis.Channel):
    """A channel whose commands share one client."""

    _shared: Any = None

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        if client is None:
            # A fork or a lost connection replaces the pool.
            if self._shared is None or self._shared.connection_pool is not self.pool:
                self._shared = self._create_client()  # type: ignore[no-untyped-call]
            client = self._shared
        yield client


class Transport(redis.Transport):
    """`redis.Transport` with that channel."""

    Channel = Channel
