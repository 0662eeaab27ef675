"""Heavy nodes run on the compute queue; their results survive the worker that waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.registry import get_action
from portal.common.hub import client
from portal.workspaces.services import Actor
from tests.running import ended, wait_until
from workflows import actions
from workflows.models import Execution
from workflows.services import cancel_execution, create_workflow, start_execution


def one_node(action: str, params: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "inputs": {"type": "object", "properties": {}},
        "nodes": [{"id": "big", "action": action, "params": params}],
        "edges": [],
        "output": {"text": "{{ big.text }}"} if action == "text.echo" else {},
    }


@pytest.fixture
def heavy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Makes two small actions heavy, and counts how often they run."""
    ran: list[str] = []
    perform = actions.perform

    async def counted(action_id: str, *args: Any, **kwargs: Any) -> Any:
        ran.append(action_id)
        kwargs["log"]("info", "half way", {"share": 50})
        kwargs["progress"](1, 2, "half")
        if action_id == "text.lower":
            for _ in range(600):
                await asyncio.sleep(0.05)
                if kwargs["is_cancelled"]():
                    break
        return await perform(action_id, *args, **kwargs)

    monkeypatch.setattr(actions, "perform", counted)
    for name in ("text.echo", "text.lower", "python.run"):
        action = get_action(name)
        monkeypatch.setattr(action, "heavy", True)
    yield ran


def test_a_heavy_node_runs_once_and_its_lines_arrive(owner: Actor, running: Any, heavy: list[str]) -> None:
    workflow = create_workflow(owner, "Big", definition=one_node("text.echo", {"text": "far away"}))

    execution = ended(start_execution(owner, workflow).execution_id)

    assert execution.output == {"text": "far away"}
    assert heavy == ["text.echo"]
    kinds = list(execution.events.values_list("kind", "message"))
    assert ("log", "half way") in kinds
    assert ("node.progress", "half") in kinds


def test_an_error_of_a_heavy_node_keeps_its_words(owner: Actor, running: Any, heavy: list[str]) -> None:
    workflow = create_workflow(owner, "Bad", definition=one_node("python.run", {"code": "1 / 0"}))

    execution = ended(start_execution(owner, workflow).execution_id)

    assert execution.state == "failed"
    assert execution.error["node"] == "big"
    assert "ZeroDivisionError" in str(execution.error)


def test_a_result_that_is_there_already_is_taken(owner: Actor, running: Any, heavy: list[str]) -> None:
    workflow = create_workflow(owner, "Again", definition=one_node("text.echo", {"text": "x"}))
    first = start_execution(owner, workflow)
    ended(first.execution_id)

    async def stored() -> bytes | None:
        return await client().get(f"heavy:{first.execution_id}:big")

    assert running.submit(stored()).result(5) == b'{"result":{"text":"x"}}'
    Execution.objects.filter(pk=first.execution_id).update(state="queued", output=None)
    Execution.objects.get(pk=first.execution_id).node_runs.all().delete()
    from workflows.worker import execute

    running.submit(execute(first.execution_id)).result(20)

    assert ended(first.execution_id).output == {"text": "x"}
    assert heavy == ["text.echo"], "the node ran a second time"


def test_stopping_the_run_stops_the_heavy_node(owner: Actor, running: Any, heavy: list[str]) -> None:
    workflow = create_workflow(owner, "Long", definition=one_node("text.lower", {"text": "X"}))
    identifier = start_execution(owner, workflow).execution_id
    wait_until(lambda: heavy == ["text.lower"])

    cancel_execution(owner, Execution.objects.get(pk=identifier))

    assert ended(identifier).state == "cancelled"
