"""Writes about triggers: permission, deed, audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from pydantic import SecretStr

from integrations.registry import registry
from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound
from portal.common.ids import random_token
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from portal.workspaces.vault import data_key_of, seal, unseal
from workflows.models import Workflow
from workflows.triggers import fire as firing_service
from workflows.triggers import samples
from workflows.triggers.config import (
    CONFIGS,
    WITH_ADDRESS,
    AfterConfig,
    ErrorConfig,
    EventConfig,
    ScheduleConfig,
    TriggerConfig,
    check_plain,
    read_config,
)
from workflows.triggers.models import Firing, Trigger
from workflows.triggers.slots import next_slots

TEST_SECONDS = 180
MAX_TRIGGERS = 50
NAME_LENGTH = 120


def _workflow(actor: Actor, workflow_id: UUID) -> Workflow:
    found: Workflow | None = Workflow.objects.for_workspace(actor.workspace).filter(pk=workflow_id).first()
    if found is None:
        raise NotFound("There is no such workflow.")
    return found


def get_trigger(actor: Actor, workflow_id: UUID, trigger_id: UUID, *, lock: bool = False) -> Trigger:
    """A trigger of this workflow; `NotFound` for everything else."""
    rows = Trigger.objects.for_workspace(actor.workspace).filter(pk=trigger_id, workflow_id=workflow_id)
    rows = rows.select_for_update(of=("self",)) if lock else rows
    found: Trigger | None = rows.select_related("workflow", "data_key").first()
    if found is None:
        raise NotFound("There is no such trigger.")
    return found


@transaction.atomic
def create_trigger(
    actor: Actor,
    workflow_id: UUID,
    kind: str,
    *,
    name: str = "",
    config: Mapping[str, Any] | None = None,
    input: Mapping[str, Any] | None = None,
    is_on: bool = True,
) -> Trigger:
    """A new trigger; `Invalid` names each wrong field."""
    actor.require(Permission.WORKFLOW_UPDATE)
    workflow = _workflow(actor, workflow_id)
    if kind not in CONFIGS:
        problem = FieldProblem("kind", "This kind is not known.", f"Use one of: {', '.join(CONFIGS)}.")
        raise Invalid("There is no such kind of trigger.", problems=[problem])
    if workflow.triggers.count() >= MAX_TRIGGERS:
        raise Conflict(f"A workflow has at most {MAX_TRIGGERS} triggers.", remedy="Delete one first.")
    typed = _checked(actor, workflow, kind, dict(config or {}))
    trigger = Trigger(
        workspace=actor.workspace,
        workflow=workflow,
        kind=kind,
        name=_name(name or typed.title.en),
        is_on=is_on,
        input=_checked_input(input or {}),
        token=random_token(32) if kind in WITH_ADDRESS else None,
        created_by=actor.user,
    )
    _store(actor, trigger, typed)
    plan_next(trigger)
    trigger.save()
    audit(actor, "trigger.created", trigger, after={"workflow": str(workflow.pk), "kind": kind})
    return trigger


@transaction.atomic
def update_trigger(
    actor: Actor,
    workflow_id: UUID,
    trigger_id: UUID,
    *,
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    input: Mapping[str, Any] | None = None,
    is_on: bool | None = None,
) -> Trigger:
    """Change a trigger. Secrets that are not sent stay as they are."""
    actor.require(Permission.WORKFLOW_UPDATE)
    trigger = get_trigger(actor, workflow_id, trigger_id, lock=True)
    before = {"name": trigger.name, "is_on": trigger.is_on}
    if name is not None:
        trigger.name = _name(name)
    if config is not None:
        typed = _checked(actor, trigger.workflow, trigger.kind, dict(config), existing=trigger)
        _store(actor, trigger, typed)
        trigger.cursor, trigger.last_error, trigger.failures = "", "", 0
    if input is not None:
        trigger.input = _checked_input(input)
    switched_on = is_on is True and not trigger.is_on
    if is_on is not None:
        trigger.is_on = is_on
    if config is not None or switched_on:
        plan_next(trigger)
    trigger.save()
    audit(actor, "trigger.updated", trigger, before=before, after={"name": trigger.name, "is_on": trigger.is_on})
    return trigger


@transaction.atomic
def delete_trigger(actor: Actor, workflow_id: UUID, trigger_id: UUID) -> None:
    actor.require(Permission.WORKFLOW_UPDATE)
    trigger = get_trigger(actor, workflow_id, trigger_id, lock=True)
    audit(actor, "trigger.deleted", trigger)
    trigger.delete()


@transaction.atomic
def listen_for_test(actor: Actor, workflow_id: UUID, trigger_id: UUID) -> Trigger:
    """For a few minutes requests to the address run the draft, also while the trigger is off."""
    actor.require(Permission.WORKFLOW_EXECUTE)
    trigger = get_trigger(actor, workflow_id, trigger_id, lock=True)
    if trigger.kind not in WITH_ADDRESS:
        raise Invalid("Only triggers with an address can listen for a test.")
    trigger.test_until = timezone.now() + timedelta(seconds=TEST_SECONDS)
    trigger.save(update_fields=["test_until"])
    return trigger


@transaction.atomic
def new_address(actor: Actor, workflow_id: UUID, trigger_id: UUID) -> Trigger:
    """Replace the address; the old one answers 404 from now on."""
    actor.require(Permission.WORKFLOW_UPDATE)
    trigger = get_trigger(actor, workflow_id, trigger_id, lock=True)
    if trigger.token is None:
        raise Invalid("This trigger has no address.")
    trigger.token = random_token(32)
    trigger.save(update_fields=["token"])
    audit(actor, "trigger.address_replaced", trigger)
    return trigger


def test_trigger(actor: Actor, workflow_id: UUID, trigger_id: UUID) -> firing_service.Fired:
    """Run the draft with the newest real event, or a sample of the kind."""
    actor.require(Permission.WORKFLOW_EXECUTE)
    trigger = get_trigger(actor, workflow_id, trigger_id)
    last = trigger.firings.filter(is_test=False).first()
    stored = last.event if last is not None else {}
    event = stored.get("event") or samples.sample_event(trigger)
    fields = stored.get("fields") if stored else samples.sample_fields(trigger, event)
    return firing_service.fire(
        trigger, f"test:{random_token(16)}", event, fields=fields, is_test=True, user_id=_id_of(actor)
    )


def replay(actor: Actor, workflow_id: UUID, trigger_id: UUID, firing_id: UUID) -> firing_service.Fired:
    """Run a stored event again, as a run of its own with the version that is newest now."""
    actor.require(Permission.WORKFLOW_EXECUTE)
    trigger = get_trigger(actor, workflow_id, trigger_id)
    firing = get_firing(trigger, firing_id)
    stored = firing.event
    return firing_service.fire(
        trigger,
        f"replay:{random_token(16)}",
        stored.get("event") or {},
        fields=stored.get("fields"),
        is_test=firing.is_test,
        user_id=_id_of(actor),
        replay_of=firing,
    )


def _id_of(actor: Actor) -> UUID | None:
    return actor.user.pk if actor.user else None


def secret_of(trigger: Trigger) -> str:
    """The sealed secret in the clear, empty when there is none."""
    if trigger.sealed is None or trigger.data_key is None:
        return ""
    return str(unseal(trigger.data_key, bytes(trigger.sealed), _place(trigger)).get("secret", ""))


def _place(trigger: Trigger) -> str:
    return f"workflows_trigger:{trigger.pk}:sealed"


def _store(actor: Actor, trigger: Trigger, typed: TriggerConfig) -> None:
    """The configuration as plain JSON beside its sealed secret."""
    values = typed.model_dump(mode="json", exclude=set(typed.secret_fields))
    for name in typed.secret_fields:
        given = getattr(typed, name)
        if isinstance(given, SecretStr) and given.get_secret_value():
            trigger.data_key = data_key_of(actor.workspace)
            trigger.sealed = seal(trigger.data_key, {"secret": given.get_secret_value()}, _place(trigger))
    trigger.config = values


def _name(text: str) -> str:
    text = text.strip()
    if not text or len(text) > NAME_LENGTH:
        problem = FieldProblem("name", "The name is empty or too long.", f"Use 1 to {NAME_LENGTH} characters.")
        raise Invalid("The trigger has no usable name.", problems=[problem])
    return text


def _checked_input(mapping: Mapping[str, Any]) -> dict[str, Any]:
    problems = []
    for name, value in mapping.items():
        try:
            check_plain(value, name)
        except ValueError as error:
            problems.append(FieldProblem(f"input.{name}", str(error)))
    if problems:
        raise Invalid("The input cannot be filled from the event.", problems=problems)
    return dict(mapping)


def _checked(
    actor: Actor, workflow: Workflow, kind: str, values: dict[str, Any], existing: Trigger | None = None
) -> TriggerConfig:
    typed = read_config(kind, values)
    problems: list[FieldProblem] = []
    needs_secret = getattr(typed, "check", "none") != "none"
    has_secret = existing is not None and existing.sealed is not None
    given = getattr(typed, "secret", None)
    if needs_secret and not has_secret and not (given and given.get_secret_value()):
        problems.append(FieldProblem("secret", "This check needs a secret.", "Give the value that the sender uses."))
    if isinstance(typed, EventConfig):
        problems += _event_problems(typed)
    if isinstance(typed, AfterConfig):
        problems += _workflow_problems(actor, [typed.workflow], "workflow")
        if typed.workflow == str(workflow.pk):
            problems.append(FieldProblem("workflow", "A workflow cannot follow itself.", "Choose another one."))
    if isinstance(typed, ErrorConfig):
        problems += _workflow_problems(actor, typed.workflows, "workflows")
    if problems:
        raise Invalid("The trigger is not set up properly.", problems=problems)
    return typed


def _event_problems(typed: EventConfig) -> list[FieldProblem]:
    from integrations.sdk.schema import input_schema_of, problems_of

    known = connector_triggers()
    found = known.get(typed.trigger)
    if found is None:
        names = ", ".join(sorted(known)) or "none"
        return [FieldProblem("trigger", "There is no such event.", f"Use one of: {names}.")]
    from pydantic import ValidationError

    try:
        found.params_model.model_validate(typed.params)
    except ValidationError as error:
        return [
            FieldProblem(f"params.{item.field}", item.message, item.remedy)
            for item in problems_of(error, input_schema_of(found.params_model))
        ]
    return []


def _workflow_problems(actor: Actor, ids: list[str], field: str) -> list[FieldProblem]:
    missing = []
    for text in ids:
        try:
            exists = Workflow.objects.for_workspace(actor.workspace).filter(pk=UUID(text)).exists()
        except ValueError:
            exists = False
        if not exists:
            missing.append(FieldProblem(field, f"There is no workflow {text} here.", "Choose one of this workspace."))
    return missing


def connector_triggers() -> dict[str, Any]:
    """Every polled event of every connector, by `connector.event`."""
    return {
        trigger.id: trigger
        for connector in registry().connectors.values()
        for trigger in connector.triggers.values()
        if trigger.kind == "poll"
    }


def plan_next(trigger: Trigger, after: datetime | None = None) -> None:
    """Set when the beat has to look next: the next slot of a schedule, the next poll, or never."""
    now = after or timezone.now()
    if not trigger.is_on:
        trigger.next_at = None
    elif trigger.kind == Trigger.Kind.SCHEDULE:
        trigger.next_at = next(iter(upcoming(trigger, now, 1)), None)
    elif trigger.kind == Trigger.Kind.EVENT:
        trigger.next_at = now
    else:
        trigger.next_at = None


def upcoming(trigger: Trigger, after: datetime | None = None, count: int = 5) -> list[datetime]:
    """The next moments of a schedule; empty for other kinds."""
    if trigger.kind != Trigger.Kind.SCHEDULE:
        return []
    config = ScheduleConfig.model_validate(trigger.config)
    parsed, rule = config.parsed()
    return next_slots(parsed, after or timezone.now(), config.zone, rule, config.on_closed, count)


def get_firing(trigger: Trigger, firing_id: UUID) -> Firing:
    """One event of a trigger."""
    found: Firing | None = Firing.objects.filter(trigger=trigger, pk=firing_id).first()
    if found is None:
        raise NotFound("There is no such event.")
    return found


def history_of(trigger: Trigger) -> Any:
    """What the trigger did, newest first."""
    return Firing.objects.filter(trigger=trigger).select_related("execution")
