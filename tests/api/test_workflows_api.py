"""The journey of a script: create, validate, save, run, watch, deploy, roll back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner
from workflows.catalogue import get_template

Api = Callable[..., APIClient]
ECHO = get_template("echo").tools[0].definition


def create(client: APIClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/workflows", {"name": "Mine", "definition": ECHO, **body}, format="json")
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_from_creation_to_a_served_tool(owner: Actor, running: Any, api: Api) -> None:
    client = api(owner)
    workflow = create(client)
    base = f"/api/v1/workflows/{workflow['id']}"

    ran = client.post(f"{base}/run", {"input": {"text": "hi"}, "wait": 20}, format="json")
    assert (ran.status_code, ran.json()["state"], ran.json()["output"]) == (200, "succeeded", {"text": "hi"})

    identifier = ran.json()["id"]
    events = client.get(f"/api/v1/executions/{identifier}/events").json()["results"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    later = client.get(f"/api/v1/executions/{identifier}/events?after=2").json()["results"]
    assert later == events[2:]
    assert client.get(f"/api/v1/executions/{identifier}/nodes").json()["results"][0]["output"] == {"text": "hi"}
    assert client.get("/api/v1/executions?state=succeeded").json()["results"][0]["id"] == identifier

    deployed = client.post(f"{base}/deploy", {"tool_name": "say"}, format="json")
    assert deployed.status_code == 201
    slug = deployed.json()["slug"]
    assert deployed.json()["key"].startswith("mcpk_")
    assert "key" not in client.get(f"/api/v1/deployments/{slug}").json()
    assert client.get(f"/api/v1/deployments/{slug}/tools").json()["results"][0]["name"] == "say"

    both = [{"action": "text.upper", "name": "shout"}, {"workflow": workflow["id"], "name": "say"}]
    revision = client.post(f"/api/v1/deployments/{slug}/revisions", {"tools": both}, format="json")
    assert (revision.status_code, revision.json()["verdict"]) == (201, "additive")
    back = client.post(f"/api/v1/deployments/{slug}/revisions/1/activate")
    assert back.status_code == 200
    assert client.get(f"/api/v1/deployments/{slug}").json()["live_revision"] == 1


def test_a_draft_is_saved_only_over_the_state_that_was_read(owner: Actor, api: Api) -> None:
    client = api(owner)
    url = f"/api/v1/workflows/{create(client)['id']}/draft"
    etag = client.get(url)["ETag"]
    body = {"definition": {**ECHO, "output": {}}}

    assert client.put(url, body, format="json").status_code == 428
    first = client.put(url, body, format="json", HTTP_IF_MATCH=etag)
    assert first.status_code == 200 and first["ETag"] != etag
    second = client.put(url, {"definition": ECHO}, format="json", HTTP_IF_MATCH=etag)

    assert second.status_code == 412
    assert second.json()["details"]["draft_revision"] == 2
    assert client.get(url).json()["definition"]["output"] == {}


def test_issues_come_in_the_language_of_the_reader(owner: Actor, api: Api) -> None:
    client = api(owner)
    broken = {"schema_version": 1, "nodes": [{"id": "a", "action": "no.such"}]}

    english = client.post("/api/v1/workflows/validate", {"definition": broken}, format="json").json()
    korean = client.post(
        "/api/v1/workflows/validate", {"definition": broken}, format="json", HTTP_ACCEPT_LANGUAGE="ko"
    ).json()

    assert not english["valid"]
    issue = english["issues"][0]
    assert (issue["node"], issue["field"], issue["severity"]) == ("a", "action", "error")
    assert issue["message"] != korean["issues"][0]["message"]
    assert issue["remedy"]


def test_the_same_idempotency_key_answers_the_first_run(owner: Actor, running: Any, api: Api) -> None:
    client = api(owner)
    url = f"/api/v1/workflows/{create(client)['id']}/run"

    answers = [
        client.post(url, {"input": {"text": text}, "wait": 20}, format="json", HTTP_IDEMPOTENCY_KEY="k").json()
        for text in ("one", "two")
    ]

    assert answers[0]["id"] == answers[1]["id"]
    assert answers[1]["output"] == {"text": "one"} and answers[1]["replayed"] is True


def test_problems_name_field_and_remedy(owner: Actor, api: Api) -> None:
    client = api(owner)
    cases = {
        ("post", "/api/v1/workflows", '{"name": ""}'): 422,
        ("post", "/api/v1/workflows", '{"nam": "x"}'): 422,
        ("post", "/api/v1/workflows", "[1]"): 422,
        ("post", "/api/v1/workflows", "{broken"): 400,
        ("get", "/api/v1/executions?workflow=nope", ""): 422,
        ("get", "/api/v1/executions?state=nope", ""): 422,
        ("post", "/api/v1/deployments", '{"name": "x", "tools": [{}]}'): 422,
        ("post", "/api/v1/deployments", '{"template": "nope"}'): 404,
        ("get", "/api/v1/nodes/no.such", ""): 404,
    }

    for (method, url, body), status in cases.items():
        answer = getattr(client, method)(url, body, content_type="application/json") if body else client.get(url)
        assert answer.status_code == status, (url, body, answer.content)
        assert answer["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert problem["code"] and problem["title"] and problem["status"] == status


def test_strangers_find_nothing_and_viewers_may_only_look(owner: Actor, api: Api) -> None:
    workflow = create(api(owner))
    stranger, viewer = api(make_owner("stranger")), api(join(owner.workspace, Role.VIEWER))
    url = f"/api/v1/workflows/{workflow['id']}"

    assert stranger.get(url).status_code == 404
    assert stranger.delete(url).status_code == 404
    assert viewer.get(url).status_code == 200
    assert viewer.delete(url).status_code == 403
    assert viewer.post(f"{url}/run", {}, format="json").status_code == 403
    assert APIClient().get(url).status_code == 401


def test_a_key_with_scopes_may_do_no_more_than_they_say(owner: Actor, api: Api) -> None:
    client = api(owner, scopes=["workflow:read"])

    assert client.get("/api/v1/workflows").status_code == 200
    assert client.post("/api/v1/workflows", {"name": "x"}, format="json").status_code == 403
    assert client.get("/api/v1/executions").status_code == 403


def test_credentials_go_in_and_never_come_out(owner: Actor, api: Api) -> None:
    client = api(owner)
    body = {"connector": "kis", "name": "Main", "values": {"app_key": "k" * 36, "app_secret": "s3cret" * 10}}

    made = client.post("/api/v1/connections", body, format="json")

    assert made.status_code == 201, made.json()
    for url in ("/api/v1/connections", f"/api/v1/connections/{made.json()['id']}"):
        assert "s3cret" not in client.get(url).content.decode()
    wrong = client.post("/api/v1/connections", {**body, "name": "Two", "values": {"app_key": "x"}}, format="json")
    assert wrong.status_code == 422
    assert {problem["field"] for problem in wrong.json()["problems"]} >= {"app_secret"}
    assert client.delete(f"/api/v1/connections/{made.json()['id']}").status_code == 204


def test_the_catalogue_speaks_both_languages(owner: Actor, api: Api) -> None:
    client = api(owner)

    english = client.get("/api/v1/nodes/text.echo").json()
    korean = client.get("/api/v1/nodes/text.echo", HTTP_ACCEPT_LANGUAGE="ko").json()

    assert english["input_schema"]["required"] == ["text"]
    assert english["title"] != korean["title"]
    assert len(client.get("/api/v1/nodes?connector=data").json()["results"]) > 5
