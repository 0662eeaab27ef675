"""From a started row to an ended one, through the worker's real code."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.common.errors import Conflict, Invalid, NotFound, PermissionDenied
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner
from tests.running import ended, wait_until
from workflows import dispatch, worker
from workflows.models import Execution, ExecutionEvent, NodeRun
from workflows.selectors import events_of
from workflows.services import (
    cancel_execution,
    create_from_template,
    create_version,
    create_workflow,
    decide,
    resume_execution,
    save_draft,
    start_execution,
)


def graph(*nodes: dict[str, Any], edges: Any = (), output: Any = None, inputs: Any = None) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "inputs": inputs or {"type": "object", "properties": {"text": {"type": "string", "default": "x"}}},
        "nodes": list(nodes),
        "edges": [{"from": a, "to": b} for a, b in edges],
        "output": output or {},
    }


def echo(name: str = "echo", text: str = "{{ input.text }}") -> dict[str, Any]:
    return {"id": name, "action": "text.echo", "params": {"text": text}}


def waiting(name: str, seconds: float) -> dict[str, Any]:
    return {"id": name, "action": "flow.wait", "params": {"seconds": seconds}}


def test_a_run_ends_with_output_events_and_node_runs(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Echo", definition=graph(echo(), output={"said": "{{ echo.text }}"}))

    outcome = start_execution(owner, workflow, {"text": "안녕"})

    execution = ended(outcome.execution_id)
    assert execution.state == "succeeded"
    assert execution.output == {"said": "안녕"}
    assert execution.caller["label"] == owner.user.email
    assert execution.started_at and execution.finished_at
    events = events_of(execution.pk)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["kind"], events[-1]["kind"]) == ("run.started", "run.succeeded")
    run = NodeRun.objects.get(execution=execution)
    assert (run.path, run.state, run.output) == ("echo", "succeeded", {"text": "안녕"})


def test_wrong_input_starts_nothing(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Echo", definition=graph(echo()))

    with pytest.raises(Invalid) as caught:
        start_execution(owner, workflow, {"text": 5, "other": 1})

    assert {problem.field for problem in caught.value.problems} == {"text", "other"}
    assert not Execution.objects.exists()


def test_a_viewer_cannot_start_and_a_stranger_finds_nothing(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Echo", definition=graph(echo()))

    with pytest.raises(PermissionDenied):
        start_execution(join(owner.workspace, Role.VIEWER), workflow)
    with pytest.raises(NotFound):
        start_execution(make_owner("stranger"), workflow)

    assert not Execution.objects.exists()


def test_the_same_key_starts_once(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Echo", definition=graph(echo()))

    first = start_execution(owner, workflow, {"text": "a"}, idempotency_key="k1")
    ended(first.execution_id)
    second = start_execution(owner, workflow, {"text": "b"}, idempotency_key="k1")

    assert second.execution_id == first.execution_id
    assert second.replayed and second.state == "succeeded"
    assert Execution.objects.count() == 1


def test_a_failing_node_tells_node_cause_and_nothing_of_the_exception(owner: Actor, running: Any) -> None:
    bad = {"id": "code", "action": "python.run", "params": {"code": "1 / 0"}}
    workflow = create_workflow(owner, "Bad", definition=graph(bad))

    execution = ended(start_execution(owner, workflow).execution_id)

    assert execution.state == "failed"
    assert execution.error["node"] == "code"
    assert execution.error["message"]
    assert "Traceback" not in str(execution.error)


def test_cancel_reaches_a_running_node(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Slow", definition=graph(waiting("nap", 20)))
    identifier = start_execution(owner, workflow).execution_id
    wait_until(lambda: Execution.objects.get(pk=identifier).state == "running")

    assert cancel_execution(owner, Execution.objects.get(pk=identifier))

    assert ended(identifier).state == "cancelled"
    assert not cancel_execution(owner, Execution.objects.get(pk=identifier))


def test_a_queued_run_can_be_cancelled_before_a_worker_takes_it(
    owner: Actor, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = create_workflow(owner, "Echo", definition=graph(echo()))
    send = dispatch.send_task
    monkeypatch.setattr(dispatch, "send_task", lambda *_: True)
    identifier = start_execution(owner, workflow).execution_id
    monkeypatch.setattr(dispatch, "send_task", send)

    cancel_execution(owner, Execution.objects.get(pk=identifier))

    execution = ended(identifier)
    assert execution.state == "cancelled"
    assert not NodeRun.objects.filter(execution=execution).exists()


def test_a_run_whose_task_was_lost_is_sent_again(owner: Actor, running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = create_workflow(owner, "Echo", definition=graph(echo()))
    with monkeypatch.context() as broken:
        broken.setattr(dispatch, "send_task", lambda *_: False)
        identifier = start_execution(owner, workflow).execution_id
    Execution.objects.filter(pk=identifier).update(lease_until=timezone.now() - timedelta(seconds=1))

    running.submit(worker.reap()).result(10)

    assert ended(identifier).state == "succeeded"


def test_a_run_of_a_dead_worker_goes_on_where_it_was(owner: Actor, running: Any) -> None:
    workflow = create_workflow(
        owner,
        "Two",
        definition=graph(echo("a"), echo("b", "{{ a.text }}!"), edges=[("a", "b")], output={"b": "{{ b.text }}"}),
    )
    # What a worker that was killed after node `a` leaves behind.
    identifier = dispatch.Start(workspace_id=owner.workspace.pk).id
    execution = Execution.objects.create(
        id=identifier,
        workspace=owner.workspace,
        workflow=workflow,
        definition=workflow.draft,
        input={"text": "new"},
        state="running",
        attempts=1,
        lease_owner="dead",
        lease_until=timezone.now() - timedelta(seconds=1),
        started_at=timezone.now(),
    )
    NodeRun.objects.create(
        execution=execution, path="a", node="a", action="text.echo", position=1, state="succeeded",
        output={"text": "kept"}, port="out", started_at=timezone.now(),
    )  # fmt: skip
    ExecutionEvent.objects.create(execution=execution, seq=1, time=timezone.now(), kind="run.started")

    running.submit(worker.reap()).result(10)

    execution = ended(identifier)
    assert execution.output == {"b": "kept!"}
    assert execution.crashes == 1
    seqs = [event["seq"] for event in events_of(identifier)]
    assert seqs == list(range(1, len(seqs) + 1))


def test_a_run_that_kills_its_worker_again_and_again_fails(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Echo", definition=graph(echo()))
    execution = Execution.objects.create(
        workspace=owner.workspace, workflow=workflow, definition=workflow.draft, input={}, state="running",
        attempts=3, crashes=2, lease_until=timezone.now() - timedelta(seconds=1), started_at=timezone.now(),
    )  # fmt: skip

    running.submit(worker.reap()).result(10)

    assert ended(execution.pk).error["code"] == "worker_lost"


def test_a_worker_that_lost_its_lease_writes_nothing(owner: Actor, running: Any) -> None:
    workflow = create_workflow(
        owner, "Slow", definition=graph(waiting("nap", 1), echo("after"), edges=[("nap", "after")])
    )
    identifier = start_execution(owner, workflow).execution_id
    wait_until(lambda: ExecutionEvent.objects.filter(execution_id=identifier).exists())

    # Somebody else takes over while the first worker still runs.
    Execution.objects.filter(pk=identifier).update(attempts=7, lease_owner="other")
    wait_until(lambda: identifier not in running.active)

    execution = Execution.objects.get(pk=identifier)
    assert execution.state == "running"
    assert not NodeRun.objects.filter(execution=execution, path="after").exists()


def test_an_approval_waits_for_a_person_and_goes_on(owner: Actor, running: Any) -> None:
    ask = {"id": "ask", "action": "flow.approval", "params": {"message": "Send it?"}}
    definition = graph(ask, echo("done"))
    definition["edges"] = [{"from": "ask", "port": "approved", "to": "done"}]
    workflow = create_workflow(owner, "Ask", definition=definition)
    identifier = start_execution(owner, workflow).execution_id
    wait_until(lambda: Execution.objects.get(pk=identifier).state == "waiting")
    (rest,) = Execution.objects.get(pk=identifier).waiting

    with pytest.raises(Conflict):
        decide(owner, identifier, "elsewhere", approved=True)
    decide(owner, identifier, rest["path"], approved=True, comment="fine")

    assert ended(identifier).state == "succeeded"


def test_a_failed_run_resumes_from_the_failed_node(owner: Actor, running: Any) -> None:
    code = {"id": "code", "action": "python.run", "params": {"code": "1 / 0"}}
    workflow = create_workflow(owner, "Half", definition=graph(echo("a"), code, edges=[("a", "code")]))
    identifier = start_execution(owner, workflow).execution_id
    assert ended(identifier).state == "failed"
    first = NodeRun.objects.get(execution_id=identifier, path="a").started_at

    resume_execution(owner, identifier)

    wait_until(lambda: Execution.objects.get(pk=identifier).attempts == 2)
    assert ended(identifier).state == "failed"
    assert NodeRun.objects.get(execution_id=identifier, path="a").started_at == first


def test_text_that_jsonb_refuses_is_stored_in_a_readable_form(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Echo", definition=graph(echo(), output={"t": "{{ echo.text }}"}))

    execution = ended(start_execution(owner, workflow, {"text": "a\x00b"}).execution_id)

    assert execution.output == {"t": "a\ufffdb"}


def test_start_and_wait_answers_without_polling(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Echo", definition=graph(echo(), output={"t": "{{ echo.text }}"}))
    seen: list[str] = []

    async def call() -> dispatch.Outcome:
        request = dispatch.Start(
            workspace_id=owner.workspace.pk, workflow_id=workflow.pk, definition=workflow.draft, input={"text": "x"}
        )
        from tests.running import close_loop

        try:
            return await dispatch.start_and_wait(
                request, timeout=20, on_events=lambda events: seen.extend(event["kind"] for event in events)
            )
        finally:
            await close_loop()

    outcome = asyncio.run(call())

    assert (outcome.state, outcome.output) == ("succeeded", {"t": "x"})
    assert seen[0] == "run.started" and seen[-1] == "run.succeeded"


def test_versions_are_immutable_and_numbered(owner: Actor) -> None:
    (workflow,) = create_from_template(owner, "echo")
    first = create_version(owner, workflow.pk)
    assert create_version(owner, workflow.pk).pk == first.pk

    changed = {**workflow.draft, "output": {"text": "{{ echo.text }}", "again": "{{ echo.text }}"}}
    save_draft(owner, workflow.pk, changed, base_revision=workflow.draft_revision)
    second = create_version(owner, workflow.pk)

    assert (first.number, second.number) == (1, 2)
    first.refresh_from_db()
    assert "again" not in first.definition["output"]


def test_a_draft_is_never_overwritten_silently(owner: Actor) -> None:
    (workflow,) = create_from_template(owner, "echo")
    save_draft(owner, workflow.pk, {**workflow.draft, "output": {}}, base_revision=1)

    with pytest.raises(Conflict) as caught:
        save_draft(owner, workflow.pk, workflow.draft, base_revision=1)

    assert caught.value.details["draft_revision"] == 2
