"""Runs with the same key take turns, and nodes keep their pace over runs."""

from __future__ import annotations

from typing import Any

import pytest

from portal.common.errors import Invalid
from portal.workspaces.services import Actor
from tests.running import ended, wait_until
from workflows.models import Execution, Workflow
from workflows.services import create_workflow, decide, start_execution
from workflows.turn_models import Turn


def asking(**concurrency: Any) -> dict[str, Any]:
    """Rests for a decision, so that a test holds the place as long as it likes."""
    return {
        "schema_version": 1,
        "inputs": {"type": "object", "properties": {"market": {"type": "string", "default": "KOSPI"}}},
        "nodes": [{"id": "ask", "action": "flow.approval", "params": {"message": "Go on?"}}],
        "edges": [],
        "output": {"ok": "{{ ask.approved }}"},
        "concurrency": {"key": "{{ input.market }}", **concurrency},
    }


def make(owner: Actor, **concurrency: Any) -> Workflow:
    return create_workflow(owner, "Turns", definition=asking(**concurrency))


def begin(owner: Actor, workflow: Workflow, **values: Any) -> Execution:
    return Execution.objects.get(pk=start_execution(owner, workflow, values).execution_id)


def asks(run: Execution) -> bool:
    run.refresh_from_db()
    return run.state == "waiting" and bool(run.waiting)


def rests(run: Execution) -> bool:
    """Waits for its turn: it has not come to its question yet."""
    run.refresh_from_db()
    return run.state == "waiting" and not run.waiting


def test_runs_of_one_key_queue_and_others_do_not(running: Any, owner: Actor) -> None:
    workflow = make(owner, policy="queue")
    first = begin(owner, workflow)
    wait_until(lambda: asks(first))
    second, third, other = begin(owner, workflow), begin(owner, workflow), begin(owner, workflow, market="KOSDAQ")
    wait_until(lambda: rests(second) and rests(third) and asks(other))

    decide(owner, first.pk, "ask", approved=True)
    assert ended(first.pk).output == {"ok": True}
    wait_until(lambda: asks(second))
    assert rests(third), "the oldest goes first, alone"
    decide(owner, second.pk, "ask", approved=False)
    wait_until(lambda: asks(third))
    for run in (third, other):
        decide(owner, run.pk, "ask", approved=True)
        ended(run.pk)
    wait_until(lambda: not Turn.objects.exists())


def test_a_limit_lets_so_many_work(running: Any, owner: Actor) -> None:
    workflow = make(owner, policy="queue", limit=2)
    runs = []
    for _ in range(3):
        runs.append(begin(owner, workflow))
        wait_until(lambda: asks(runs[-1]) or rests(runs[-1]))
    assert [asks(run) for run in runs] == [True, True, False]


def test_one_too_many_is_skipped(running: Any, owner: Actor) -> None:
    workflow = make(owner, policy="skip")
    first = begin(owner, workflow)
    wait_until(lambda: asks(first))
    second = ended(begin(owner, workflow).pk)
    assert second.state == "cancelled" and second.error["code"] == "already_running"
    decide(owner, first.pk, "ask", approved=True)
    ended(first.pk)
    wait_until(lambda: not Turn.objects.exists())
    third = begin(owner, workflow)
    wait_until(lambda: asks(third))


def test_a_newer_run_stops_the_older_one(running: Any, owner: Actor) -> None:
    workflow = make(owner, policy="cancel_previous")
    first = begin(owner, workflow)
    wait_until(lambda: asks(first))
    second = begin(owner, workflow)
    assert ended(first.pk).state == "cancelled"
    wait_until(lambda: asks(second))


def test_a_run_that_waits_for_its_turn_can_be_stopped(running: Any, owner: Actor) -> None:
    from workflows.services import cancel_execution

    workflow = make(owner, policy="queue")
    first = begin(owner, workflow)
    wait_until(lambda: asks(first))
    second = begin(owner, workflow)
    wait_until(lambda: rests(second))
    assert cancel_execution(owner, second)
    assert ended(second.pk).state == "cancelled" and asks(first)


def test_the_key_knows_input_and_caller_only(owner: Actor) -> None:
    workflow = create_workflow(owner, "Wrong", definition={**asking(), "concurrency": {"key": "{{ ask.approved }}"}})
    with pytest.raises(Invalid) as caught:
        start_execution(owner, workflow)
    assert caught.value.problems[0].field == "concurrency.key"
