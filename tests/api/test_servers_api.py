"""Servers over REST: revisions on trial, limits of keys, prompts and resources, why a run failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from deployments.canary import judge
from deployments.models import Deployment, DeploymentKey, Revision, Tool
from portal.common.ids import uuid7
from portal.workspaces.services import Actor
from tests.people import make_owner
from workflows.models import Execution

Api = Callable[..., APIClient]
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


@pytest.fixture
def server(owner: Actor) -> Deployment:
    """Two probed revisions with the same contract; the first is live."""
    made = Deployment.objects.create(workspace=owner.workspace, slug="echo-server", name="Echo", state="live")
    for number in (1, 2):
        revision = Revision.objects.create(deployment=made, number=number, probed_at=timezone.now())
        Tool.objects.create(
            revision=revision,
            name="say",
            action="text.echo",
            description="Says it",
            input_schema=SCHEMA,
            annotations={"readOnlyHint": True},
        )
    made.live_revision = made.revisions.get(number=1)
    made.save()
    return made


def _call(server: Deployment, revision: Revision, state: str) -> None:
    Execution.objects.create(
        workspace=server.workspace, deployment_id=server.pk, revision_id=revision.pk, tool="say", state=state,
        source="mcp", finished_at=timezone.now(),
    )  # fmt: skip


def test_a_revision_is_tried_scored_and_stopped(owner: Actor, server: Deployment, api: Api) -> None:
    client, url = api(owner), f"/api/v1/deployments/{server.slug}"
    assert client.get(f"{url}/canary").json() == {"canary": None, "score": None, "result": None}

    begun = client.put(f"{url}/canary", {"revision": 2, "percent": 10}, format="json")
    assert (begun.json()["canary"]["revision"], begun.json()["canary"]["percent"]) == (2, 10)
    for state in ("succeeded", "failed"):
        _call(server, server.revisions.get(number=2), state)
    _call(server, server.revisions.get(number=1), "succeeded")

    found = client.get(f"{url}/canary").json()
    assert found["score"] == {"calls": 2, "errors": 1, "live_calls": 1, "live_errors": 0}
    assert client.get(url).json()["canary"]["revision"] == 2
    assert client.get("/api/v1/deployments").json()["results"][0]["canary"]["percent"] == 10
    assert client.delete(f"{url}/canary").status_code == 204
    assert client.delete(f"{url}/canary").status_code == 409
    assert client.get(url).json()["canary"] is None


def test_a_trial_that_fails_leaves_its_result(owner: Actor, server: Deployment, api: Api) -> None:
    client, url = api(owner), f"/api/v1/deployments/{server.slug}"
    client.put(f"{url}/canary", {"revision": 2, "percent": 25}, format="json")
    for _call_number in range(3):
        _call(server, server.revisions.get(number=2), "failed")
    assert judge(server.pk)

    result = client.get(f"{url}/canary").json()["result"]
    assert (result["revision"], result["percent"], result["calls"], result["errors"]) == (2, 25, 3, 3)
    assert client.get(url).json()["canary_result"] == result


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"revision": 2, "percent": 51}, 422, "percent"),
        ({"revision": 2, "percent": 0}, 422, "percent"),
        ({"revision": 2}, 422, "percent"),
        ({"revision": 9, "percent": 5}, 404, None),
        ({"revision": 1, "percent": 5}, 409, None),
    ],
)
def test_what_cannot_be_tried_is_refused(
    owner: Actor, server: Deployment, api: Api, body: dict[str, Any], status: int, field: str | None
) -> None:
    answer = api(owner).put(f"/api/v1/deployments/{server.slug}/canary", body, format="json")
    assert answer.status_code == status
    assert field is None or answer.json()["problems"][0]["field"] == field


def test_keys_of_servers_carry_limits(owner: Actor, server: Deployment, api: Api) -> None:
    client, url = api(owner), f"/api/v1/deployments/{server.slug}/keys"
    limits = {"per_minute": 5, "daily_calls": 100, "monthly_calls": 1000}

    made = client.post(url, {"label": "Robot", **limits}, format="json").json()
    assert {name: made[name] for name in limits} == limits
    rotated = client.post(f"{url}/{made['id']}/rotate").json()
    assert {name: rotated[name] for name in limits} == limits
    kept = DeploymentKey.objects.get(pk=rotated["id"])
    assert (kept.per_minute, kept.daily_calls, kept.monthly_calls) == (5, 100, 1000)
    assert client.post(url, {"label": "Robot", "per_minute": -1}, format="json").status_code == 422


def test_prompts_and_resources_are_described_by_what_checks_them(owner: Actor, server: Deployment, api: Api) -> None:
    client, url = api(owner), f"/api/v1/deployments/{server.slug}"
    prompt = {"name": "ask", "text": "Say {what}", "arguments": [{"name": "what", "required": True}]}
    resource = {"name": "words", "tool": "say", "tool_arguments": {"text": "hi"}}

    answer = client.patch(url, {"prompts": [prompt], "resources": [resource]}, format="json").json()
    assert (answer["prompts"][0]["text"], answer["resources"][0]["tool"]) == ("Say {what}", "say")

    wrong = client.patch(url, {"prompts": [{"name": "ask", "text": "Say {that}"}]}, format="json")
    assert (wrong.status_code, wrong.json()["problems"][0]["field"]) == (422, "prompts.0")
    for body in ({"prompts": "x"}, {"prompts": [1]}, {"resources": [{"name": "words"}]}, {"prompts": [prompt] * 51}):
        assert client.patch(url, body, format="json").status_code == 422, body


def test_a_failure_is_explained(owner: Actor, api: Api) -> None:
    error = {"code": "auth_error", "message": "The service refused the credential.", "node": "rank"}
    failed = Execution.objects.create(workspace=owner.workspace, state="failed", error=error)
    good = Execution.objects.create(workspace=owner.workspace, state="succeeded")
    client = api(owner)

    found = client.get(f"/api/v1/executions/{failed.pk}/explanation").json()
    assert (found["code"], found["node"]) == ("auth_error", "rank")
    assert "refused" in found["cause"] and found["cause"] in found["text"]
    korean = client.get(f"/api/v1/executions/{failed.pk}/explanation", headers={"Accept-Language": "ko"}).json()
    assert korean["where"] != found["where"]
    for pk in (good.pk, uuid7()):
        assert client.get(f"/api/v1/executions/{pk}/explanation").status_code == 404
