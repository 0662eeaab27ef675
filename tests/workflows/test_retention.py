"""After their time what runs were given and gave is removed, and everything that needs it says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from portal.common.errors import Conflict
from portal.common.ids import uuid7_floor
from portal.workspaces.services import Actor
from tests.pages.conftest import client_of
from tests.people import make_owner
from workflows import payloads, services
from workflows.models import Execution, ExecutionEvent, NodeRun
from workflows.retention import remove_payloads

NOW = datetime(2026, 11, 21, 3, 20, tzinfo=UTC)
SENT = "what-was-sent"


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


def run_of(actor: Actor, days_ago: float, state: str = "succeeded", **fields: Any) -> Execution:
    ended = NOW - timedelta(days=days_ago)
    run = Execution.objects.create(
        id=uuid7_floor(ended, shifted_by=-len(Execution.objects.all()) - 1),
        workspace=actor.workspace,
        state=state,
        definition={"schema_version": 1, "inputs": {}, "nodes": [], "edges": []},
        input={"text": SENT},
        output={"text": SENT},
        finished_at=None if state == "waiting" else ended,
        **fields,
    )
    NodeRun.objects.create(execution=run, path="a", node="a", action="echo.echo", state="succeeded", output=SENT)
    ExecutionEvent.objects.create(execution=run, seq=1, time=ended, kind="log", level="info", message=SENT)
    return run


def test_only_runs_that_ended_before_the_time_are_emptied(owner: Actor) -> None:
    old = [run_of(owner, days) for days in (31, 400)]
    kept = [run_of(owner, 29), run_of(owner, 90, "waiting")]

    assert remove_payloads(30, NOW, batch=1) == 2

    for run in old:
        run.refresh_from_db()
        assert (run.input, run.output, run.payload_removed_at) == ({}, None, NOW)
        assert run.state == "succeeded" and run.finished_at is not None
        assert not run.events.exists()
        assert run.node_runs.get().output is None
    for run in kept:
        run.refresh_from_db()
        assert run.input == {"text": SENT} and run.payload_removed_at is None
        assert run.events.count() == 1
    assert remove_payloads(30, NOW) == 0


def test_a_run_that_took_long_is_counted_from_its_end(owner: Actor) -> None:
    run = run_of(owner, 40)
    Execution.objects.filter(pk=run.pk).update(finished_at=NOW - timedelta(days=10))

    assert remove_payloads(30, NOW) == 0


def test_an_idempotency_key_is_free_again(owner: Actor) -> None:
    run_of(owner, 31, idempotency_key="once")
    remove_payloads(30, NOW)

    assert not Execution.objects.filter(idempotency_key="once").exists()


def test_what_needs_the_payload_says_that_it_is_gone(owner: Actor) -> None:
    run = run_of(owner, 31, "failed")
    remove_payloads(30, NOW)
    run.refresh_from_db()
    client = client_of(owner)

    page = client.get(reverse("workflows:execution-detail", args=[run.pk])).content.decode()
    assert "The data of this run was removed" in page
    assert "Resume from failure" not in page
    with pytest.raises(Conflict, match="was removed"):
        payloads.require(owner, run, "run")
    with pytest.raises(Conflict, match="was removed"):
        services.resume_execution(owner, run.pk)
    answer = client.get(f"/api/v1/executions/{run.pk}").json()
    assert answer["input"] is None and answer["payload_removed_at"].startswith("2026-11-21")
