"""The typed client against the running product."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from portal.workspaces.services import Actor
from workflows.catalogue import get_template
from workflows.models import Workflow

ROOT = Path(__file__).resolve().parents[2]
ECHO = get_template("echo").tools[0].definition
Key = Callable[..., str]


def test_the_generated_code_fits_the_document() -> None:
    done = subprocess.run(
        [sys.executable, "clients/python/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout} Run make openapi."


def test_from_a_workflow_to_a_served_tool(site: str, key: Key, owner: Actor) -> None:
    from portal_client import Portal

    with Portal(site, key()) as portal:
        workflow = portal.workflows.create(name="Echo", definition=ECHO)
        outcome = portal.workflows.run(workflow.id, input={"text": "안녕"}, wait=20)
        kinds = [event.kind for event in portal.follow(outcome.id)]
        deployed = portal.workflows.deploy(workflow.id, tool_name="say")
        tools = portal.deployments.tools_list(deployed.slug).results

    assert (outcome.state, outcome.output) == ("succeeded", {"text": "안녕"})
    assert kinds[0] == "run.started" and kinds[-1] == "run.succeeded"
    assert deployed.key is not None and deployed.url == f"{site}/mcp/{deployed.slug}"
    assert [tool.name for tool in tools] == ["say"]


def test_lists_go_over_all_pages(site: str, key: Key, owner: Actor) -> None:
    from portal_client import Portal

    for number in range(7):
        Workflow.objects.create(workspace=owner.workspace, name=f"Flow {number}", draft={})

    with Portal(site, key()) as portal:
        page = portal.workflows.list(limit=3, ordering="name")
        rows = list(portal.workflows.list_all(limit=3, ordering="name"))

    assert [row.name for row in page.results] == ["Flow 0", "Flow 1", "Flow 2"]
    assert [row.name for row in rows] == [f"Flow {number}" for number in range(7)]


def test_errors_carry_code_and_remedy_in_the_readers_language(site: str, key: Key) -> None:
    from portal_client import ApiError, Portal

    with Portal(site, key(), language="ko") as portal, pytest.raises(ApiError) as caught:
        portal.workflows.create(name="")
    assert (caught.value.status, caught.value.code) == (422, "invalid")
    assert caught.value.problems[0].field == "name"
    assert caught.value.message == "입력이 올바르지 않습니다."

    with Portal(site, "pat_wrong") as portal, pytest.raises(ApiError) as refused:
        portal.auth.me()
    assert refused.value.status == 401


def test_a_draft_is_saved_over_the_state_that_was_read(site: str, key: Key) -> None:
    from portal_client import ApiError, Portal

    with Portal(site, key()) as portal:
        workflow = portal.workflows.create(name="Echo", definition=ECHO)
        draft = portal.workflows.draft_read(workflow.id)
        saved = portal.workflows.draft_save(
            workflow.id, if_match=f'"{draft.revision}"', definition={**draft.definition, "output": {}}
        )
        with pytest.raises(ApiError) as late:
            portal.workflows.draft_save(workflow.id, if_match=f'"{draft.revision}"', definition=ECHO)

    assert saved.revision == draft.revision + 1
    assert late.value.code == "precondition_failed"


async def test_the_async_client_does_the_same(site: str, key: Key, owner: Actor) -> None:
    from asgiref.sync import sync_to_async
    from portal_client import AsyncPortal

    secret = await sync_to_async(key)()
    async with AsyncPortal(site, secret) as portal:
        workflow = await portal.workflows.create(name="Echo", definition=ECHO)
        outcome = await portal.workflows.run(workflow.id, input={"text": "hi"})
        kinds = [event.kind async for event in portal.follow(outcome.id)]
        names = [row.name async for row in portal.workflows.list_all()]

    assert kinds[-1] == "run.succeeded"
    assert names == ["Echo"]


def test_a_busy_site_is_asked_again_but_nothing_happens_twice() -> None:
    from portal_client import ApiError, Portal

    seen: list[str] = []

    def busy(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.method)
        if len(seen) == 1:
            return httpx2.Response(503, json={"code": "unready", "title": "Away"}, headers={"Retry-After": "0"})
        return httpx2.Response(200, json={"results": [], "next": None, "previous": None})

    with Portal("http://portal.test", "x", transport=httpx2.MockTransport(busy)) as portal:
        assert portal.workflows.list().results == []
        assert seen == ["GET", "GET"]
        seen.clear()
        with pytest.raises(ApiError):
            portal.workflows.create(name="x")
    assert seen == ["POST"]


def test_the_token_never_leaves_for_another_host() -> None:
    from portal_client import Portal

    seen: dict[str, Any] = {}

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen[request.url.host] = request.headers.get("Authorization")
        elsewhere = "http://evil.test/api/v1/workflows?cursor=x"
        is_first = request.url.host == "portal.test"
        return httpx2.Response(200, json={"results": [], "next": elsewhere if is_first else None, "previous": None})

    with Portal("http://portal.test", "secret", transport=httpx2.MockTransport(answer)) as portal:
        assert list(portal.workflows.list_all()) == []
    assert seen == {"portal.test": "Bearer secret", "evil.test": None}
