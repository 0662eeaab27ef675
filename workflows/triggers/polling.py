"""Asking services for news: a cursor to go on from, and one run per event id however often it is reported."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from integrations.runtime import in_context, typed_credential
from integrations.sdk import EventPage
from integrations.sdk import Trigger as ConnectorTrigger
from integrations.services import credential_for
from portal.common.bridge import run_async
from portal.common.errors import NotFound, PortalError
from portal.common.store import RedisStore
from workflows.triggers.config import EventConfig
from workflows.triggers.fire import Fired, fire, short_key
from workflows.triggers.models import Firing, Trigger
from workflows.triggers.services import connector_triggers

POLL_SECONDS = 60.0
MAX_PAGES = 10
MAX_BACKOFF = 16
#: The stored cursor after a look at a place that was empty: the next event there is new.
LOOKED = "-"


def _find(config: EventConfig) -> ConnectorTrigger:
    found: ConnectorTrigger | None = connector_triggers().get(config.trigger)
    if found is None:
        raise NotFound(f"There is no event {config.trigger!r}.", remedy="Its connector may have been removed.")
    return found


def ask(trigger: Trigger, cursor: str) -> EventPage:
    """One page of the service's events; every failure is a `PortalError` with words for a person."""
    config = EventConfig.model_validate(trigger.config)
    source = _find(config)
    connector = source.connector
    opened = credential_for(trigger.workspace_id, connector.id, connection=config.connection or None)
    params = source.params_model.model_validate(config.params)
    values = {name: getattr(params, name) for name in type(params).model_fields}

    async def call() -> EventPage:
        async def poll(ctx: Any) -> EventPage:
            page: EventPage = await source.function(ctx, **values)
            return page

        found: EventPage = await in_context(
            connector,
            poll,
            label=source.id,
            context_options={
                "workspace_id": str(trigger.workspace_id),
                "connection_id": opened.connection_id if opened else "",
                "cursor": {"": None, LOOKED: ""}.get(cursor, cursor),
            },
            credential=typed_credential(connector, opened.values if opened and opened.connection_id else None),
            deadline=time.monotonic() + POLL_SECONDS,
            store=RedisStore("sdk"),
            egress=opened.egress if opened else None,
        )
        return found

    return run_async(call)


def poll(trigger_id: UUID) -> list[Fired]:
    """Look once and fire what is new. The first look only remembers what is there already."""
    trigger = Trigger.objects.select_related("workflow").filter(pk=trigger_id, is_on=True).first()
    if trigger is None or trigger.kind != Trigger.Kind.EVENT:
        return []
    every = int(trigger.config.get("every_seconds") or 300)
    fired: list[Fired] = []
    try:
        for _ in range(MAX_PAGES):
            page = ask(trigger, trigger.cursor)
            if trigger.cursor:
                fired += _fire_new(trigger, page)
            else:
                _remember(trigger, page)
            # After the events: if we die in between, they are reported again and found to be known.
            trigger.cursor = page.cursor or trigger.cursor or LOOKED
            Trigger.objects.filter(pk=trigger.pk).update(cursor=trigger.cursor)
            if not page.more:
                break
    except PortalError as error:
        failures = trigger.failures + 1
        pause = max(every * min(2 ** (failures - 1), MAX_BACKOFF), error.retry_after or 0)
        Trigger.objects.filter(pk=trigger.pk).update(
            failures=failures,
            last_error=error.explain().replace("\n", " ")[:500],
            next_at=timezone.now() + timedelta(seconds=pause),
        )
        return fired
    next_at = timezone.now() + timedelta(seconds=every)
    Trigger.objects.filter(pk=trigger.pk, is_on=True).update(next_at=next_at)
    if trigger.failures and not any(item.firing.state == Firing.State.FAILED for item in fired):
        Trigger.objects.filter(pk=trigger.pk).update(failures=0, last_error="")
    return fired


def _key(event_id: str) -> str:
    return short_key(f"event:{event_id}")


def _unseen(trigger: Trigger, page: EventPage) -> list[Any]:
    keys = [_key(event.id) for event in page.events]
    known = set(Firing.objects.filter(trigger=trigger, key__in=keys).values_list("key", flat=True))
    return [event for event in page.events if _key(event.id) not in known]


def _fire_new(trigger: Trigger, page: EventPage) -> list[Fired]:
    return [
        fire(trigger, _key(event.id), {**event.data, "id": event.data.get("id", event.id), "at": event.at})
        for event in _unseen(trigger, page)
    ]


def _remember(trigger: Trigger, page: EventPage) -> None:
    """Note what was there before the trigger: it must not run when it is reported again."""
    Firing.objects.bulk_create(
        [
            Firing(
                workspace_id=trigger.workspace_id,
                trigger=trigger,
                key=_key(event.id),
                state=Firing.State.SKIPPED,
                event={"event": {**event.data, "at": event.at}},
                message="There before the trigger was.",
            )
            for event in page.events
        ],
        ignore_conflicts=True,
    )
