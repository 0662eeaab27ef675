"""What the beat sets off each minute: due schedules, due polls, quiet times that are over, ends nobody followed.

Any number of beats and workers may do this at once. A due trigger is locked while it is handled and skipped by
others; what it fires is one row with a unique key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from workflows.triggers.config import ScheduleConfig
from workflows.triggers.events import slot_event
from workflows.triggers.fire import fire, settle
from workflows.triggers.models import Firing, Trigger
from workflows.triggers.services import upcoming
from workflows.triggers.slots import slots_after

logger = logging.getLogger(__name__)
#: A slot seen this much later was missed: the product was off, or far too busy.
LATE = timedelta(minutes=5)
MAX_CAUGHT_UP = 100
BATCH = 200
POLL_LEASE = timedelta(minutes=10)
KEEP_DAYS = 30


def tick(now: datetime | None = None, *, poll: Callable[[UUID], None] | None = None) -> int:
    """Handle what is due; how many triggers there were. `poll` sends a trigger's poll to a worker."""
    moment = now or timezone.now()
    due = Trigger.objects.filter(is_on=True, next_at__lte=moment)
    ids = list(due.order_by("next_at").values_list("pk", "kind")[:BATCH])
    for trigger_id, kind in ids:
        if kind == Trigger.Kind.SCHEDULE:
            run_schedule(trigger_id, moment)
        elif kind == Trigger.Kind.EVENT and poll is not None and _take_poll(trigger_id, moment):
            poll(trigger_id)
    for firing_id in Firing.objects.filter(state=Firing.State.PENDING, due_at__lte=moment).values_list("pk", flat=True)[
        :BATCH
    ]:
        settle(firing_id)
    return len(ids)


def run_schedule(trigger_id: UUID, now: datetime) -> list[Firing]:
    """Fire what came due and set the next slot; nothing when another process has the trigger in hand."""
    with transaction.atomic():
        trigger = (
            Trigger.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("workflow")
            .filter(pk=trigger_id, is_on=True, next_at__lte=now)
            .first()
        )
        if trigger is None or trigger.next_at is None:
            return []
        config = ScheduleConfig.model_validate(trigger.config)
        parsed, rule = config.parsed()
        first = trigger.next_at - timedelta(seconds=1)
        coming = slots_after(parsed, first, config.zone, rule, config.on_closed)
        slots = list(takewhile(lambda slot: slot <= now, coming))
        run, skipped = choose(slots, now, config.missed)
        fired = [fire(trigger, f"slot:{slot.isoformat()}", slot_event(slot, config.timezone)).firing for slot in run]
        if skipped:
            fired.append(_note_missed(trigger, skipped))
        trigger.next_at = next(iter(upcoming(trigger, now, 1)), None)
        trigger.save(update_fields=["next_at"])
        return fired


def choose(slots: list[datetime], now: datetime, missed: str) -> tuple[list[datetime], list[datetime]]:
    """Which slots run and which are left out, by the policy for missed ones."""
    on_time = [slot for slot in slots if now - slot <= LATE]
    late = [slot for slot in slots if now - slot > LATE]
    if missed == "all":
        run = (late + on_time)[-MAX_CAUGHT_UP:]
    elif missed == "once" and late:
        run = on_time or late[-1:]
    else:
        run = on_time
    return run, [slot for slot in slots if slot not in run]


def _note_missed(trigger: Trigger, slots: list[datetime]) -> Firing:
    firing, _ = Firing.objects.get_or_create(
        trigger=trigger,
        key=f"missed:{slots[0].isoformat()}",
        defaults={
            "workspace_id": trigger.workspace_id,
            "state": Firing.State.SKIPPED,
            "event": {"event": {"first": slots[0].isoformat(), "last": slots[-1].isoformat(), "count": len(slots)}},
            "message": f"{len(slots)} missed ({slots[0]:%Y-%m-%d %H:%M} to {slots[-1]:%Y-%m-%d %H:%M} UTC).",
        },
    )
    return firing


def _take_poll(trigger_id: UUID, now: datetime) -> bool:
    """Move the poll's next look ahead before it is sent, so that no second beat sends it too."""
    taken = Trigger.objects.filter(pk=trigger_id, is_on=True, next_at__lte=now).update(next_at=now + POLL_LEASE)
    return bool(taken)


def prune(now: datetime | None = None) -> int:
    """Delete old firings; how many rows went. Keys of events that services may report again are kept a year."""
    moment = now or timezone.now()
    old = Firing.objects.exclude(trigger__kind=Trigger.Kind.EVENT).filter(
        created_at__lt=moment - timedelta(days=KEEP_DAYS)
    )
    ancient = Firing.objects.filter(created_at__lt=moment - timedelta(days=366))
    return old.delete()[0] + ancient.delete()[0]
