"""The workflow page's JSON view, run form, import and export; the runs list's filters."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.pages.conftest import World, client_of
from workflows import dispatch
from workflows.models import Execution, Workflow


def post_json(client: Client, address: str, data: Any) -> Any:
    return client.post(
        address, json.dumps(data), content_type="application/json", headers={"accept": "application/json"}
    )


def test_findings_are_in_the_readers_language_and_name_the_node(world: World) -> None:
    broken = {**world.workflow.draft, "nodes": [{"id": "a", "action": "no.such_action"}], "output": {}}

    answer = post_json(client_of(world.owner, "ko"), reverse("workflows:workflow-check"), {"definition": broken}).json()

    assert answer["issues"][0]["node"] == "a"
    assert any("가" <= character <= "힣" for character in answer["issues"][0]["message"])
    assert "<svg" in answer["picture"]


def test_a_definition_of_the_wrong_shape_names_the_field(world: World) -> None:
    answer = post_json(
        client_of(world.owner), reverse("workflows:workflow-check"), {"definition": {"nodes": [{"action": 3}]}}
    ).json()

    assert {"nodes[0].id", "nodes[0].action"} <= {issue["field"] for issue in answer["issues"]}


def test_a_draft_is_saved_once_and_never_over_somebody_elses(world: World) -> None:
    client, address = client_of(world.owner), reverse("workflows:workflow-save", args=[world.workflow.pk])
    changed = {**world.workflow.draft, "output": {"answer": "{{ echo.text }}"}}

    first = post_json(client, address, {"definition": changed, "base_revision": 1})
    late = post_json(client, address, {"definition": world.workflow.draft, "base_revision": 1})

    assert first.json()["revision"] == 2
    assert late.status_code == 409
    assert late.json()["details"]["draft_revision"] == 2
    assert Workflow.objects.get(pk=world.workflow.pk).draft["output"] == {"answer": "{{ echo.text }}"}


def test_a_run_starts_with_the_forms_values(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "send_task", lambda *_: True)
    address = reverse("workflows:workflow-run", args=[world.workflow.pk])

    answer = post_json(client_of(world.owner), address, {"input": {"text": "hello"}})

    run = Execution.objects.get(pk=answer.json()["id"])
    assert answer.status_code == 201 and answer.json()["url"] == f"/runs/{run.pk}"
    assert run.input == {"text": "hello"} and run.user == world.owner.user


def test_wrong_input_names_the_field_and_starts_nothing(world: World) -> None:
    before = Execution.objects.count()

    answer = post_json(
        client_of(world.owner), reverse("workflows:workflow-run", args=[world.workflow.pk]), {"input": {"text": 7}}
    )

    assert answer.status_code == 422
    assert "text" in answer.json()["problems"][0]["field"]
    assert Execution.objects.count() == before


def test_an_exported_workflow_can_be_imported(world: World) -> None:
    client = client_of(world.owner)
    exported = client.get(reverse("workflows:workflow-export", args=[world.workflow.pk])).content
    file = SimpleUploadedFile("echo.workflow.json", exported, "application/json")

    response = client.post(reverse("workflows:workflow-import"), {"file": file})

    made = Workflow.objects.for_workspace(world.owner.workspace).exclude(pk=world.workflow.pk).get()
    assert response["Location"] == reverse("workflows:workflow-detail", args=[made.pk])
    assert made.draft["nodes"] == world.workflow.draft["nodes"]


@pytest.mark.parametrize("content", [b"not json", b"[]", b'{"kind": "else"}'])
def test_a_foreign_file_is_refused_with_words(world: World, content: bytes) -> None:
    client = client_of(world.owner)

    response = client.post(
        reverse("workflows:workflow-import"), {"file": SimpleUploadedFile("x.json", content)}, follow=True
    )

    assert "notice-danger" in response.content.decode()
    assert Workflow.objects.for_workspace(world.owner.workspace).count() == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=failed", {"failed"}),
        ("source=mcp", {"succeeded", "failed"}),
        ("q=argument.text=안녕&state=queued", {"queued"}),
        ("q=argument.rows.0.n=3&state=cancelled", {"cancelled"}),
        ("q=result.text=안녕", {"succeeded"}),
        ("q=no-such-thing", set()),
        ("workflow=nonsense&state=waiting", {"waiting"}),
    ],
)
def test_runs_are_filtered(world: World, query: str, expected: set[str]) -> None:
    text = client_of(world.owner).get(f"/runs/?{query}").content.decode()

    assert {name for name, run in world.runs.items() if f"/runs/{run.pk}" in text} == expected


def test_a_failed_run_shows_cause_node_and_remedy(world: World) -> None:
    text = client_of(world.owner).get(f"/runs/{world.runs['failed'].pk}").content.decode()

    assert "The upstream refuses the key." in text and "Reconnect." in text and "in the node Echo (echo)" in text


def test_a_list_of_runs_does_not_ask_the_database_for_each(world: World, django_assert_max_num_queries: Any) -> None:
    client = client_of(world.owner)
    client.get("/runs/")

    with django_assert_max_num_queries(14):
        client.get("/runs/")
