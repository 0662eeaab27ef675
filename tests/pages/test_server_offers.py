"""Prompts and resources on the server page: made, changed, refused with words by the field, taken out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.pages.conftest import World, client_of

PROMPT = {"name": "greet", "text": "Say hello to {who}.", "arguments": [{"name": "who", "required": True}]}


def save(client: Client, world: World, kind: str, value: Any, name: str = "") -> HttpResponse:
    return client.post(
        f"/servers/{world.deployment.slug}/offers/{kind}",
        json.dumps({"name": name, "value": value}),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


@pytest.fixture
def client(world: World) -> Client:
    return client_of(world.owner)


def test_a_prompt_is_added_changed_and_taken_out(client: Client, world: World) -> None:
    answer = save(client, world, "prompts", PROMPT)

    assert answer.json()["url"] == f"/servers/{world.deployment.slug}#view=offers"
    page = client.get(f"/servers/{world.deployment.slug}").content.decode()
    assert "Say hello to {who}." in page and 'data-name="greet"' in page

    save(client, world, "prompts", {**PROMPT, "title": "Greeting"}, name="greet")
    world.deployment.refresh_from_db()
    assert [(one["name"], one["title"]) for one in world.deployment.prompts] == [("greet", "Greeting")]

    save(client, world, "prompts", None, name="greet")
    world.deployment.refresh_from_db()
    assert world.deployment.prompts == []
    assert save(client, world, "prompts", None, name="greet").status_code == 404


def test_a_blank_without_an_argument_is_named(client: Client, world: World) -> None:
    answer = save(client, world, "prompts", {"name": "greet", "text": "Hello {nobody}"})

    assert answer.status_code == 422
    assert "nobody" in answer.json()["problems"][0]["message"]
    world.deployment.refresh_from_db()
    assert world.deployment.prompts == []


def test_the_bytes_of_a_resource_outlive_an_edit_of_its_words(client: Client, world: World) -> None:
    world.deployment.resources = [{"name": "logo", "blob": "aGk=", "mime_type": "image/png"}]
    world.deployment.save()

    save(client, world, "resources", {"name": "logo", "title": "Logo", "mime_type": "image/png"}, name="logo")

    world.deployment.refresh_from_db()
    assert world.deployment.resources[0]["blob"] == "aGk=" and world.deployment.resources[0]["title"] == "Logo"
    save(client, world, "resources", {"name": "logo", "text": "A picture"}, name="logo")
    world.deployment.refresh_from_db()
    assert (world.deployment.resources[0]["text"], world.deployment.resources[0]["blob"]) == ("A picture", None)


def test_a_viewer_sees_offers_and_changes_none(world: World) -> None:
    world.deployment.prompts = [PROMPT]
    world.deployment.save()
    viewer = client_of(world.viewer)

    page = viewer.get(f"/servers/{world.deployment.slug}").content.decode()

    assert "Say hello to {who}." in page and "data-offer=" not in page and "offer-data" not in page
    assert save(viewer, world, "prompts", None, name="greet").status_code == 403
    assert save(client_of(world.owner), world, "nothing", PROMPT).status_code == 404
