"""The list of runs by cursor, what came after it was opened, and the list as a file."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.utils import timezone

from tests.pages.conftest import World, client_of, make_run
from tests.people import make_owner
from workflows import run_list_views
from workflows.models import Execution


@pytest.fixture
def many(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven runs called "many", newest first; a page has three."""
    monkeypatch.setattr(run_list_views, "PAGE_SIZE", 3)
    return [str(make_run(world.workflow, "succeeded", tool="many").pk) for _ in range(7)][::-1]


def page(world: World, **query: str) -> tuple[list[str], str, str]:
    """Ids of a page and the cursors to the newer and the older one."""
    response = client_of(world.owner).get("/runs/", {"tool": "many", **query})
    part = response.context["part"]
    return [str(run.pk) for run in part.rows], str(part.newer or ""), str(part.older or "")


def test_the_list_is_walked_to_its_end_and_back(world: World, many: list[str]) -> None:
    first, newer, older = page(world)
    assert (first, newer) == (many[:3], "")
    second, newer, older = page(world, before=older)
    assert (second, newer) == (many[3:6], many[3])
    third, newer, older = page(world, before=older)
    assert (third, older) == (many[6:], "")

    back, newer, older = page(world, after=newer)
    assert (back, newer, older) == (many[3:6], many[3], many[5])
    assert page(world, after=newer)[0] == many[:3]


def test_a_new_run_shifts_no_row_of_an_older_page(world: World, many: list[str]) -> None:
    older = page(world)[2]

    make_run(world.workflow, "succeeded", tool="many")

    assert page(world, before=older)[0] == many[3:6]
    assert page(world, before="nonsense")[0] != many[:3]


def test_large_numbers_are_not_counted_to_the_end(
    world: World, many: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_list_views, "MOST_COUNTED", 5)

    assert "More than 5 runs" in client_of(world.owner).get("/runs/", {"tool": "many"}).content.decode()


def test_what_came_meanwhile_is_counted_by_the_filters_of_the_page(world: World, many: list[str]) -> None:
    make_run(world.workflow, "failed", tool="other")
    waiting = world.runs["queued"]
    Execution.objects.filter(pk=waiting.pk).update(
        state="succeeded", started_at=timezone.now(), finished_at=timezone.now()
    )
    foreign = make_run(world.workflow, "running")
    Execution.objects.filter(pk=foreign.pk).update(workspace=make_owner().workspace)

    answer = client_of(world.owner).get(
        "/runs/news", {"tool": "many", "newest": many[2], "open": f"{waiting.pk},{foreign.pk},nonsense"}
    )

    found = answer.json()
    assert found["count"] == 2
    assert list(found["rows"]) == [str(waiting.pk)]
    assert found["rows"][str(waiting.pk)]["state"] == "succeeded"
    assert 'data-state="succeeded"' in found["rows"][str(waiting.pk)]["status"]


def test_the_list_becomes_a_file_without_data(world: World) -> None:
    run = make_run(world.workflow, "failed", tool="=1+1")
    client = client_of(world.viewer)

    text = client.get("/runs/export", {"tool": "=1+1"}).getvalue().decode()

    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert (row["id"], row["state"], row["tool"], row["seconds"]) == (str(run.pk), "failed", "'=1+1", "1.5")
    assert "안녕" not in text
    rows = json.loads(client.get("/runs/export", {"form": "json", "state": "failed"}).getvalue())
    assert str(run.pk) in {row["id"] for row in rows} and {row["state"] for row in rows} == {"failed"}
    assert client.get("/runs/export", {"form": "xml"}).status_code == 404
