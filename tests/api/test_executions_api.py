"""Watching and steering runs over REST, and the deploy command for scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from portal.common.bridge import run_async
from portal.workspaces.services import Actor
from tests.running import ended, wait_until
from workflows.api.execution_views import _stream
from workflows.models import Execution
from workflows.services import create_workflow, start_execution

Api = Callable[..., APIClient]
ASK = {
    "schema_version": 1,
    "inputs": {"type": "object", "properties": {}},
    "nodes": [
        {"id": "ask", "action": "flow.approval", "params": {"message": "Go on?"}},
        {"id": "say", "action": "text.echo", "params": {"text": "went on"}},
    ],
    "edges": [{"from": "ask", "port": "approved", "to": "say"}],
}


def test_a_decision_over_rest_lets_the_run_go_on(owner: Actor, running: Any, api: Api) -> None:
    identifier = start_execution(owner, create_workflow(owner, "Ask", definition=ASK)).execution_id
    wait_until(lambda: Execution.objects.get(pk=identifier).state == "waiting")
    url, client = f"/api/v1/executions/{identifier}", api(owner)
    (rest,) = client.get(url).json()["waiting"]

    wrong = client.post(f"{url}/decide", {"path": "nowhere", "approved": True}, format="json")
    right = client.post(f"{url}/decide", {"path": rest["path"], "approved": True}, format="json")

    assert (wrong.status_code, right.status_code) == (409, 202)
    assert ended(identifier).state == "succeeded"


def test_cancel_and_resume(owner: Actor, running: Any, api: Api) -> None:
    slow = {**ASK, "nodes": [{"id": "nap", "action": "flow.wait", "params": {"seconds": 20}}], "edges": []}
    identifier = start_execution(owner, create_workflow(owner, "Slow", definition=slow)).execution_id
    wait_until(lambda: Execution.objects.get(pk=identifier).state == "running")
    url, client = f"/api/v1/executions/{identifier}", api(owner)

    assert client.post(f"{url}/resume").status_code == 409
    assert client.post(f"{url}/cancel").status_code == 202
    assert ended(identifier).state == "cancelled"
    assert client.post(f"{url}/resume").status_code == 202
    wait_until(lambda: Execution.objects.get(pk=identifier).attempts == 2)
    client.post(f"{url}/cancel")
    ended(identifier)


def test_the_event_stream_ends_with_the_run(owner: Actor, running: Any, api: Api) -> None:
    echo = {**ASK, "nodes": [ASK["nodes"][1]], "edges": []}
    identifier = start_execution(owner, create_workflow(owner, "Echo", definition=echo)).execution_id

    async def read() -> list[dict[str, Any]]:
        stream = _stream(identifier, 1, lambda event: event)
        return [json.loads(part.split(b"data: ")[1]) async for part in stream if b"data: " in part]

    events = run_async(read)

    assert [event["seq"] for event in events] == list(range(2, len(events) + 2))
    assert events[-1]["kind"] == "run.succeeded"
    bad = api(owner).get(f"/api/v1/executions/{identifier}/events?after=x")
    assert bad.status_code == 422


def test_the_deploy_command_prints_what_a_script_needs(transactional_db: None) -> None:
    out = StringIO()
    call_command("deploy_template", "fan3", "--json", "--rate-limit", "0", stdout=out)

    answer = json.loads(out.getvalue())

    assert answer["tools"] == ["fan3"]
    assert set(answer) == {"url", "sse_url", "key", "tools"} and answer["sse_url"] == answer["url"] + "/sse"
    assert answer["key"].startswith("mcpk_")
    with pytest.raises(CommandError, match="most-traded-stocks"):
        call_command("deploy_template", "nope")
    with pytest.raises(CommandError, match="no workspace"):
        call_command("deploy_template", "echo", "--workspace", "nowhere")


def test_a_template_can_be_deployed_over_rest(owner: Actor, running: Any, api: Api) -> None:
    client = api(owner)

    keys = {template["key"] for template in client.get("/api/v1/templates").json()["results"]}
    made = client.post("/api/v1/deployments", {"template": "echo"}, format="json").json()
    changed = client.patch(f"/api/v1/deployments/{made['slug']}", {"rate_limit": 5, "state": "paused"}, format="json")
    key = client.post(f"/api/v1/deployments/{made['slug']}/keys", {"label": "two"}, format="json").json()
    rotated = client.post(f"/api/v1/deployments/{made['slug']}/keys/{key['id']}/rotate")
    gone = client.delete(f"/api/v1/deployments/{made['slug']}/keys/{rotated.json()['id']}")

    assert {"echo", "fan3", "most-traded-stocks"} <= keys
    assert (changed.json()["rate_limit"], changed.json()["state"]) == (5, "paused")
    assert rotated.status_code == 201 and rotated.json()["key"] != key["key"]
    assert gone.status_code == 204
    listed = client.get(f"/api/v1/deployments/{made['slug']}/keys").json()["results"]
    assert len(listed) == 3 and all("key" not in entry for entry in listed)
