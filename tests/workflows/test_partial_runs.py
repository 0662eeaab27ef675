"""Parts of a draft: up to a node, from a node on, one node alone, pinned results; and who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.common.errors import Conflict, Invalid, NotFound, PermissionDenied, TooLarge
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner
from tests.running import ended
from tests.workflows.test_executions import echo, graph
from workflows import samples
from workflows.models import Execution, NodeRun, Workflow
from workflows.partial import Part
from workflows.services import create_workflow, save_draft, start_execution

CHAIN = graph(echo("a"), echo("b", "{{ a.text }}!"), echo("c", "{{ b.text }}?"), edges=[("a", "b"), ("b", "c")])


@pytest.fixture
def chain(owner: Actor) -> Workflow:
    return create_workflow(owner, "Chain", definition=CHAIN)


def run(actor: Actor, workflow: Workflow, text: str, **part: Any) -> Execution:
    part_or_none = Part(**part) if part else None
    return ended(start_execution(actor, workflow, {"text": text}, part=part_or_none).execution_id)


def results(execution: Execution) -> dict[str, Any]:
    return {run.node: run.output["text"] for run in NodeRun.objects.filter(execution=execution)}


def test_a_run_up_to_a_node_ends_there_even_if_what_follows_is_broken(owner: Actor, running: Any) -> None:
    broken = {"id": "c", "action": "no.such", "params": {}}
    definition = graph(echo("a"), echo("b", "{{ a.text }}!"), broken, edges=[("a", "b"), ("b", "c")])
    workflow = create_workflow(owner, "Half", definition=definition)

    execution = run(owner, workflow, "x", target="b")

    assert execution.state == "succeeded"
    assert execution.output == {"b": {"text": "x!"}}
    assert results(execution) == {"a": "x", "b": "x!"}


def test_a_run_from_a_node_takes_the_rest_from_an_earlier_run(owner: Actor, chain: Workflow, running: Any) -> None:
    first = run(owner, chain, "old")

    again = run(owner, chain, "new", start="b", reuse=first.pk)

    assert results(again) == {"a": "old", "b": "old!", "c": "old!?"}
    sources = {event.node: (event.data or {}).get("source") for event in again.events.filter(kind="node.succeeded")}
    assert sources == {"a": "earlier", "b": None, "c": None}


def test_one_node_alone_is_tested_with_the_data_of_an_earlier_run(owner: Actor, chain: Workflow, running: Any) -> None:
    first = run(owner, chain, "x")

    alone = run(owner, chain, "x", start="b", target="b", reuse=first.pk)

    assert alone.output == {"b": {"text": "x!"}}
    assert [event.node for event in alone.events.filter(kind="node.started")] == ["b"]


def test_a_pin_stands_for_its_node_unless_that_is_what_runs(owner: Actor, chain: Workflow, running: Any) -> None:
    samples.pin_output(owner, chain.pk, "a", {"text": "pinned"})

    assert results(run(owner, chain, "x", pins=True))["c"] == "pinned!?"
    assert results(run(owner, chain, "x"))["c"] == "x!?"
    assert results(run(owner, chain, "x", pins=True, start="a"))["a"] == "x"

    samples.unpin_output(owner, chain.pk, "a")
    assert results(run(owner, chain, "x", pins=True))["a"] == "x"


def test_what_cannot_be_run_is_named(owner: Actor, chain: Workflow, running: Any) -> None:
    stranger = make_owner("stranger")
    theirs = create_workflow(stranger, "Theirs", definition=CHAIN)
    foreign = ended(start_execution(stranger, theirs, {"text": "secret"}).execution_id)

    with pytest.raises(Invalid) as caught:
        start_execution(owner, chain, part=Part(target="nowhere"))
    assert caught.value.problems[0].field == "target"
    with pytest.raises(Invalid):
        start_execution(owner, chain, part=Part(target="a", start="b"))
    with pytest.raises(NotFound):
        start_execution(owner, chain, part=Part(start="b", reuse=foreign.pk))


def test_pins_and_inputs_have_limits_and_belong_to_editors(owner: Actor, chain: Workflow) -> None:
    viewer = join(owner.workspace, Role.VIEWER)
    with pytest.raises(PermissionDenied):
        samples.pin_output(viewer, chain.pk, "a", 1)
    with pytest.raises(NotFound):
        samples.pin_output(make_owner("stranger"), chain.pk, "a", 1)
    with pytest.raises(TooLarge):
        samples.pin_output(owner, chain.pk, "a", "x" * samples.MAX_BYTES)
    with pytest.raises(Invalid):
        samples.save_input(owner, chain.pk, " ", {})
    for number in range(samples.MAX_KEPT):
        samples.save_input(owner, chain.pk, f"{number}", {})
    samples.save_input(owner, chain.pk, "0", {"text": "again"})
    with pytest.raises(Conflict):
        samples.save_input(owner, chain.pk, "one more", {})


def test_the_editor_walks_through_it_over_rest(owner: Actor, chain: Workflow, running: Any) -> None:
    client = Client()
    assert owner.user is not None
    client.force_login(owner.user)
    base = f"/api/v1/workflows/{chain.pk}"
    as_json = {"content_type": "application/json"}

    first = client.post(f"{base}/run", {"input": {"text": "x"}}, **as_json).json()["id"]
    ended(first)
    pinned = client.put(f"{base}/pins/b", {"output": {"text": "held"}}, **as_json)
    body = {"input": {"text": "x"}, "start": "c", "target": "c", "reuse": first, "pins": True}
    second = client.post(f"{base}/run", body, **as_json).json()["id"]
    ended(second)

    assert pinned.json()["output"] == {"text": "held"}
    assert [pin["node"] for pin in client.get(f"{base}/pins").json()["results"]] == ["b"]
    nodes = {
        item["node"]: item["output"]["text"]
        for item in client.get(f"/api/v1/executions/{second}/nodes").json()["results"]
    }
    assert nodes == {"a": "x", "b": "held", "c": "held?"}
    part = client.get(f"/api/v1/executions/{second}").json()["part"]
    assert part == {"target": "c", "start": "c", "reuse": first, "given": ["a", "b"], "pins": ["b"]}

    save_draft(owner, chain.pk, graph(echo("a")), base_revision=1)
    ran = client.get(f"/api/v1/executions/{second}/definition").json()["definition"]
    assert [item["id"] for item in ran["nodes"]] == ["a", "b", "c"]
    assert client.delete(f"{base}/pins/b").status_code == 204
    assert client.get(f"{base}/pins").json()["results"] == []

    kept = client.post(f"{base}/inputs", {"name": "Busy day", "input": {"text": "x"}}, **as_json).json()
    assert [item["name"] for item in client.get(f"{base}/inputs").json()["results"]] == ["Busy day"]
    assert client.delete(f"{base}/inputs/{kept['id']}").status_code == 204
    assert client.delete(f"{base}/inputs/{kept['id']}").status_code == 404
