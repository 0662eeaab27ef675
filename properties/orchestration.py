"""Who runs which collection when: claims, signs of life, rescue of lost runs, fair turns, and what a request brought.

A run holds a lease in Redis that it renews while it lives; the row carries the number of its attempt. A run whose lease
ended is queued again, and a run that comes back after that finds another attempt's number and writes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from portal.common.bridge import run_async
from portal.common.store import RedisStore
from properties import signals
from properties.collectors import Breaker, BreakerState, load_profiles
from properties.models import Collection, CollectionState

BEAT_SECONDS = 10.0
LEASE_SECONDS = 45.0
#: A queued collection that nobody took up for so long was lost on its way.
LOST_AFTER = timedelta(minutes=2)
MAX_ATTEMPTS = 3
#: Collections of one platform at a time, over all workspaces: they share its pace anyway.
PER_PLATFORM = 2
STORE = "properties"


def _lease(task_id: UUID | str, attempt: int) -> str:
    return f"properties:lease:{task_id}:{attempt}"


def collection_claim(collection_id: UUID | str) -> Collection | None:
    """The collection, claimed for this worker; None when it is done, taken, or its platform has no room now."""
    with transaction.atomic():
        task = Collection.objects.select_for_update().select_related("workspace").get(pk=collection_id)
        if task.state != CollectionState.QUEUED:
            return None
        with connection.cursor() as cursor:
            # One lock per platform keeps two workers from both taking its last place.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"properties:{task.platform}"])
        running = Collection.objects.filter(platform=task.platform, state=CollectionState.RUNNING)
        if running.count() >= PER_PLATFORM:
            return None
        now = timezone.now()
        task.state, task.started_at, task.heartbeat_at = CollectionState.RUNNING, now, now
        task.attempts = F("attempts") + 1
        task.save(update_fields=["state", "started_at", "heartbeat_at", "attempts"])
    task.refresh_from_db(fields=["attempts"])
    announce(task)
    return task


def is_mine(task: Collection) -> bool:
    """Whether the row still belongs to this attempt; call inside a transaction, the row stays locked."""
    row = Collection.objects.select_for_update().only("state", "attempts").get(pk=task.pk)
    return row.state == CollectionState.RUNNING and row.attempts == task.attempts


@asynccontextmanager
async def signs_of_life(task: Collection) -> AsyncIterator[None]:
    """Renew the lease of a running collection until the block ends."""
    store, key = RedisStore(STORE), _lease(task.pk, task.attempts)
    await store.set(key, b"1", ttl=LEASE_SECONDS)

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await store.set(key, b"1", ttl=LEASE_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await store.delete(key)


def collections_rescue(now: datetime | None = None) -> int:
    """Queue again what a dead worker left behind, and end what three workers did not survive; returns how many."""
    now = now or timezone.now()
    running = list(
        Collection.objects.filter(state=CollectionState.RUNNING, started_at__lt=now - timedelta(seconds=LEASE_SECONDS))
    )
    alive = run_async(lambda: _alive(running)) if running else set()
    count = 0
    for found in running:
        if found.pk in alive:
            continue
        with transaction.atomic():
            task = Collection.objects.select_for_update().get(pk=found.pk)
            if task.state != CollectionState.RUNNING or task.attempts != found.attempts:
                continue
            if task.attempts >= MAX_ATTEMPTS:
                _give_up(task, now)
            else:
                task.state = CollectionState.QUEUED
                task.save(update_fields=["state"])
                transaction.on_commit(partial(send, task.pk, task.priority))
        announce(task)
        count += 1
    for platform in _platforms_waiting(now - LOST_AFTER):
        count += dispatch_next(platform)
    return count


def _give_up(task: Collection, now: datetime) -> None:
    task.state, task.outcome, task.finished_at = CollectionState.DONE, "failed", now
    task.reason = f"The worker was lost {task.attempts} times while it ran."
    task.remedy = "Look at the log of the workers, then start it again."
    task.save(update_fields=["state", "outcome", "finished_at", "reason", "remedy"])
    transaction.on_commit(
        partial(
            signals.collection_ended.send,
            sender=Collection,
            workspace_id=task.workspace_id,
            collection_id=task.pk,
        )
    )


async def _alive(tasks: Iterable[Collection]) -> set[UUID]:
    store = RedisStore(STORE)
    return {task.pk for task in tasks if await store.get(_lease(task.pk, task.attempts)) is not None}


def _platforms_waiting(since: datetime) -> list[str]:
    rows = Collection.objects.filter(state=CollectionState.QUEUED, created_at__lt=since)
    return list(rows.order_by("platform").values_list("platform", flat=True).distinct())


def dispatch_next(platform: str) -> int:
    """Send the collections that have their turn on a platform with room; returns how many.

    The most urgent first (0 before 9); among equals the workspace with the fewest running ones, then the oldest.
    """
    busy = Collection.objects.filter(state=CollectionState.RUNNING)
    room = PER_PLATFORM - busy.filter(platform=platform).count()
    if room <= 0:
        return 0
    load: dict[Any, int] = dict(busy.values_list("workspace_id").annotate(count=Count("id")))
    waiting = Collection.objects.filter(state=CollectionState.QUEUED, platform=platform)
    first = list(waiting.order_by("priority", "id").only("pk", "workspace_id", "priority")[:200])
    sent = 0
    while first and sent < room:
        task = min(first, key=lambda item: (item.priority, load.get(item.workspace_id, 0), item.pk))
        first.remove(task)
        load[task.workspace_id] = load.get(task.workspace_id, 0) + 1
        send(task.pk, task.priority)
        sent += 1
    return sent


def send(collection_id: UUID, priority: int) -> None:
    """Hand a collection to the workers."""
    from properties.tasks import run_collection

    run_collection.apply_async((str(collection_id),), priority=priority)


def announce(task: Collection) -> None:
    """Tell the monitor pages of the workspace that a collection moved."""
    from asgiref.sync import async_to_sync
    from channels.layers import get_channel_layer

    layer = get_channel_layer()
    if layer is None:
        return
    message = {
        "type": "monitor.event",
        "id": str(task.pk),
        "platform": task.platform,
        "region": task.region_name,
        "state": task.state,
        "outcome": task.outcome,
        "received": task.received,
        "reason": task.reason,
        "attempt": task.attempts,
    }
    async_to_sync(layer.group_send)(f"properties.{task.workspace_id}", message)


@dataclass(slots=True)
class Health:
    """How one collector fares. `state`: ready, busy, resting (after a block), failing, or off."""

    state: str
    running: int = 0
    waiting: int = 0
    breaker: BreakerState = field(default_factory=BreakerState)
    last_complete: datetime | None = None
    heartbeat_at: datetime | None = None


def collectors_health(workspace: Any, enabled: set[str]) -> dict[str, Health]:
    """Health of every collector as a workspace sees it; the breaker is everybody's, runs are its own."""
    rows = Collection.objects.for_workspace(workspace)
    counts = {
        row["platform"]: row
        for row in rows.exclude(state=CollectionState.DONE)
        .order_by()
        .values("platform")
        .annotate(
            running=Count("id", filter=Q(state=CollectionState.RUNNING)),
            waiting=Count("id", filter=Q(state=CollectionState.QUEUED)),
        )
    }
    complete: dict[str, datetime] = {}
    for task in (
        rows.filter(outcome="complete").order_by("platform", "-id").distinct("platform").only("platform", "finished_at")
    ):
        if task.finished_at:
            complete[task.platform] = task.finished_at
    moving = list(rows.filter(state=CollectionState.RUNNING))
    breakers, alive = run_async(lambda: _breakers_and_leases(moving))
    now = timezone.now()
    beats = {task.platform: now for task in moving if task.pk in alive}
    found = {}
    for key in load_profiles():
        count, breaker = counts.get(key, {}), breakers[key]
        if key not in enabled:
            state = "off"
        elif breaker.is_open(now.timestamp()):
            state = "resting"
        elif count.get("running"):
            state = "busy"
        else:
            state = "failing" if breaker.failures else "ready"
        found[key] = Health(
            state, count.get("running", 0), count.get("waiting", 0), breaker, complete.get(key), beats.get(key)
        )
    return found


async def _breakers_and_leases(moving: Iterable[Collection]) -> tuple[dict[str, BreakerState], set[UUID]]:
    store = RedisStore(STORE)
    return {key: await Breaker(store, key).state() for key in load_profiles()}, await _alive(moving)


@dataclass(slots=True)
class Batch:
    """What one request for collections brought in all. `outcomes` counts how they ended."""

    tasks: list[Collection]
    outcomes: dict[str, int]
    received: int
    created: int
    changed: int
    gone: int
    is_done: bool


def batch_of(workspace: Any, batch_id: UUID) -> Batch | None:
    """The collections of one request together; None when the workspace has no such request."""
    tasks = list(Collection.objects.for_workspace(workspace).filter(batch=batch_id).order_by("id"))
    if not tasks:
        return None
    outcomes: dict[str, int] = {}
    for task in tasks:
        word = task.outcome or task.state
        outcomes[word] = outcomes.get(word, 0) + 1
    return Batch(
        tasks,
        outcomes,
        sum(task.received for task in tasks),
        sum(task.created for task in tasks),
        sum(task.changed for task in tasks),
        sum(task.gone for task in tasks),
        all(task.state == CollectionState.DONE for task in tasks),
    )
