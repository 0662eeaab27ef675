"""Runs that follow other runs: after another workflow, and when something fails.

The worker tells of an end right away (`told`); what got lost on the way is found by `sweep`. Both fire with the
same key, so each end is followed once.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from portal.common import pg
from workflows.models import Execution
from workflows.triggers.fire import Fired, fire
from workflows.triggers.models import Firing, Trigger

logger = logging.getLogger(__name__)
Kind = Trigger.Kind
FOLLOW_TASK = "workflows.triggers.follow"
FOLLOWING = (Kind.WORKFLOW, Kind.ERROR)
#: How long a worker believes that nothing follows the runs of a workspace.
BELIEVED_SECONDS = 10.0
SWEPT = timedelta(hours=2)
_WATCHED = {Execution.Source.PAGE}
_HAS = "SELECT 1 FROM workflows_trigger WHERE workspace_id = %s AND is_on AND kind IN ('workflow', 'error') LIMIT 1"
_followed: dict[UUID, tuple[float, bool]] = {}


async def told(row: dict[str, Any]) -> None:
    """Called by the worker after a run's end; costs a dictionary look-up where nothing follows.

    Losing the news (database or broker away) costs a minute: `sweep` finds the end.
    """
    workspace_id = row["workspace_id"]
    if row.get("workflow_id") is None:
        return
    known = _followed.get(workspace_id)
    try:
        if known is None or known[0] < time.monotonic():
            known = (time.monotonic() + BELIEVED_SECONDS, await _is_followed(workspace_id))
            if len(_followed) > 10_000:
                _followed.clear()
            _followed[workspace_id] = known
        if known[1]:
            _send(row["id"])
    except (BrokerAway, OSError, *pg.DatabaseAway) as error:
        logger.warning("What follows run %s waits for the beat: %s", row["id"], type(error).__name__)


async def _is_followed(workspace_id: UUID) -> bool:
    async with pg.connection() as connection:
        return await (await connection.execute(_HAS, (workspace_id,))).fetchone() is not None


def _send(execution_id: UUID) -> None:
    from portal.celery import app

    app.send_task(FOLLOW_TASK, args=[str(execution_id)], queue="default", ignore_result=True, retry=False)


def follow(execution_id: UUID) -> list[Fired]:
    """Fire every trigger that follows this run; nothing when it has not ended."""
    run = Execution.objects.select_related("workflow").filter(pk=execution_id, state__in=Execution.DONE).first()
    if run is None or run.workflow is None:
        return []
    triggers = Trigger.objects.filter(workspace_id=run.workspace_id, is_on=True, kind__in=FOLLOWING)
    return [
        fire(
            trigger,
            f"run:{run.pk}:{run.state}",
            event_of(run),
            fields=_fields(trigger, run),
            parent_id=run.pk,
            chain=int(run.caller.get("chain") or 0) + 1,
            label=f"{trigger.name} ← {run.workflow.name}"[:200],
        )
        for trigger in triggers.select_related("workflow")
        if follows(trigger, run)
    ]


def follows(trigger: Trigger, run: Execution) -> bool:
    """Whether this trigger wants this end. What an error workflow itself fails at is never told again."""
    config = trigger.config
    if trigger.kind == Kind.WORKFLOW:
        wanted = {"ended": Execution.DONE}.get(config["when"], (config["when"],))
        return str(run.workflow_id) == config["workflow"] and run.state in wanted
    if run.state != Execution.State.FAILED or run.workflow_id == trigger.workflow_id:
        return False
    if run.caller.get("trigger_kind") == Kind.ERROR:
        return False
    if config.get("sources", "automatic") == "automatic" and run.source in _WATCHED:
        return False
    return not config["workflows"] or str(run.workflow_id) in config["workflows"]


def event_of(run: Execution) -> dict[str, Any]:
    """The end of a run as an event."""
    assert run.workflow is not None
    return {
        "workflow": {"id": str(run.workflow.pk), "name": run.workflow.name},
        "execution": {
            "id": str(run.pk),
            "state": run.state,
            "source": run.source,
            "url": reverse("workflows:execution-detail", args=[run.pk]),
            "started_at": run.started_at.isoformat() if run.started_at else None,
            "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        },
        "input": run.input,
        "output": run.output,
        "error": run.error,
    }


def _fields(trigger: Trigger, run: Execution) -> dict[str, Any] | None:
    """A follower takes the output's fields by name; an error workflow the words of the failure."""
    if trigger.kind == Kind.WORKFLOW:
        return dict(run.output) if isinstance(run.output, dict) else None
    error = run.error or {}
    return {
        "workflow": run.workflow.name if run.workflow else "",
        "message": str(error.get("message", "")),
        "remedy": str(error.get("remedy", "")),
        "node": str(error.get("node", "")),
        "code": str(error.get("code", "")),
        "url": reverse("workflows:execution-detail", args=[run.pk]),
    }


def _lowest_id(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment, so that the primary key finds rows by time."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62))


def sweep(now: datetime | None = None) -> int:
    """Follow recent ends that nobody was told of (a worker died, the broker was away); how many there were."""
    moment = now or timezone.now()
    done = 0
    for trigger in Trigger.objects.filter(is_on=True, kind__in=FOLLOWING).select_related("workflow"):
        runs = Execution.objects.filter(
            workspace_id=trigger.workspace_id,
            pk__gte=_lowest_id(moment - timedelta(days=2)),
            state__in=Execution.DONE,
            finished_at__gte=max(moment - SWEPT, trigger.created_at),
            finished_at__lt=moment - timedelta(seconds=20),
        )
        if trigger.kind == Kind.WORKFLOW:
            runs = runs.filter(workflow_id=trigger.config["workflow"])
        else:
            runs = runs.filter(state=Execution.State.FAILED)
        seen = set(Firing.objects.filter(trigger=trigger, created_at__gte=moment - SWEPT).values_list("key", flat=True))
        for run in runs.filter(~Q(workflow=None)).only("id", "state").order_by("id")[:500]:
            if f"run:{run.pk}:{run.state}" not in seen:
                done += len(follow(run.pk))
    return done
