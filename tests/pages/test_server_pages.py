"""The server page: keys shown once, states, settings, roll-back, deploy dialog, playground key, instructions."""

from __future__ import annotations

import json
from base64 import b64decode
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from deployments.connect import KEY, clients_of
from deployments.models import Deployment, DeploymentKey, Revision
from tests.pages.conftest import World, client_of


@pytest.fixture
def client(world: World) -> Client:
    return client_of(world.owner)


def secret_in(text: str) -> str:
    import re

    found = re.search(r'data-fresh-key="(mcpk_\w+)"', text)
    return found.group(1) if found else ""


def test_a_key_is_shown_once(client: Client, world: World) -> None:
    response = client.post(
        reverse("deployments:key-create", args=[world.deployment.slug]), {"label": "Desk", "days": "30"}
    )

    secret = secret_in(response.content.decode())
    key = DeploymentKey.objects.get(label="Desk")
    assert secret.startswith(key.prefix) and response["Cache-Control"] == "no-store"
    assert key.expires_at is not None and (key.expires_at - timezone.now()).days == 29
    later = client.get(reverse("deployments:deployment-detail", args=[world.deployment.slug])).content.decode()
    assert secret not in later and f"{key.prefix}…" in later


def test_rotation_gives_a_new_key_and_an_end_to_the_old_one(client: Client, world: World) -> None:
    response = client.post(reverse("deployments:key-rotate", args=[world.deployment.slug, world.key.pk]))

    world.key.refresh_from_db()
    assert secret_in(response.content.decode())
    assert world.key.is_usable() and world.key.expires_at is not None


def test_a_revoked_key_is_marked(client: Client, world: World) -> None:
    response = client.post(reverse("deployments:key-revoke", args=[world.deployment.slug, world.key.pk]))

    assert "revoked" in response.content.decode()
    assert DeploymentKey.objects.get(pk=world.key.pk).revoked_at is not None


def test_the_playground_key_ends_soon_and_belongs_to_this_server(client: Client, world: World) -> None:
    response = client.post(reverse("deployments:playground-key", args=[world.deployment.slug]))

    key = DeploymentKey.objects.get(deployment=world.deployment, label="Playground")
    assert response.json()["key"].startswith(key.prefix) and response["Cache-Control"] == "no-store"
    assert key.expires_at is not None and (key.expires_at - timezone.now()).total_seconds() <= 7200


def test_pausing_resuming_and_retiring(client: Client, world: World) -> None:
    slug = world.deployment.slug
    for state in ("paused", "live", "retired"):
        response = client.post(reverse("deployments:deployment-state", args=[slug, state]), follow=True)
        assert response.status_code == 200
        assert Deployment.objects.get(slug=slug).state == state
    assert client.post(reverse("deployments:deployment-state", args=[slug, "live"])).status_code == 409
    assert client.post(reverse("deployments:deployment-state", args=[slug, "nonsense"])).status_code == 404


def test_rolling_back_keeps_the_address(client: Client, world: World) -> None:
    second = Revision.objects.create(deployment=world.deployment, number=2, probed_at=timezone.now())
    Deployment.objects.filter(pk=world.deployment.pk).update(live_revision=second)
    page = client.get(reverse("deployments:deployment-detail", args=[world.deployment.slug])).content.decode()
    assert "Roll back to revision 1" in page

    client.post(reverse("deployments:revision-activate", args=[world.deployment.slug, 1]))

    fresh = Deployment.objects.get(pk=world.deployment.pk)
    assert fresh.live_revision is not None and fresh.live_revision.number == 1
    assert fresh.slug == world.deployment.slug


def test_wrong_settings_stay_in_the_form_with_a_reason(client: Client, world: World) -> None:
    values = {
        "name": "Echo",
        "rate_limit": "100001",
        "soft_timeout_seconds": "20",
        "allowed_origins": "https://a.example/path",
    }

    response = client.post(reverse("deployments:deployment-update", args=[world.deployment.slug]), values)

    text = response.content.decode()
    assert response.status_code == 422
    assert "Use 0 to 100,000; 0 means unlimited." in text and "Leave out the path" in text
    assert Deployment.objects.get(pk=world.deployment.pk).name == "Echo server"


def test_good_settings_are_stored(client: Client, world: World) -> None:
    values = {
        "name": "Echo two",
        "rate_limit": "30",
        "soft_timeout_seconds": "20",
        "allowed_origins": "https://a.example\nhttps://b.example",
    }

    client.post(reverse("deployments:deployment-update", args=[world.deployment.slug]), values)

    fresh = Deployment.objects.get(pk=world.deployment.pk)
    assert (fresh.name, fresh.rate_limit, fresh.allowed_origins) == (
        "Echo two",
        30,
        ["https://a.example", "https://b.example"],
    )


def test_the_deploy_dialog_proposes_the_server_that_serves_it_already(client: Client, world: World) -> None:
    text = client.get(reverse("deployments:deploy-form", args=[world.workflow.pk])).content.decode()

    assert f'value="{world.deployment.slug}" selected' in text
    assert 'value="echo"' in text


def test_the_dialog_tells_who_breaks(client: Client, world: World) -> None:
    draft = {**world.workflow.draft}
    draft["inputs"] = {
        "type": "object",
        "properties": {"words": {"type": "string"}},
        "required": ["words"],
        "additionalProperties": False,
    }
    draft["nodes"] = [{**draft["nodes"][0], "params": {"text": "{{ input.words }}"}}]
    type(world.workflow).objects.filter(pk=world.workflow.pk).update(draft=draft)

    text = client.post(
        reverse("deployments:deploy-form", args=[world.workflow.pk]), {"server": world.deployment.slug}
    ).content.decode()

    assert "breaking" in text and "input.text" in text
    assert "Somebody" in text  # Who called it in the last thirty days.
    assert "Inputs without a description: words." in text


def test_instructions_carry_address_and_placeholder(world: World) -> None:
    clients = {client.id: client for client in clients_of(world.deployment)}

    assert {"claude-desktop", "claude-code", "cursor", "vscode", "windsurf", "json"} <= clients.keys()
    for client in clients.values():
        code = "\n".join(step.code for step in client.steps)
        assert world.deployment.url in code and KEY in code, client.id
        for step in client.steps:
            if step.language == "json":
                json.loads(step.code)


def test_one_click_links_hold_the_same_configuration(world: World) -> None:
    clients = {client.id: client for client in clients_of(world.deployment)}

    cursor = parse_qs(urlsplit(clients["cursor"].link).query)
    config = json.loads(b64decode(cursor["config"][0]))
    vscode = json.loads(unquote(clients["vscode"].link.removeprefix("vscode:mcp/install?")))

    wanted = {"Authorization": f"Bearer {KEY}"}
    assert (config["url"], config["headers"]) == (world.deployment.url, wanted)
    assert (vscode["url"], vscode["headers"], vscode["type"]) == (world.deployment.url, wanted, "http")


def test_usage_counts_calls_and_errors(client: Client, world: World) -> None:
    from deployments import usage

    found = usage.totals(world.deployment)

    assert (found.calls, found.errors) == (2, 1)
    assert found.p95 is not None and 1 < found.p95 < 3
    assert usage.by_tool(world.deployment)["echo"]["calls"] == 2
    assert usage.by_client(world.deployment)[0]["client"] == "claude-ai"
