"""What the forms of the canvas ask: choices of a field, the value of an expression, files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integrations.registry import catalogue, get_action
from integrations.sdk import Context, Option
from portal.common.errors import Invalid, NotFound, PermissionDenied, TooLarge
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner
from tests.running import ended
from tests.workflows.test_executions import echo, graph
from workflows import form_help, samples
from workflows.editor_views import FUNCTIONS_KO, flow_actions, functions
from workflows.expressions import LIBRARY
from workflows.models import Workflow
from workflows.services import create_version, create_workflow, start_execution

EACH = {
    "id": "each",
    "action": "flow.map",
    "params": {"items": '{{ split(rows.text, ",") }}'},
    "body": {"nodes": [echo("read", "{{ item }}")], "edges": []},
}


@pytest.fixture
def workflow(owner: Actor) -> Workflow:
    definition = graph(echo("rows", "{{ input.text }}"), EACH, edges=[("rows", "each")])
    return create_workflow(owner, "Form", definition=definition)


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """An action whose field has choices, and what its function was asked."""
    asked: list[tuple[str, dict[str, Any]]] = []

    async def choices(ctx: Context, query: str, params: dict[str, Any]) -> list[Option]:
        asked.append((query, params))
        return [Option("a", "Alpha"), Option("b", "Beta")]

    monkeypatch.setitem(get_action("text.echo").options_of, "text", choices)
    yield asked


def test_choices_come_from_the_action_and_fit_the_query(owner: Actor, workflow: Workflow, listed: Any) -> None:
    found = form_help.options_for(owner, workflow, "text.echo", "text", query="bet", params={"other": 1})

    assert found == [("b", "Beta")]
    assert listed == [("bet", {"other": 1})]
    with pytest.raises(Invalid) as caught:
        form_help.options_for(owner, workflow, "text.upper", "text")
    assert caught.value.problems[0].field == "text"
    with pytest.raises(NotFound):
        form_help.options_for(owner, workflow, "no.such", "text")
    with pytest.raises(PermissionDenied):
        form_help.options_for(join(owner.workspace, Role.VIEWER), workflow, "text.echo", "text")


def test_a_sub_workflow_is_chosen_among_those_of_the_workspace_with_a_version(owner: Actor, workflow: Workflow) -> None:
    other = create_workflow(owner, "Ready", definition=graph(echo()))
    create_version(owner, other.pk)
    create_workflow(owner, "Ready but without a version", definition=graph(echo()))

    found = form_help.options_for(owner, workflow, "flow.subworkflow", "workflow", query="read")

    assert found == [(str(other.pk), "Ready (v1)")]


def test_every_list_of_choices_is_told_to_the_form() -> None:
    flow = {action["id"]: action["dynamic_fields"] for action in flow_actions("en")}
    assert flow["flow.subworkflow"] == ["workflow"]
    assert flow["flow.condition"] == []
    assert any(action.options_of for action in catalogue().values())


def test_an_expression_shows_its_value_with_the_results_of_a_run(
    owner: Actor, workflow: Workflow, running: Any
) -> None:
    run = ended(start_execution(owner, workflow, {"text": "x,y"}).execution_id).pk

    def shown(value: str, *level: str) -> Any:
        found = form_help.preview(owner, workflow, value, run=run, level=level)
        return (found.type, found.value) if found.ok else found.message

    assert shown("{{ upper(rows.text) }}") == ("string", "X,Y")
    assert shown("{{ len(input.text) }}") == ("integer", 3)
    assert shown("{{ split(rows.text) }}") == ("array", ["x", "y"])
    assert shown("{{ item }} and {{ index }}", "each") == ("string", "x and 0")
    assert shown("{{ read.text }}", "each") == ("string", "x")
    assert "nothing" in shown("{{ nothing.here }}")
    broken = form_help.preview(owner, workflow, "ab {{ 1 + }}", run=run)
    assert not broken.ok and broken.position is not None and broken.position >= 3

    samples.pin_output(owner, workflow.pk, "rows", {"text": "pinned"})
    assert shown("{{ upper(rows.text) }}") == ("string", "PINNED")


def test_the_data_of_others_stays_theirs(owner: Actor, workflow: Workflow, running: Any) -> None:
    stranger = make_owner("stranger")
    theirs = create_workflow(stranger, "Theirs", definition=graph(echo()))
    run = ended(start_execution(stranger, theirs, {"text": "secret"}).execution_id).pk

    with pytest.raises(NotFound):
        form_help.preview(owner, workflow, "{{ echo.text }}", run=run)
    with pytest.raises(PermissionDenied):
        form_help.preview(join(owner.workspace, Role.VIEWER), workflow, "{{ 1 + 1 }}")


def test_over_rest_with_a_file(owner: Actor, workflow: Workflow, listed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    assert owner.user is not None
    client.force_login(owner.user)
    base = f"/api/v1/workflows/{workflow.pk}"
    as_json = {"content_type": "application/json"}

    options = client.post(f"{base}/options", {"action": "text.echo", "field": "text"}, **as_json)
    preview = client.post(f"{base}/preview", {"value": "{{ 1 + 1 }}"}, **as_json)
    file = client.post(f"{base}/files", {"file": SimpleUploadedFile("bids 1.csv", b"a,b\n", "text/csv")})

    assert options.json()["results"] == [{"value": "a", "label": "Alpha"}, {"value": "b", "label": "Beta"}]
    assert (preview.json()["ok"], preview.json()["value"], preview.json()["type"]) == (True, 2, "integer")
    assert file.status_code == 201
    assert (file.json()["name"], file.json()["size"]) == ("bids 1.csv", 4)
    monkeypatch.setattr(form_help, "MAX_FILE_BYTES", 3)
    with pytest.raises(TooLarge):
        form_help.keep_file(owner, "a", b"1234", "")


def test_functions_are_described_in_both_languages() -> None:
    assert set(FUNCTIONS_KO) == set(LIBRARY)
    assert {item["name"] for item in functions("ko")} == set(LIBRARY)
    assert "대문자" in json.dumps(functions("ko"), ensure_ascii=False)
