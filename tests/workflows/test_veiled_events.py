"""Events of a run, live and stored: its course for all who see the run, a node's own words like its payload."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from django.utils import timezone

from portal.workspaces.member_services import set_auditor
from portal.workspaces.models import AuditEntry, Membership
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.pages.conftest import client_of
from tests.people import join, make_owner
from tests.running import close_loop
from tests.workflows.test_live_log import read_to_the_end
from workflows.models import Execution, ExecutionEvent
from workflows.run_filters import filtered

SENT = "what-the-caller-sent"
EVENTS = (
    ("run.started", "", {"nodes": 1, "resumed": False}),
    ("log", f"got {SENT}", {"text": SENT}),
    ("node.progress", f"on {SENT}", {"done": 1, "total": 2}),
    ("node.succeeded", "", {"ms": 1.0, "port": "out", "fields": 1, "kind": "object"}),
    ("run.succeeded", "", {"ms": 2.0, "counts": {"succeeded": 1}}),
)


@pytest.fixture
def owner(transactional_db: None) -> Actor:
    return make_owner()


def told_run(actor: Actor, source: str, user: Any = None) -> Execution:
    run = Execution.objects.create(
        workspace=actor.workspace, source=source, tool="echo", user=user, state="succeeded", input={"text": SENT}
    )
    ExecutionEvent.objects.bulk_create(
        ExecutionEvent(
            execution=run, seq=seq, time=timezone.now(), kind=kind, level="info", node="a", message=message, data=data
        )
        for seq, (kind, message, data) in enumerate(EVENTS, 1)
    )
    return run


def over_every_way(actor: Actor, run: Execution) -> dict[str, list[dict[str, Any]]]:
    """The events as the socket, the JSON answer and the event stream tell them."""

    async def socket() -> Any:
        try:
            return await read_to_the_end(actor.user, run.pk)
        finally:
            await close_loop()

    address = f"/api/v1/executions/{run.pk}/events"
    client = client_of(actor)

    async def stream() -> bytes:
        try:
            response = await asyncio.to_thread(client.get, address, {"stream": "true"})
            return b"".join([piece async for piece in response.streaming_content])
        finally:
            await close_loop()

    told = asyncio.run(stream())
    return {
        "socket": asyncio.run(socket()),
        "json": client.get(address).json()["results"],
        "stream": [orjson.loads(line[6:]) for line in told.splitlines() if line.startswith(b"data: ")],
    }


def test_no_role_alone_reads_the_words_of_a_call_of_others(owner: Actor) -> None:
    run = told_run(owner, "mcp")

    for role in (Role.ADMIN, Role.VIEWER):
        for way, events in over_every_way(join(owner.workspace, role), run).items():
            assert [event["seq"] for event in events] == [1, 2, 3, 4, 5], way
            assert SENT not in str(events), way
            assert events[1]["data"] == {"hidden": True} and "auditor" in events[1]["message"]
            assert events[2]["data"] == {"done": 1, "total": 2, "hidden": True}
            assert events[3]["data"]["ms"] == 1.0
    assert not AuditEntry.objects.filter(verb="call.payload_opened").exists()


def test_an_auditor_reads_them_and_is_recorded(owner: Actor) -> None:
    run = told_run(owner, "mcp")
    auditor = join(owner.workspace, Role.VIEWER)
    set_auditor(owner, Membership.objects.get(user=auditor.user).pk, is_auditor=True)

    for way, events in over_every_way(auditor, run).items():
        assert SENT in events[1]["message"] and events[1]["data"] == {"text": SENT}, way
    assert AuditEntry.objects.get(verb="call.payload_opened").after["part"] == "events"


def test_own_calls_and_runs_of_members_are_open_to_who_builds(owner: Actor) -> None:
    editor, viewer = join(owner.workspace, Role.EDITOR), join(owner.workspace, Role.VIEWER)

    for run in (told_run(owner, "mcp", editor.user), told_run(owner, "page")):
        assert all(SENT in str(events) for events in over_every_way(editor, run).values())
    assert not any(SENT in str(events) for events in over_every_way(viewer, told_run(owner, "page")).values())
    assert not AuditEntry.objects.filter(verb="call.payload_opened").exists()


def test_a_search_of_arguments_finds_nothing_that_its_asker_may_not_open(owner: Actor) -> None:
    from django.http import QueryDict

    foreign, page = told_run(owner, "mcp"), told_run(owner, "page")
    editor, viewer = join(owner.workspace, Role.EDITOR), join(owner.workspace, Role.VIEWER)
    for query in (f"argument=text={SENT}", f"q=argument.text={SENT}"):
        found = {name: set(filtered(actor, QueryDict(query))[0]) for name, actor in (
            ("auditor", owner), ("editor", editor), ("viewer", viewer))}  # fmt: skip
        assert found == {"auditor": {foreign, page}, "editor": {page}, "viewer": set()}, query
