"""Versions beside each other, and the deploy dialog that looks after the words and the tests of a tool."""

from __future__ import annotations

import json
from typing import Any

from django.urls import reverse

from deployments.version_contracts import compare_contracts, recent_callers
from tests.pages.conftest import World, client_of
from tests.people import make_owner
from workflows.cases import save_test
from workflows.definition import load
from workflows.models import Workflow
from workflows.services import create_version, save_draft


def change_draft(world: World, **inputs: Any) -> Workflow:
    workflow = Workflow.objects.get(pk=world.workflow.pk)
    draft = json.loads(json.dumps(workflow.draft))
    draft["inputs"]["properties"] |= inputs
    draft["inputs"]["required"] = list(inputs)
    draft["nodes"].append({"id": "louder", "action": "text.upper", "params": {"text": "{{ input.text }}"}})
    return save_draft(world.owner, workflow.pk, draft, base_revision=workflow.draft_revision)


def compare_page(world: World, **query: Any) -> Any:
    return client_of(world.owner).get(reverse("deployments:version-compare", args=[world.workflow.pk]), query)


def test_the_live_version_is_compared_with_the_draft(world: World) -> None:
    change_draft(world, reason={"type": "string"})

    response = compare_page(world)

    text = response.content.decode()
    assert (response.context["old"], response.context["new"]) == ("1", "draft")
    assert response.context["change"].statuses["louder"] == "added"
    assert response.context["verdict"] == "breaking"
    assert 'data-mark="added"' in text and "input.reason" in text
    # Who would notice: the two calls of the fixture came from one client.
    assert [(row.client, row.calls, row.tool) for row in response.context["callers"]] == [("claude-ai", 2, "echo")]


def test_sides_can_be_chosen_and_nonsense_is_not_found(world: World) -> None:
    workflow = change_draft(world)
    create_version(world.owner, workflow.pk, name="Louder")

    assert compare_page(world, old="1", new="2").context["verdict"] == "none"
    assert compare_page(world, old="2", new="2").context["change"].is_same
    assert compare_page(world, old="9", new="draft").status_code == 404
    assert compare_page(world, old="x", new="draft").status_code == 404
    address = reverse("deployments:version-compare", args=[world.workflow.pk])
    assert client_of(make_owner()).get(address).status_code == 404


def test_an_optional_input_is_additive(world: World) -> None:
    old = load(world.workflow.draft)
    data = old.as_data()
    data["inputs"]["properties"]["more"] = {"type": "string"}

    verdict, changes = compare_contracts(world.workflow, old, load(data))

    assert verdict == "additive" and [change.field for change in changes] == ["input.more"]
    assert recent_callers(world.workflow)


def test_a_version_gets_a_name_and_keeps_its_definition(world: World) -> None:
    version = world.workflow.versions.get()
    address = reverse("deployments:version-name", args=[world.workflow.pk, 1])

    client_of(world.owner).post(address, {"name": "Before the fair", "note": "Kept."})

    named = world.workflow.versions.get()
    assert (named.name, named.note, named.definition) == ("Before the fair", "Kept.", version.definition)
    assert client_of(world.viewer).post(address, {"name": "x"}).status_code == 403
    assert client_of(world.owner).post(address, {"name": "x" * 121}).status_code == 422


def dialog(world: World, **values: Any) -> Any:
    client = client_of(world.owner)
    address = reverse("deployments:deploy-form", args=[world.workflow.pk])
    return client.post(address, values) if values else client.get(address)


def test_one_click_mends_name_and_description(world: World) -> None:
    answer = dialog(world, tool_name="tool", description="", server="", fix="vague_name")

    assert answer.context["proposal"].name == "echo"
    assert "vague_name" not in [code for code, _text, _fix in answer.context["advice"]]
    mended = dialog(world, tool_name="echo", description="x", server="", fix="short_description")
    assert len(mended.context["proposal"].description) > 24


def test_one_click_describes_inputs_in_the_draft(world: World) -> None:
    workflow = Workflow.objects.get(pk=world.workflow.pk)
    draft = json.loads(json.dumps(workflow.draft))
    draft["inputs"]["properties"]["text"].pop("description", None)
    draft["nodes"][0]["params"] = {"text": "{{ input.text }}"}
    save_draft(world.owner, workflow.pk, draft, base_revision=workflow.draft_revision)

    answer = dialog(world, tool_name="echo", server="", fix="bare_inputs")

    assert "bare_inputs" not in [code for code, _text, _fix in answer.context["advice"]]
    described = Workflow.objects.get(pk=workflow.pk).draft["inputs"]["properties"]["text"]
    assert described["description"]


def test_a_failing_test_stops_a_deploy_until_somebody_insists(world: World) -> None:
    run = world.runs["succeeded"]
    save_test(world.owner, run, "Greeting")  # The stored result is not what the graph gives.

    shown = dialog(world)
    assert [test.name for test in shown.context["failing"]] == ["Greeting"]
    refused = dialog(world, tool_name="echo", description="Gives back.", server="", go="1")

    assert refused.status_code == 422
    assert any("Greeting" in line for line in refused.context["errors"])
    assert 'name="skip_tests"' in refused.content.decode()
