"""A revision on trial: its share of calls, what clients see meanwhile, and how it steps back by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from deployments.canary import Score, start_canary, stop_canary
from deployments.contracts import contract_of_version
from deployments.mcp.target import load_target
from deployments.models import Deployment
from deployments.services import activate, contracts_of, deploy
from portal.common.errors import Conflict, Invalid, NotFound
from portal.workspaces.models import AuditEntry
from tests.deployments.client import in_loop, sdk_client
from tests.running import wait_until
from workflows.models import Execution
from workflows.services import create_version, create_workflow


def workflow_tool(served: Any, action: str, **node: Any) -> Any:
    """The contract of a one-node workflow with the same inputs and outputs whatever the node is."""
    definition = {
        "schema_version": 1,
        "inputs": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
        "nodes": [{"id": "work", "action": action, "params": {"text": "{{ input.text }}"}, **node}],
        "edges": [],
        "output": {"said": "{{ work.text }}"},
    }
    workflow = create_workflow(served.actor, action, definition=definition)
    version = create_version(served.actor, workflow.pk)
    return contract_of_version(version, name="say", title="Say", description="Says the text in some way or other.")


@pytest.fixture
def on_trial(serve: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server with `say` in lower case live, and a revision in upper case that gets half of the calls."""
    served = serve("echo")
    deploy(served.actor, served.deployment, [workflow_tool(served, "text.lower")])
    deploy(served.actor, served.deployment, [workflow_tool(served, "text.upper")], canary_percent=50)
    served.deployment.refresh_from_db()
    return served


def choose(monkeypatch: pytest.MonkeyPatch, chance: float) -> None:
    monkeypatch.setattr("deployments.mcp.target.random.random", lambda: chance)


def call(served: Any, times: int = 1) -> list[Any]:
    async def work() -> list[Any]:
        async with sdk_client(served.path, served.headers) as client:
            answers = [await client.call_tool("say", {"text": "Ab"}) for _ in range(times)]
            await asyncio.sleep(0.2)  # A judgement begun by the last call may still be on its way.
            return answers

    return in_loop(work)


def test_a_share_of_the_calls_goes_to_the_revision_on_trial(on_trial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (on_trial.deployment.live_revision.number, on_trial.deployment.canary_revision.number) == (2, 3)

    choose(monkeypatch, 0.49)
    tried = call(on_trial)[0].structured_content
    choose(monkeypatch, 0.51)
    usual = call(on_trial)[0].structured_content

    assert (tried, usual) == ({"said": "AB"}, {"said": "ab"})
    revisions = Execution.objects.filter(tool="say").order_by("pk").values_list("revision_id", flat=True)
    assert list(revisions) == [on_trial.deployment.canary_revision_id, on_trial.deployment.live_revision_id]


def test_it_steps_back_by_itself_when_it_fails_too_often(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve("echo")
    good = workflow_tool(served, "text.lower")
    deploy(served.actor, served.deployment, [good])
    failing = workflow_tool(served, "text.upper", timeout=30)
    deploy(served.actor, served.deployment, [failing], canary_percent=50)
    # The upstream of the new version breaks after the deploy: the stored graph of the version now fails.
    version = contracts_of(Deployment.objects.get(pk=served.deployment.pk).canary_revision)[0].version_id
    from workflows.models import WorkflowVersion
    from workflows.plans import _plans

    stored = WorkflowVersion.objects.get(pk=version)
    stored.definition["nodes"] = [{"id": "work", "action": "flow.stop", "params": {"message": "Gone."}}]
    stored.definition["output"] = {}
    WorkflowVersion.objects.filter(pk=version).update(definition=stored.definition)
    _plans.clear()
    choose(monkeypatch, 0.0)

    answers = call(served, times=3)

    assert all(answer.is_error for answer in answers)
    wait_until(lambda: Deployment.objects.get(pk=served.deployment.pk).canary_revision_id is None)
    after = Deployment.objects.get(pk=served.deployment.pk)
    assert after.canary_result["revision"] == 3 and after.canary_result["errors"] == 3
    assert AuditEntry.objects.filter(verb="deployment.canary_rolled_back").exists()
    assert call(served)[0].structured_content == {"said": "ab"}


@pytest.mark.parametrize(
    ("score", "is_worse"),
    [
        (Score(), False),
        (Score(calls=2, errors=2), False),
        (Score(calls=10, errors=3, live_calls=100, live_errors=1), True),
        (Score(calls=100, errors=3, live_calls=100, live_errors=1), False),
        (Score(calls=10, errors=5, live_calls=10, live_errors=5), False),
    ],
)
def test_few_errors_and_shared_trouble_are_no_reason(score: Score, is_worse: bool) -> None:
    assert score.is_worse is is_worse


def test_a_tool_with_another_contract_takes_no_part(on_trial: Any) -> None:
    deployment = on_trial.deployment
    live = contracts_of(deployment.live_revision)
    other = workflow_tool(on_trial, "text.upper")
    other.input_schema["properties"]["more"] = {"type": "string"}

    with pytest.raises(Conflict, match="No tool of this revision"):
        deploy(on_trial.actor, deployment, [other], canary_percent=10)

    target = in_loop(lambda: load_target(deployment.slug))
    assert target.canary is not None and list(target.canary.tools) == [item.name for item in live]


def test_trials_are_started_stopped_and_ended_by_going_live(on_trial: Any) -> None:
    actor, deployment = on_trial.actor, on_trial.deployment
    for number, percent, error in ((3, 0, Invalid), (3, 51, Invalid), (9, 10, NotFound), (2, 10, Conflict)):
        with pytest.raises(error):
            start_canary(actor, deployment, number, percent)
    stop_canary(actor, deployment)
    with pytest.raises(Conflict):
        stop_canary(actor, deployment)

    start_canary(actor, deployment, 3, 10)
    activate(actor, deployment, 3)

    after = Deployment.objects.get(pk=deployment.pk)
    assert (after.live_revision.number, after.canary_revision_id, after.canary_percent) == (3, None, 0)
