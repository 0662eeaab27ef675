"""Runs that follow runs, error workflows, and news of the domain apps: each end and each piece of news once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from markets.models import Alert
from markets.signals import alert_fired
from portal.common.errors import Invalid
from portal.workspaces.services import Actor
from tests.running import ended, wait_until
from timeseries.records import Job
from timeseries.signals import job_ended
from workflows.models import Execution, Workflow
from workflows.services import create_workflow, start_execution
from workflows.triggers import following, services
from workflows.triggers.models import Firing, Trigger

ECHO: dict[str, Any] = {
    "schema_version": 1,
    "inputs": {"type": "object", "properties": {"text": {"type": "string", "default": "-"}}},
    "nodes": [{"id": "say", "action": "text.echo", "params": {"text": "{{ input.text }}"}}],
    "edges": [],
    "output": {"text": "{{ say.text }}"},
}
FAILING = dict(ECHO, nodes=[{"id": "say", "action": "flow.stop", "params": {"message": "out of paper"}}], output={})
ALARM = dict(
    ECHO,
    inputs={"type": "object", "properties": {"message": {"type": "string"}, "workflow": {"type": "string"}}},
    nodes=[{"id": "say", "action": "text.echo", "params": {"text": "{{ input.workflow }}: {{ input.message }}"}}],
)


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Followers start from `sweep` or by hand: no Celery runs here."""
    monkeypatch.setattr(following, "_send", lambda execution_id: SENT.append(execution_id))
    following._followed.clear()
    SENT.clear()


SENT: list[Any] = []


def make(owner: Actor, name: str, definition: dict[str, Any] = ECHO) -> Workflow:
    return create_workflow(owner, name, definition=definition)


def finished(owner: Actor, workflow: Workflow, source: str = "api", **values: Any) -> Execution:
    run = ended(start_execution(owner, workflow, values, source=source).execution_id)
    # What ended a moment ago is left to the worker's own word.
    Execution.objects.filter(pk=run.pk).update(finished_at=timezone.now() - timedelta(minutes=1))
    return run


def test_the_worker_tells_of_an_end_and_the_follower_gets_the_output(running: Any, owner: Actor) -> None:
    first, second = make(owner, "First"), make(owner, "Second")
    services.create_trigger(owner, second.pk, "workflow", config={"workflow": str(first.pk)})
    run = finished(owner, first, text="baton")
    wait_until(lambda: [run.pk] == SENT)

    assert len(following.follow(run.pk)) == 1
    follower = ended(Firing.objects.get().execution_id)
    assert follower.output == {"text": "baton"} and follower.parent_id == run.pk and follower.source == "workflow"
    # Told twice, and found by the sweep as well: still one run.
    assert [item.is_new for item in following.follow(run.pk)] == [False]
    assert following.sweep() == 0
    assert Execution.objects.filter(workflow=second).count() == 1


def test_an_end_that_nobody_told_of_is_found(running: Any, owner: Actor) -> None:
    first, second = make(owner, "First"), make(owner, "Second")
    trigger = services.create_trigger(owner, second.pk, "workflow", config={"workflow": str(first.pk)})
    Trigger.objects.filter(pk=trigger.pk).update(created_at=timezone.now() - timedelta(hours=1))
    finished(owner, first, text="lost")

    assert following.sweep() == 1
    assert following.sweep() == 0
    assert ended(Firing.objects.get().execution_id).output == {"text": "lost"}


def test_failures_reach_the_error_workflow_but_never_its_own(running: Any, owner: Actor) -> None:
    alarm, failing = make(owner, "Alarm", ALARM), make(owner, "Printer", FAILING)
    services.create_trigger(owner, alarm.pk, "error")
    failed = finished(owner, failing)
    watched = finished(owner, failing, source="page")

    assert len(following.follow(failed.pk)) == 1
    assert following.follow(watched.pk) == [], "a person saw it fail on the page"
    told = ended(Firing.objects.get().execution_id)
    assert told.output == {"text": "Printer: out of paper"}

    broken = make(owner, "Broken alarm", dict(FAILING, inputs=ALARM["inputs"]))
    services.create_trigger(owner, broken.pk, "error")
    following.follow(failed.pk)
    own = Execution.objects.get(workflow=broken)
    assert ended(own.pk).state == "failed"
    assert following.follow(own.pk) == []


def test_a_circle_of_workflows_ends(running: Any, owner: Actor) -> None:
    first, second = make(owner, "First"), make(owner, "Second")
    services.create_trigger(owner, second.pk, "workflow", config={"workflow": str(first.pk)})
    services.create_trigger(owner, first.pk, "workflow", config={"workflow": str(second.pk)})
    run = finished(owner, first)
    for _ in range(20):
        fired = following.follow(run.pk)
        if not fired or fired[0].outcome is None:
            break
        run = ended(fired[0].outcome.execution_id)
    last = Firing.objects.order_by("id").last()
    assert last is not None and last.state == "failed" and "circle" in last.message
    assert Execution.objects.count() < 12


def test_a_follower_names_a_workflow_of_this_workspace(owner: Actor) -> None:
    mine = make(owner, "Mine")
    for wrong in (str(mine.pk), "0" * 36, "01890000-0000-7000-8000-000000000000"):
        with pytest.raises(Invalid) as caught:
            services.create_trigger(owner, mine.pk, "workflow", config={"workflow": wrong})
        assert caught.value.problems[0].field == "workflow"


def test_a_market_alert_starts_its_listeners_once(running: Any, owner: Actor) -> None:
    workflow = make(owner, "On alert")
    trigger = services.create_trigger(
        owner, workflow.pk, "signal", config={"signal": "alert_fired", "only": {"code": "005930"}},
        input={"text": "{{ event.name }} {{ event.value }}"},
    )  # fmt: skip
    fields = {
        "workspace": owner.workspace,
        "rule_name": "Volume",
        "stock_name": "삼성전자",
        "value": 3.5,
        "as_of": timezone.now(),
    }
    wanted, other = Alert.objects.create(code="005930", **fields), Alert.objects.create(code="000660", **fields)
    for alert in (wanted, other, wanted):
        alert_fired.send(sender=Alert, alert=alert)

    assert ended(Firing.objects.get(trigger=trigger).execution_id).output == {"text": "삼성전자 3.5"}


def test_ended_jobs_and_their_anomalies_are_news(running: Any, owner: Actor) -> None:
    workflow = make(owner, "On anomaly")
    for signal in ("job_ended", "anomalies_found"):
        services.create_trigger(
            owner, workflow.pk, "signal", config={"signal": signal}, input={"text": "{{ event.signal }}"}
        )
    job = Job.objects.create(
        workspace=owner.workspace, kind="detect", label="sales", state="succeeded", result={"anomalies": [{"start": 1}]}
    )
    job_ended.send_robust(sender=Job, job=job)

    assert sorted(run.input["text"] for run in Execution.objects.all()) == ["anomalies_found", "job_ended"]
    for run in Execution.objects.all():
        ended(run.pk)
