"""One event, one run: the key of a firing and the run's idempotency key make sure of it in one transaction."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.utils import timezone

from integrations.registry import catalogue_of
from portal.common.errors import Invalid, PortalError
from portal.common.json import dumps
from workflows import dispatch
from workflows.definition import load
from workflows.dispatch import Outcome, Start
from workflows.engine import Plan, compile
from workflows.expressions import Scope, compile_value
from workflows.models import Execution, Workflow, WorkflowVersion
from workflows.triggers.models import Firing, Trigger
from workflows.triggers.values import fit

logger = logging.getLogger(__name__)
KEY_LENGTH = 160
#: A workflow that starts itself over others is stopped at this many links.
MAX_CHAIN = 8
SETTLE_TASK = "workflows.triggers.settle"
SOURCES = {
    Trigger.Kind.SCHEDULE: Execution.Source.SCHEDULE,
    Trigger.Kind.WEBHOOK: Execution.Source.WEBHOOK,
    Trigger.Kind.FORM: Execution.Source.FORM,
    Trigger.Kind.EMAIL: Execution.Source.EMAIL,
    Trigger.Kind.EVENT: Execution.Source.SIGNAL,
    Trigger.Kind.SIGNAL: Execution.Source.SIGNAL,
    Trigger.Kind.WORKFLOW: Execution.Source.WORKFLOW,
    Trigger.Kind.ERROR: Execution.Source.WORKFLOW,
}


@dataclass(frozen=True, slots=True)
class Fired:
    """What became of an event. `outcome` is None when nothing runs (yet)."""

    firing: Firing
    is_new: bool
    outcome: Outcome | None = None


def short_key(key: str) -> str:
    """A key that fits the column; a long one keeps its beginning and gains a digest."""
    if len(key) <= KEY_LENGTH:
        return key
    return f"{key[: KEY_LENGTH - 33]}~{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def fire(
    trigger: Trigger,
    key: str,
    event: dict[str, Any],
    *,
    fields: dict[str, Any] | None = None,
    is_test: bool = False,
    parent_id: UUID | None = None,
    chain: int = 0,
    user_id: UUID | None = None,
    label: str = "",
    replay_of: Firing | None = None,
) -> Fired:
    """Run the trigger's workflow for this event, unless the key has been seen.

    `fields` are the values offered to inputs by name; the event itself when left out. A wrong input does not raise:
    the firing says why it failed.
    """
    config = trigger.config
    wait = float(config.get("debounce_seconds") or 0) if not is_test and replay_of is None else 0.0
    with transaction.atomic():
        # What PostgreSQL's jsonb refuses (NUL, lone surrogates) may come from anywhere.
        event, fields = orjson.loads(dumps([event, fields]))
        stored = {"event": event, "fields": fields, "chain": chain, "label": label, "user": str(user_id or "")}
        if parent_id is not None:
            stored["parent"] = str(parent_id)
        firing, is_new = Firing.objects.get_or_create(
            trigger=trigger,
            key=short_key(key),
            defaults={
                "workspace_id": trigger.workspace_id,
                "event": stored,
                "is_test": is_test,
                "replay_of": replay_of,
                "due_at": timezone.now() + timedelta(seconds=wait) if wait else None,
                "debounce_key": short_key(_debounce_key(config, event)) if wait else "",
            },
        )
        if not is_new:
            return Fired(firing, False, _known(firing))
        if wait:
            older = Firing.objects.filter(
                trigger=trigger, state=Firing.State.PENDING, debounce_key=firing.debounce_key
            ).exclude(pk=firing.pk)
            older.update(state=Firing.State.REPLACED, message="A newer event came.")
            transaction.on_commit(lambda: _settle_later(firing.pk, wait))
            return Fired(firing, True)
        return Fired(firing, True, start(trigger, firing))


def _known(firing: Firing) -> Outcome | None:
    if firing.execution is None:
        return None
    run = firing.execution
    return Outcome(run.pk, run.state, run.output, run.error, replayed=True)


def _debounce_key(config: dict[str, Any], event: dict[str, Any]) -> str:
    template = str(config.get("debounce_key") or "")
    return str(resolve(template, event)) if template else ""


def _settle_later(firing_id: UUID, seconds: float) -> None:
    from kombu.exceptions import OperationalError

    from portal.celery import app

    try:
        app.send_task(SETTLE_TASK, args=[str(firing_id)], countdown=seconds, queue="default", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("Broker away, firing %s waits for the beat: %s", firing_id, type(error).__name__)


def settle(firing_id: UUID) -> Outcome | None:
    """Start a firing whose quiet time is over; None when a newer one replaced it or somebody else started it."""
    with transaction.atomic():
        firing = (
            Firing.objects.select_for_update(of=("self",))
            .select_related("trigger")
            .filter(pk=firing_id, state=Firing.State.PENDING, due_at__lte=timezone.now() + timedelta(seconds=0.5))
            .first()
        )
        if firing is None:
            return None
        if not firing.trigger.is_on:
            firing.state, firing.message = Firing.State.SKIPPED, "The trigger was switched off meanwhile."
            firing.save(update_fields=["state", "message"])
            return None
        return start(firing.trigger, firing)


def start(trigger: Trigger, firing: Firing) -> Outcome | None:
    """Start the run of a firing inside the caller's transaction; None when its input does not fit."""
    stored = firing.event
    chain = int(stored.get("chain") or 0)
    outcome: Outcome | None = None
    try:
        if chain >= MAX_CHAIN:
            raise Invalid(
                f"Workflows started one another {MAX_CHAIN} times in a row.",
                remedy="Take one of the triggers of this circle away.",
            )
        version, definition, plan = runnable(trigger.workflow, is_test=firing.is_test)
        values = input_for(trigger, stored["event"], stored.get("fields"), plan)
        user = stored.get("user") or None
        outcome = dispatch.start(
            Start(
                workspace_id=trigger.workspace_id,
                workflow_id=trigger.workflow_id,
                version_id=version.pk if version else None,
                definition=definition,
                input=plan.prepare_input(values),
                source=SOURCES[Trigger.Kind(trigger.kind)],
                caller={
                    "kind": "trigger",
                    "label": str(stored.get("label") or trigger.name),
                    "user_id": str(user or ""),
                    "trigger": str(trigger.pk),
                    "trigger_kind": trigger.kind,
                    "chain": chain,
                },
                user_id=UUID(user) if user else None,
                idempotency_key=f"trigger:{firing.pk}",
                queue="interactive",
                timeout_seconds=plan.timeout or 600.0,
                parent_id=UUID(stored["parent"]) if stored.get("parent") else None,
            )
        )
    except PortalError as error:
        firing.state, firing.message = Firing.State.FAILED, error.explain().replace("\n", " ")[:500]
        trigger.last_error, trigger.failures = firing.message, trigger.failures + 1
    else:
        firing.state, firing.execution_id = Firing.State.STARTED, outcome.execution_id
        trigger.last_error, trigger.failures = "", 0
    trigger.last_fired_at = timezone.now()
    firing.save(update_fields=["state", "message", "execution"])
    trigger.save(update_fields=["last_error", "failures", "last_fired_at"])
    return outcome


def runnable(
    workflow: Workflow, *, is_test: bool = False
) -> tuple[WorkflowVersion | None, dict[str, Any] | None, Plan]:
    """What runs: the newest version, or the draft for tests and while there is no version."""
    version = None if is_test else workflow.versions.first()
    definition = load(version.definition if version else workflow.draft)
    if not definition.nodes:
        raise Invalid("The workflow has no nodes yet.", remedy="Add at least one node.")
    plan = compile(definition, catalogue_of(workflow.workspace_id), check=version is None)
    return version, None if version else definition.as_data(), plan


def resolve(template: Any, event: dict[str, Any]) -> Any:
    """Fill `{{ event.… }}` in; a path that leads nowhere gives null."""
    from workflows.expressions import MissingPath

    if isinstance(template, dict):
        return {name: resolve(value, event) for name, value in template.items()}
    try:
        return compile_value(template).resolve_now(Scope({"event": event}))
    except MissingPath:
        return None


def input_for(trigger: Trigger, event: dict[str, Any], fields: dict[str, Any] | None, plan: Plan) -> dict[str, Any]:
    """The run's input: what the trigger maps, or the event's fields that are inputs by name."""
    schema = plan.inputs
    properties: dict[str, Any] = schema.get("properties", {})
    if trigger.input:
        chosen = {name: value for name, value in resolve(trigger.input, event).items() if value is not None}
    else:
        offered = event if fields is None else fields
        chosen = {name: offered[name] for name in properties if name in offered}
        if "event" in properties and "event" not in chosen:
            chosen["event"] = event
    return {name: fit(value, properties.get(name, {})) for name, value in chosen.items()}
