"""Why a run failed: cause, node, what differs from the last good run, remedy; the same words for everybody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from portal.workspaces.services import Actor
from tests.people import make_owner
from workflows.explain import Known, explain, explain_async, explain_failure
from workflows.models import Execution
from workflows.services import create_version, create_workflow, save_draft

NODE = {"id": "fetch", "action": "http.get", "title": "Fetch prices", "params": {"url": "https://a.example"}}
GRAPH: dict[str, Any] = {"schema_version": 1, "nodes": [NODE], "edges": [], "inputs": {"type": "object"}, "output": {}}
ERROR = {
    "code": "rejected",
    "message": "The upstream refuses the key.",
    "remedy": "Reconnect.",
    "node": "fetch",
    "problems": [{"field": "key", "message": "Expired.", "remedy": "Renew it."}],
}


def known(definition: dict[str, Any] = GRAPH, number: int | None = 1, **input: Any) -> Known:
    return Known(uuid4(), number, input, definition, datetime(2026, 11, 21, tzinfo=UTC))


def test_every_part_is_said_in_order() -> None:
    text = explain_failure(ERROR, known(market="KOSPI"), known(market="KOSDAQ")).as_text()

    assert text.splitlines() == [
        "The upstream refuses the key.",
        "It happened in the node Fetch prices (fetch).",
        "- key: Expired. Renew it.",
        "Arguments other than in the last good run: market.",
        "Reconnect.",
    ]


def test_values_of_other_callers_are_never_told() -> None:
    text = explain_failure(ERROR, known(code="mine"), known(code="someone-elses-secret")).as_text()

    assert "someone-elses-secret" not in text and "mine" not in text


def test_a_changed_node_is_named_as_changed() -> None:
    other = {**GRAPH, "nodes": [{**NODE, "params": {"url": "https://b.example"}}]}
    moved = {**GRAPH, "nodes": [{**NODE, "position": {"x": 9, "y": 9}}]}

    changed = explain_failure(ERROR, known(other, 2), known(GRAPH, 1)).changed
    untouched = explain_failure(ERROR, known(moved, 2), known(GRAPH, 1)).changed

    assert changed == (
        "The last good run used version 1, this one version 2.",
        "This node is among what was changed.",
    )
    assert "This node is among what was changed." not in untouched


def test_nothing_different_points_outside() -> None:
    (line,) = explain_failure(ERROR, known(a=1), known(a=1)).changed

    assert "what the node reaches outside" in line


def test_a_node_inside_a_map_is_found() -> None:
    body = {**GRAPH, "nodes": [{"id": "each", "action": "flow.map", "title": "All", "body": {"nodes": [NODE]}}]}

    assert "Fetch prices (each[3].fetch)" in explain_failure({**ERROR, "node": "each[3].fetch"}, known(body)).where


def test_waiting_is_the_remedy_of_what_passes_by_itself() -> None:
    assert explain_failure({"message": "Busy.", "retry_after": 12.2}).as_text() == "Busy.\nTry again in 12 s."
    assert "in a moment" in explain_failure({"message": "Busy.", "retryable": True}).as_text()


@pytest.fixture
def owner(transactional_db: None) -> Actor:
    return make_owner()


async def test_page_and_mcp_client_read_the_same(owner: Actor) -> None:
    from asgiref.sync import sync_to_async

    from portal.common.pg import close_pool

    def prepare() -> Execution:
        document = {**GRAPH, "inputs": {"type": "object", "properties": {"n": {"type": "integer"}}}}
        workflow = create_workflow(owner, "Prices", definition=document)
        first = create_version(owner, workflow.pk)
        save_draft(owner, workflow.pk, {**document, "output": {"all": "{{ fetch }}"}}, base_revision=1)
        second = create_version(owner, workflow.pk)
        common = {"workspace": owner.workspace, "workflow": workflow}
        Execution.objects.create(**common, version=first, state="succeeded", input={"n": 1})
        return Execution.objects.create(**common, version=second, state="failed", input={"n": 2}, error=ERROR)

    run = await sync_to_async(prepare)()

    try:
        told = await explain_async(run.pk, ERROR)
    finally:
        await close_pool()
    shown = await sync_to_async(explain)(run.pk)

    assert told == shown
    assert told.changed == (
        "Arguments other than in the last good run: n.",
        "The last good run used version 1, this one version 2.",
    )
