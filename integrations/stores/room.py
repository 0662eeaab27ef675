"""What both stores share: one writer per workspace at a time, and the quotas."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection, transaction

from portal.common.errors import Conflict, Invalid
from portal.common.json import dumps

T = TypeVar("T")


class StoreFull(Conflict):
    """A quota of the workspace's stores is used up."""

    code = "store_full"


@contextmanager
def writing(workspace_id: Any, room: str) -> Iterator[None]:
    """A transaction that no other writer of this workspace's room enters, so that quotas and counters hold."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{room}:{workspace_id}"])
        yield


def as_kept(value: Any) -> tuple[Any, int]:
    """The value as PostgreSQL can keep it, and its bytes as JSON."""
    text = dumps(value)
    return json.loads(text), len(text.encode())


def in_thread(work: Callable[[], T]) -> Awaitable[T]:
    """Run database work from an action, in a thread that leaves no stale connection behind."""

    def run() -> T:
        close_old_connections()
        try:
            return work()
        finally:
            close_old_connections()

    return sync_to_async(run, thread_sensitive=False)()


def workspace_of(text: str) -> UUID:
    """The workspace of a call; `Invalid` when it runs in none."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(
            "A store belongs to a workspace, and this call runs in none.", remedy="Run it in a workflow."
        ) from None
