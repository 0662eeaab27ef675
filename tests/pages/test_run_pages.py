"""What people do with runs: find, keep a filter, compare, take along, save as a test."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.pages.conftest import World, client_of, make_run
from tests.people import make_owner
from workflows.models import Execution, ExecutionEvent, NodeRun
from workflows.run_filters import filters_of
from workflows.run_models import WorkflowTest

LIST = "/runs/"


def shown(world: World, **query: Any) -> set[str]:
    """The states of the runs that the list shows."""
    response = client_of(world.owner).get(LIST, query)
    assert response.status_code == 200
    return {run.state for run in response.context["rows"]}


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ({"argument": "rows.0.n=3", "state": "failed"}, {"failed"}),
        ({"argument": "text=nowhere"}, set()),
        ({"argument": "nothing"}, set()),
        ({"result": "text=안녕"}, {"succeeded"}),
        ({"version": "7"}, set()),
        ({"version": "draft", "state": "queued"}, {"queued"}),
        ({"tool": "echo"}, {"succeeded", "failed"}),
        ({"caller": "claude", "state": "waiting"}, {"waiting"}),
        ({"to": "2001-01-01T00:00"}, set()),
        ({"from": "nonsense", "state": "failed"}, {"failed"}),
        ({"q": "argument.rows.0.n=3", "state": "cancelled"}, {"cancelled"}),
    ],
)
def test_runs_are_found_by_what_went_in_and_what_came_out(
    world: World, query: dict[str, str], states: set[str]
) -> None:
    assert shown(world, **query) == states


def test_columns_are_chosen_in_the_address(world: World) -> None:
    client = client_of(world.owner)

    text = client.get(LIST, {"column": ["queue", "tool"]}).content.decode()

    head = text.partition("<thead>")[2].partition("</thead>")[0]
    assert "Queue" in head and "Tool" in head and "Duration" not in head


def test_a_filter_is_kept_for_one_person(world: World) -> None:
    client = client_of(world.owner)

    answer = client.post("/runs/filters", {"name": "Broken", "query": "state=failed&evil=1&column=tool"})

    assert answer.url == "/runs/?state=failed&column=tool"
    kept = filters_of(world.owner).get()
    page = client.get(answer.url).content.decode()
    assert "Broken" in page
    assert "Broken" not in client_of(world.viewer).get(LIST).content.decode()
    assert client_of(world.viewer).post(f"/runs/filters/{kept.pk}/delete").status_code == 404
    client.post(f"/runs/filters/{kept.pk}/delete")
    assert not filters_of(world.owner).exists()


def test_an_empty_filter_is_refused_in_words(world: World) -> None:
    answer = client_of(world.owner).post("/runs/filters", {"name": "All", "query": ""}, follow=True)

    assert "nothing to keep" in answer.content.decode()


def test_two_runs_are_compared_node_by_node(world: World) -> None:
    good, other = world.runs["succeeded"], make_run(world.workflow, "succeeded", output={"text": "other"})
    NodeRun.objects.filter(execution=other).update(output={"text": "other"})

    response = client_of(world.owner).get("/runs/compare", {"a": good.pk, "b": other.pk})

    assert response.context["chosen"].path == "echo"
    assert [(c.path, c.old, c.new) for c in response.context["chosen"].changes] == [("output.text", "안녕", "other")]
    text = response.content.decode()
    assert 'data-mark="different"' in text and "안녕" in text
    assert client_of(world.viewer).get("/runs/compare", {"a": good.pk, "b": other.pk}).status_code == 403
    assert client_of(make_owner()).get("/runs/compare", {"a": good.pk, "b": other.pk}).status_code == 404
    assert client_of(world.owner).get("/runs/compare", {"a": good.pk, "b": "x"}).status_code == 404


def test_a_run_travels_as_a_file(world: World) -> None:
    run = world.runs["failed"]
    ExecutionEvent.objects.create(
        execution=run, seq=1, time=run.created_at, kind="run.failed", level="error", message="No."
    )
    file = client_of(world.owner).get(reverse("workflows:execution-export", args=[run.pk])).content
    other = make_owner()
    client = client_of(other)

    answer = client.post("/runs/import", {"file": SimpleUploadedFile("x.json", file)})

    copy = Execution.objects.get(pk=answer.url.rsplit("/", 1)[1])
    assert copy.workspace_id == other.workspace.pk and copy.pk != run.pk
    assert (copy.state, copy.input, copy.error) == (run.state, run.input, run.error)
    assert [node.path for node in copy.node_runs.all()] == ["echo"]
    assert [event.message for event in copy.events.all()] == ["No."]
    page = client.get(answer.url).content.decode()
    assert "The upstream refuses the key." in page
    assert "client_name" in json.loads(file)["caller"] and "label" not in json.loads(file)["caller"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no json", "This file is no JSON"),
        (b"[]", "This is no exported run"),
        (b'{"kind": "mcp-portal/workflow"}', "This is no exported run"),
        (b'{"kind": "mcp-portal/run"}', "This run cannot be read"),
    ],
)
def test_another_file_is_refused_in_words(world: World, content: bytes, words: str) -> None:
    before = Execution.objects.count()

    page = client_of(world.owner).post("/runs/import", {"file": SimpleUploadedFile("x.json", content)}, follow=True)

    assert Execution.objects.count() == before
    assert words in page.content.decode()


def test_a_run_becomes_a_test_and_the_page_shows_how_it_goes(world: World) -> None:
    run, client = world.runs["succeeded"], client_of(world.owner)

    client.post(reverse("workflows:test-save", args=[run.pk]), {"name": "Greeting", "ignored": "as_of, rows[].at"})

    test = WorkflowTest.objects.get()
    assert test.ignored == ["as_of", "rows[].at"] and test.expected == {"state": "succeeded", "output": run.output}
    page = client.get(reverse("workflows:workflow-detail", args=[world.workflow.pk])).content.decode()
    assert "Greeting" in page and "Not run yet" in page
    assert client_of(world.viewer).post(reverse("workflows:test-save", args=[run.pk]), {"name": "x"}).status_code == 403
    client.post(reverse("workflows:test-delete", args=[world.workflow.pk, test.pk]))
    assert not WorkflowTest.objects.exists()


def test_a_failure_is_explained_on_its_page(world: World) -> None:
    text = client_of(world.owner).get(reverse("workflows:execution-detail", args=[world.runs["failed"].pk])).content
    korean = (
        client_of(world.owner, "ko")
        .get(reverse("workflows:execution-result", args=[world.runs["failed"].pk]))
        .content.decode()
    )

    assert "It happened in the node Echo (echo)." in text.decode() and "text: Too long. Shorten it." in text.decode()
    assert "노드에서 일어났습니다" in korean


def test_what_a_node_was_given_and_how_it_differs_from_another_run(world: World) -> None:
    run, other = world.runs["succeeded"], make_run(world.workflow, "succeeded")
    NodeRun.objects.filter(execution=other).update(output={"text": "other"})
    client, address = client_of(world.owner), f"/runs/{run.pk}/node"

    given = client.get(address, {"node": "echo", "view": "input"}).content.decode()
    assert "reads the input of the run" in given and "안녕" in given and "Settings" in given

    changed = client.get(address, {"node": "echo", "view": "diff", "other": str(other.pk)})
    assert [(one.path, one.old, one.new) for one in changed.context["changes"]] == [("text", "other", "안녕")]
    NodeRun.objects.filter(execution=other).delete()
    text = client.get(address, {"node": "echo", "view": "diff", "other": str(other.pk)}).content.decode()
    assert "left no record in that run" in text
    assert "Choose the run" in client.get(address, {"node": "echo", "view": "diff", "other": "x"}).content.decode()
    foreign = Execution.objects.filter(pk=other.pk)
    foreign.update(workspace=make_owner().workspace)
    assert client.get(address, {"node": "echo", "view": "diff", "other": str(other.pk)}).status_code == 404
