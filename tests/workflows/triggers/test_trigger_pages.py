"""Triggers over REST, their page, and forms for members and for everybody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.pages.conftest import client_of
from tests.people import join, make_owner
from tests.running import ended
from workflows.models import Execution, Workflow
from workflows.services import create_workflow
from workflows.triggers import services
from workflows.triggers.models import Firing

DEFINITION: dict[str, Any] = {
    "schema_version": 1,
    "inputs": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "title": "Name", "x-title-ko": "이름", "minLength": 2},
            "count": {"type": "integer", "minimum": 1, "default": 1},
            "urgent": {"type": "boolean", "default": False},
            "size": {"enum": ["S", "L"], "default": "S"},
        },
        "required": ["name"],
    },
    "nodes": [
        {
            "id": "say",
            "action": "text.echo",
            "params": {"text": "{{ input.name }} {{ input.count }} {{ input.size }} {{ input.urgent }}"},
        }
    ],
    "edges": [],
    "output": {"text": "{{ say.text }}"},
}


@pytest.fixture
def workflow(owner: Actor) -> Workflow:
    return create_workflow(owner, "Order", definition=DEFINITION)


def test_the_whole_life_over_rest(running: Any, owner: Actor, workflow: Workflow) -> None:
    client, base = client_of(owner), f"/api/v1/workflows/{workflow.pk}/triggers"

    def send(method: str, path: str = "", body: Any = None) -> Any:
        return getattr(client, method)(base + path, body, content_type="application/json")

    wrong = send("post", "", {"kind": "schedule", "config": {"when": "sometimes"}})
    assert wrong.status_code == 422 and wrong.json()["problems"][0]["field"] == "when"
    made = send("post", "", {"kind": "schedule", "config": {"when": "평일 9시"}, "input": {"name": "{{ event.date }}"}})
    assert made.status_code == 201 and len(made.json()["next_runs"]) == 5
    one = "/" + made.json()["id"]
    assert [row["id"] for row in client.get(base).json()["results"]] == [one[1:]]
    preview = send("post", "/preview", {"config": {"when": "거래일 15:40"}}).json()
    assert (preview["cron"], preview["days"], len(preview["next_runs"])) == (["40 15 * * *"], "market", 5)

    fired = send("post", f"{one}/test").json()
    assert ended(fired["execution"]).state == "succeeded"
    replayed = send("post", f"{one}/events/{fired['id']}/replay").json()
    assert ended(replayed["execution"]).input == ended(fired["execution"]).input
    assert [row["id"] for row in client.get(f"{base}{one}/events").json()["results"]] == [replayed["id"], fired["id"]]
    assert client.get(f"{base}{one}/events/{fired['id']}").json()["event"]["timezone"] == "Asia/Seoul"

    assert send("patch", one, {"is_on": False}).json()["next_runs"] == []
    assert send("delete", one).status_code == 204 and client.get(base + one).status_code == 404
    kinds = {row["kind"] for row in client.get("/api/v1/trigger-kinds").json()["results"]}
    assert kinds == {"schedule", "webhook", "form", "email", "event", "signal", "workflow", "error"}


def test_only_those_who_may_change_it(owner: Actor, workflow: Workflow) -> None:
    trigger = services.create_trigger(owner, workflow.pk, "webhook")
    viewer, stranger = client_of(join(owner.workspace, Role.VIEWER)), client_of(make_owner("stranger"))
    base = f"/api/v1/workflows/{workflow.pk}/triggers"
    assert viewer.get(base).status_code == 200
    assert viewer.post(f"{base}/{trigger.pk}/test").status_code == 403
    assert stranger.get(f"{base}/{trigger.pk}").status_code == 404
    assert stranger.get(f"/workflows/{workflow.pk}/triggers").status_code == 404


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_shows_every_kind(owner: Actor, workflow: Workflow, language: str) -> None:
    other = create_workflow(owner, "Other", definition=DEFINITION)
    configs: dict[str, dict[str, Any]] = {
        "schedule": {"when": "every 15 minutes"},
        "webhook": {},
        "form": {},
        "email": {"senders": ["a.example"]},
        "error": {},
        "signal": {"signal": "price_changed"},
        "workflow": {"workflow": str(other.pk)},
        "event": {"trigger": "web.new_entry", "params": {"url": "https://a.example/feed"}},
    }
    for kind, config in configs.items():
        services.create_trigger(owner, workflow.pk, kind, name=f"My {kind}", config=config)
    page = client_of(owner, language).get(f"/workflows/{workflow.pk}/triggers").content.decode()

    assert all(f"My {kind}" in page for kind in ("schedule", "webhook", "form", "email", "error", "signal", "event"))
    assert page.count('class="badge"') >= 5 and "/hooks/" in page and "/forms/" in page
    assert ("트리거" if language == "ko" else "Triggers") in page


def test_a_member_fills_in_the_form(running: Any, owner: Actor, workflow: Workflow) -> None:
    trigger = services.create_trigger(owner, workflow.pk, "form", config={"show_result": True})
    address, client = f"/forms/{trigger.token}", client_of(owner, "ko")
    page = client.get(address).content.decode()
    assert "이름" in page and 'name="count"' in page and 'type="checkbox"' in page
    assert Client().get(address).status_code == 302
    assert client_of(make_owner("stranger")).get(address).status_code == 404

    wrong = client.post(address, {"name": "x", "count": "0", "nonce": "n"})
    assert wrong.status_code == 422 and wrong.content.decode().count("field-errors") == 2
    assert Execution.objects.count() == 0

    answers = {"name": "민지", "count": "3", "urgent": "true", "size": "L", "nonce": "n"}
    sent = client.post(address, answers)
    twice = client.post(address, answers)
    assert sent.status_code == twice.status_code == 302 and sent["Location"] == twice["Location"]
    run = ended(Firing.objects.get().execution_id)
    assert run.output == {"text": "민지 3 L true"} and run.caller["label"] == owner.user.email
    assert "민지 3 L true" in client.get(sent["Location"]).content.decode()


def test_a_public_form_needs_no_account_but_keeps_its_walls(running: Any, owner: Actor, workflow: Workflow) -> None:
    trigger = services.create_trigger(owner, workflow.pk, "form", config={"access": "public", "per_minute": 2})
    address = f"/forms/{trigger.token}"
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(address, {"name": "nobody"}).status_code == 403
    anyone = Client()
    assert anyone.get(address)["X-Robots-Tag"] == "noindex"
    assert anyone.post(address, {"name": "one"}).status_code == 302
    assert anyone.post(address, {"name": "two"}).status_code == 302
    assert anyone.post(address, {"name": "three"}).status_code == 429
    services.update_trigger(owner, workflow.pk, trigger.pk, is_on=False)
    assert anyone.get(address).status_code == 404
