"""Schedules fire once per slot, whoever asks, and treat missed slots as their policy says."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from portal.common.errors import Invalid
from portal.workspaces.services import Actor
from tests.running import ended
from workflows.models import Execution, Workflow
from workflows.services import create_version, create_workflow
from workflows.triggers import services
from workflows.triggers.models import Firing, Trigger
from workflows.triggers.ticking import tick

ECHO: dict[str, Any] = {
    "schema_version": 1,
    "inputs": {"type": "object", "properties": {"text": {"type": "string", "default": "none"}}},
    "nodes": [{"id": "say", "action": "text.echo", "params": {"text": "{{ input.text }}"}}],
    "edges": [],
    "output": {"text": "{{ say.text }}"},
}


@pytest.fixture
def workflow(owner: Actor) -> Workflow:
    return create_workflow(owner, "Echo", definition=ECHO)


def make(owner: Actor, workflow: Workflow, **config: Any) -> Trigger:
    return services.create_trigger(
        owner,
        workflow.pk,
        "schedule",
        config={"when": "every 15 minutes", **config},
        input={"text": "{{ event.local }}"},
    )


def set_due(trigger: Trigger, moment: datetime) -> None:
    Trigger.objects.filter(pk=trigger.pk).update(next_at=moment)


def test_a_slot_runs_with_its_time_as_input(running: Any, owner: Actor, workflow: Workflow) -> None:
    trigger = make(owner, workflow)
    slot = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
    set_due(trigger, slot)

    assert tick(slot + timedelta(seconds=3)) == 1

    firing = Firing.objects.get(trigger=trigger)
    run = ended(firing.execution_id)
    assert run.output == {"text": "2026-11-20T10:15:00+09:00"}
    assert (run.source, run.caller["label"], firing.state) == ("schedule", "Schedule", "started")
    trigger.refresh_from_db()
    assert trigger.next_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


def test_many_beats_at_once_fire_one_run(running: Any, owner: Actor, workflow: Workflow) -> None:
    trigger = make(owner, workflow)
    slot = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
    set_due(trigger, slot)
    start = threading.Barrier(4)

    def beat() -> None:
        try:
            start.wait(5)
            tick(slot + timedelta(seconds=3))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=beat) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    # A beat that was restored from a backup, or whose clock stands wrong, asks for the same slot again.
    set_due(trigger, slot)
    tick(slot + timedelta(seconds=9))

    assert Firing.objects.filter(trigger=trigger).count() == 1
    assert Execution.objects.filter(workflow=workflow).count() == 1


@pytest.mark.parametrize(
    ("policy", "runs", "notes"),
    [("skip", [], 1), ("once", ["02:00"], 1), ("all", ["01:15", "01:30", "01:45", "02:00"], 0)],
)
def test_missed_slots(running: Any, owner: Actor, workflow: Workflow, policy: str, runs: list[str], notes: int) -> None:
    trigger = make(owner, workflow, missed=policy)
    set_due(trigger, datetime(2026, 11, 20, 1, 15, tzinfo=UTC))

    tick(datetime(2026, 11, 20, 2, 10, tzinfo=UTC))

    started = Firing.objects.filter(trigger=trigger, state="started").order_by("key")
    assert [firing.key[16:21] for firing in started] == runs
    assert Firing.objects.filter(trigger=trigger, state="skipped").count() == notes
    trigger.refresh_from_db()
    assert trigger.next_at == datetime(2026, 11, 20, 2, 15, tzinfo=UTC)


def test_the_newest_version_runs_and_the_draft_only_without_one(running: Any, owner: Actor, workflow: Workflow) -> None:
    trigger = make(owner, workflow)
    version = create_version(owner, workflow.pk)
    slot = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
    set_due(trigger, slot)
    tick(slot)
    tested = services.test_trigger(owner, workflow.pk, trigger.pk)

    assert tested.outcome is not None and tested.firing.is_test
    live = Firing.objects.get(trigger=trigger, is_test=False).execution
    assert live.version_id == version.pk
    assert ended(tested.outcome.execution_id).version_id is None


def test_an_input_that_does_not_fit_is_told_and_does_not_stop_the_schedule(owner: Actor, workflow: Workflow) -> None:
    trigger = services.create_trigger(
        owner, workflow.pk, "schedule", config={"when": "every hour"}, input={"nonsense": "{{ event.local }}"}
    )
    set_due(trigger, datetime(2026, 11, 20, 1, 0, tzinfo=UTC))
    tick(datetime(2026, 11, 20, 1, 0, tzinfo=UTC))

    firing = Firing.objects.get(trigger=trigger)
    trigger.refresh_from_db()
    assert firing.state == "failed" and "nonsense" in firing.message
    assert trigger.failures == 1 and trigger.next_at == datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def test_switched_off_it_rests_and_switched_on_it_looks_ahead(owner: Actor, workflow: Workflow) -> None:
    trigger = make(owner, workflow)
    services.update_trigger(owner, workflow.pk, trigger.pk, is_on=False)
    assert tick(timezone.now() + timedelta(days=1)) == 0

    on = services.update_trigger(owner, workflow.pk, trigger.pk, is_on=True)
    assert on.next_at is not None and on.next_at > timezone.now()


def test_what_is_wrong_is_named(owner: Actor, workflow: Workflow) -> None:
    with pytest.raises(Invalid) as caught:
        services.create_trigger(
            owner, workflow.pk, "schedule", config={"when": "now and then", "timezone": "Mars/Base"}
        )
    assert {problem.field for problem in caught.value.problems} == {"when", "timezone"}
    with pytest.raises(Invalid) as caught:
        services.create_trigger(
            owner, workflow.pk, "schedule", config={"when": "매일 9시"}, input={"text": "{{ len(event.local) }}"}
        )
    assert caught.value.problems[0].field == "input.text"
