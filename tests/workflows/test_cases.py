"""Tests of workflows: saved from a run, replayed without an upstream, asked before a deploy and from a terminal."""

from __future__ import annotations

import json
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import call_command

from portal.common.errors import Conflict, Invalid, PermissionDenied
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner
from workflows.cases import FailingTests, check, delete_test, require_passing, save_test
from workflows.models import Execution, NodeRun, Workflow
from workflows.run_models import WorkflowTest
from workflows.services import create_workflow, save_draft

FETCH = {"id": "fetch", "action": "http.get", "params": {"url": "{{ input.url }}"}}
UPPER = {"id": "upper", "action": "text.upper", "params": {"text": "{{ fetch.data.name }}"}}
ANSWER = {"status": 200, "data": {"name": "samsung"}}


def document(*nodes: dict[str, Any], said: str = "{{ upper.text }}") -> dict[str, Any]:
    names = [node["id"] for node in nodes]
    return {
        "schema_version": 1,
        "inputs": {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]},
        "nodes": list(nodes),
        "edges": [{"from": a, "to": b} for a, b in pairwise(names)],
        "output": {"said": said},
    }


@pytest.fixture
def owner(transactional_db: None) -> Actor:
    return make_owner()


@pytest.fixture
def workflow(owner: Actor) -> Workflow:
    return create_workflow(owner, "Shout", definition=document(FETCH, UPPER))


def make_run(workflow: Workflow, state: str = "succeeded", **fields: Any) -> Execution:
    """A run as the worker leaves it behind: the address is never asked."""
    run = Execution.objects.create(
        workspace=workflow.workspace,
        workflow=workflow,
        definition=workflow.draft,
        state=state,
        input={"url": "https://nowhere.invalid/a"},
        **fields,
    )
    if state == "succeeded":
        NodeRun.objects.create(execution=run, path="fetch", node="fetch", action="http.get", state=state, output=ANSWER)
        NodeRun.objects.create(execution=run, path="upper", node="upper", action="text.upper", state=state, position=1,
                               output={"text": "SAMSUNG"})  # fmt: skip
    return run


def good_run(workflow: Workflow) -> Execution:
    return make_run(workflow, output={"said": "SAMSUNG"})


def test_a_saved_run_passes_without_asking_anybody(owner: Actor, workflow: Workflow) -> None:
    test = save_test(owner, good_run(workflow), "Samsung")

    (verdict,) = check(workflow)

    assert verdict.passed, verdict.message
    assert list(test.answers) == ["fetch"]  # What is computed is not recorded.
    stored = WorkflowTest.objects.get(pk=test.pk)
    assert stored.passed is True and stored.checked_at is not None


def test_a_broken_draft_is_told_with_the_place(owner: Actor, workflow: Workflow) -> None:
    save_test(owner, good_run(workflow), "Samsung")
    lower = {**UPPER, "action": "text.lower"}
    workflow = save_draft(owner, workflow.pk, document(FETCH, lower), base_revision=1)

    (verdict,) = check(workflow)

    assert not verdict.passed
    assert verdict.message == 'The output differs:\n- said: expected "SAMSUNG", got "samsung"'
    with pytest.raises(FailingTests) as raised:
        require_passing(workflow)
    assert [problem.field for problem in raised.value.problems] == ["Samsung"]


def test_a_question_that_was_never_asked_is_a_failure(owner: Actor, workflow: Workflow) -> None:
    save_test(owner, good_run(workflow), "Samsung")
    more = {"id": "more", "action": "http.get", "params": {"url": "{{ input.url }}"}}
    workflow = save_draft(owner, workflow.pk, document(more, FETCH, UPPER), base_revision=1)

    (verdict,) = check(workflow)

    assert not verdict.passed and "No answer of http.get is recorded for `more`" in verdict.message


def test_an_expected_failure_is_compared_by_its_code(owner: Actor, workflow: Workflow) -> None:
    error = {"code": "rejected", "message": "No such page.", "remedy": "", "node": "fetch"}
    run = make_run(workflow, "failed", error=error)
    NodeRun.objects.create(execution=run, path="fetch", node="fetch", action="http.get", state="failed", error=error)
    save_test(owner, run, "Gone")

    assert [verdict.passed for verdict in check(workflow)] == [True]

    handled = {**FETCH, "on_error": {"policy": "default", "value": {"data": {"name": "x"}}}}
    workflow = save_draft(owner, workflow.pk, document(handled, UPPER), base_revision=1)
    (verdict,) = check(workflow)
    assert not verdict.passed and "ended as succeeded" in verdict.message


def test_moving_parts_can_be_left_out(owner: Actor, workflow: Workflow) -> None:
    run = good_run(workflow)
    run.output = {"said": "SAMSUNG", "as_of": "2026-11-21"}
    save_test(owner, run, "Samsung", ignored=["as_of", " "])

    assert [verdict.passed for verdict in check(workflow)] == [True]


def test_only_editors_save_tests_and_only_of_finished_runs(owner: Actor, workflow: Workflow) -> None:
    run = good_run(workflow)
    with pytest.raises(PermissionDenied):
        save_test(join(owner.workspace, Role.VIEWER), run, "No")
    with pytest.raises(Conflict):
        save_test(owner, make_run(workflow, "running"), "Too early")
    with pytest.raises(Invalid):
        save_test(owner, run, "  ")
    test = save_test(owner, run, "Once")
    with pytest.raises(Conflict):
        save_test(owner, run, "Once")
    delete_test(owner, workflow, test.pk)
    assert check(workflow) == []


def test_the_command_names_what_fails_and_says_so_by_its_code(owner: Actor, workflow: Workflow) -> None:
    save_test(owner, good_run(workflow), "Samsung")
    out = StringIO()
    call_command("workflow_tests", workspace=owner.workspace.slug, stdout=out)
    assert "ok      Shout: Samsung" in out.getvalue() and "1 passed, 0 failed" in out.getvalue()

    save_draft(owner, workflow.pk, document(FETCH, UPPER, said="nothing"), base_revision=1)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("workflow_tests", workflow="Shout", json=True, stdout=out)
    assert ended.value.code == 1
    answer = json.loads(out.getvalue())
    assert answer["failed"] == 1 and answer["tests"][0]["test"] == "Samsung"
