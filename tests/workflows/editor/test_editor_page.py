"""What the page of the canvas hands to its script, and the script's own tests."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner
from workflows import services
from workflows.definition.flow import FLOW_ACTIONS
from workflows.editor_views import flow_actions

EDITOR = Path(__file__).resolve().parents[3] / "workflows" / "editor"


def client_of(actor: Actor) -> Client:
    client = Client(headers={"accept-language": "en"})
    assert actor.user is not None
    client.force_login(actor.user)
    return client


def setup_of(client: Client, address: str) -> dict[str, Any]:
    page = client.get(address)
    assert page.status_code == 200
    found = re.search(r'<script id="editor-setup"[^>]*>(.*?)</script>', page.content.decode(), re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def test_the_page_says_what_the_reader_may_do(owner: Actor) -> None:
    workflow = services.create_workflow(owner, "Mine")
    address = reverse("workflows:workflow-editor", args=[workflow.pk])

    assert setup_of(client_of(owner), address)["may"] == {
        "edit": True,
        "run": True,
        "deploy": True,
        "connect": True,
        "moderate": True,
    }
    viewer = setup_of(client_of(join(owner.workspace, Role.VIEWER)), address)
    assert viewer["may"]["edit"] is False and viewer["may"]["deploy"] is False
    assert client_of(make_owner("stranger")).get(address).status_code == 404
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize("language", ["en", "ko"])
def test_flow_nodes_come_with_ports_in_the_readers_language(language: str) -> None:
    actions = {action["id"]: action for action in flow_actions(language)}

    assert set(actions) == set(FLOW_ACTIONS)
    assert actions["flow.condition"]["router"] and actions["flow.condition"]["ports"] == ["true", "false"]
    assert actions["flow.map"]["with_body"] and not actions["flow.merge"]["with_body"]
    for action in actions.values():
        assert action["title"] == FLOW_ACTIONS[action["id"]].title.in_language(language)
    assert "x-description-ko" not in json.dumps(actions)


@pytest.mark.skipif(not (EDITOR / "node_modules").is_dir(), reason="the canvas is not built on this machine")
def test_the_scripts_own_tests_pass() -> None:
    done = subprocess.run(
        ["node", "node_modules/vitest/vitest.mjs", "run", "--reporter=dot"],
        cwd=EDITOR,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
