"""Deleting a connection over REST names what uses it, as the page does."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from deployments.models import Deployment, Revision, Tool
from integrations.models import Connection
from integrations.services import create_connection
from portal.accounts.services import create_api_key
from portal.workspaces.services import Actor
from tests.people import make_owner
from workflows.models import Workflow
from workflows.triggers.models import Trigger

KEYS = {"app_key": "k" * 36, "app_secret": "s" * 180}


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


@pytest.fixture
def client(owner: Actor) -> APIClient:
    made = APIClient()
    made.credentials(HTTP_AUTHORIZATION=f"Bearer {create_api_key(owner.user, 'tests')[1]}")
    return made


@pytest.fixture
def connection(owner: Actor) -> Connection:
    return create_connection(owner, "kis", "Broker", KEYS)


def _draft(**node: Any) -> dict[str, Any]:
    return {"nodes": [{"id": "rank", "action": "kis.get_volume_ranking", **node}]}


def test_an_unused_connection_goes_at_once(client: APIClient, connection: Connection) -> None:
    assert client.get(f"/api/v1/connections/{connection.pk}/uses").json()["results"] == []
    assert client.delete(f"/api/v1/connections/{connection.pk}").status_code == 204
    assert not Connection.objects.filter(pk=connection.pk).exists()


def test_what_uses_it_is_named_and_it_stays(client: APIClient, owner: Actor, connection: Connection) -> None:
    flow = Workflow.objects.create(workspace=owner.workspace, name="Named", draft=_draft(connection=str(connection.pk)))
    inside = {"nodes": [{"id": "each", "action": "flow.map", "params": {"body": _draft()}}]}
    Workflow.objects.create(workspace=owner.workspace, name="Nested", draft=inside)
    Workflow.objects.create(
        workspace=owner.workspace, name="Other", draft={"nodes": [{"id": "a", "action": "text.echo"}]}
    )
    Trigger.objects.create(
        workspace=owner.workspace, workflow=flow, kind="poll", config={"connection": str(connection.pk)}
    )
    server = Deployment.objects.create(workspace=owner.workspace, slug="ranks", name="Ranks")
    for number in (1, 2):
        revision = Revision.objects.create(deployment=server, number=number)
        Tool.objects.create(
            revision=revision, name=f"rank_{number}", action="kis.get_volume_ranking", input_schema={}, description=""
        )
    server.live_revision = revision
    server.save()

    answer = client.delete(f"/api/v1/connections/{connection.pk}")

    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    used_by = answer.json()["details"]["used_by"]
    assert sorted((use["kind"], use["name"], use["named"]) for use in used_by) == [
        ("server", "Ranks", False),
        ("trigger", "Named", True),
        ("workflow", "Named", True),
        ("workflow", "Nested", False),
    ]
    listed = client.get(f"/api/v1/connections/{connection.pk}/uses").json()
    assert listed == {"results": used_by, "next": None, "previous": None}
    assert Connection.objects.filter(pk=connection.pk).exists()
    assert client.delete(f"/api/v1/connections/{connection.pk}?anyway=true").status_code == 204
    assert not Connection.objects.filter(pk=connection.pk).exists()


def test_another_workspace_uses_nothing_here(client: APIClient, connection: Connection) -> None:
    stranger = make_owner("stranger")
    Workflow.objects.create(workspace=stranger.workspace, name="Theirs", draft=_draft(connection=str(connection.pk)))

    assert client.get(f"/api/v1/connections/{connection.pk}/uses").json()["results"] == []


def test_the_refusal_speaks_korean(client: APIClient, owner: Actor, connection: Connection) -> None:
    Workflow.objects.create(workspace=owner.workspace, name="Named", draft=_draft())

    answer = client.delete(f"/api/v1/connections/{connection.pk}", headers={"Accept-Language": "ko"})

    assert answer.json()["message"] == "이 연결은 사용 중입니다."
