"""What holds for the whole API: pages, order, sparse answers, posts that happen once, strict bodies, streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from portal.accounts.models import ApiKey
from portal.common.hub import sync_client
from portal.workspaces.services import Actor
from workflows.models import Execution, ExecutionEvent, Workflow

Api = Callable[..., APIClient]


def named(owner: Actor, *names: str) -> None:
    for name in names:
        Workflow.objects.create(workspace=owner.workspace, name=name, draft={})


def test_pages_are_stable_while_rows_arrive(owner: Actor, api: Api) -> None:
    named(owner, "a", "b", "c", "d")
    client = api(owner)

    first = client.get("/api/v1/workflows?limit=2").json()
    named(owner, "late")
    second = client.get(first["next"]).json()

    assert [row["name"] for row in first["results"] + second["results"]] == ["d", "c", "b", "a"]
    assert second["next"] is None
    back = client.get(second["previous"]).json()
    assert [row["name"] for row in back["results"]] == ["d", "c"]


def test_order_filters_and_pages_are_checked(owner: Actor, api: Api) -> None:
    named(owner, "b", "c", "a")
    client = api(owner)

    rows = client.get("/api/v1/workflows?ordering=name").json()["results"]
    assert [row["name"] for row in rows] == ["a", "b", "c"]
    rows = client.get("/api/v1/workflows?ordering=-name&limit=1").json()["results"]
    assert [row["name"] for row in rows] == ["c"]
    for query in ("ordering=draft", "limit=0", "limit=201", "limit=x", "cursor=nonsense", "cursor=cD1ub3BlCg%3D%3D",
                  "colour=red", "template=%00"):  # fmt: skip
        answer = client.get(f"/api/v1/workflows?{query}")
        assert answer.status_code == 422, query
        assert answer.json()["problems"][0]["field"] == query.partition("=")[0]


def test_answers_are_cut_to_the_fields_asked_for(owner: Actor, api: Api) -> None:
    named(owner, "a")
    client = api(owner)

    page = client.get("/api/v1/workflows?fields=id,name").json()
    assert [set(row) for row in page["results"]] == [{"id", "name"}] and "next" in page
    one = client.get(f"/api/v1/workflows/{page['results'][0]['id']}?fields=name").json()
    assert one == {"name": "a"}
    wrong = client.get("/api/v1/workflows?fields=id,nam")
    assert wrong.status_code == 422 and wrong.json()["problems"][0]["field"] == "fields"


def test_a_repeated_post_answers_the_first_result(owner: Actor, api: Api) -> None:
    client = api(owner)

    def create(name: str, key: str) -> Any:
        return client.post("/api/v1/workflows", {"name": name}, format="json", HTTP_IDEMPOTENCY_KEY=key)

    first, again, other = create("one", "k1"), create("one", "k1"), create("one", "k2")

    assert first.json() == again.json() and again["Idempotency-Replayed"] == "true"
    assert other.json()["id"] != first.json()["id"]
    assert create("two", "k1").json()["code"] == "idempotency_key_reused"
    assert Workflow.objects.count() == 2
    assert create("", "k3").status_code == 422
    assert create("now right", "k3").status_code == 201
    assert create("x", "with space").status_code == 422


def test_a_secret_shown_once_is_replayed_but_stands_nowhere(owner: Actor, api: Api) -> None:
    client = api(owner)

    def create() -> Any:
        return client.post("/api/v1/keys", {"label": "Robot"}, format="json", HTTP_IDEMPOTENCY_KEY="robot")

    secret = create().json()["key"]
    assert create().json()["key"] == secret
    assert ApiKey.objects.filter(label="Robot").count() == 1
    redis = sync_client()
    kept = [value for name in redis.scan_iter("once:*") for pair in redis.hgetall(name).items() for value in pair]
    assert kept and not any(secret.encode() in value for value in kept)


def test_keys_of_two_people_do_not_meet(owner: Actor, api: Api) -> None:
    from tests.people import make_owner

    body = {"name": "mine"}
    mine = api(owner).post("/api/v1/workflows", body, format="json", HTTP_IDEMPOTENCY_KEY="same")
    theirs = api(make_owner()).post("/api/v1/workflows", body, format="json", HTTP_IDEMPOTENCY_KEY="same")
    assert mine.json()["id"] != theirs.json()["id"]


def test_json_of_another_type_is_refused(owner: Actor, api: Api) -> None:
    client = api(owner)
    for body in ({"name": 1}, {"name": "x", "definition": "text"}, {"name": "x", "description": False}):
        answer = client.post("/api/v1/workflows", body, format="json")
        assert answer.status_code == 422, body
    assert client.post("/api/v1/workflows", "name=x", content_type="text/plain").status_code == 415
    assert client.put("/api/v1/workflows", {}, format="json").status_code == 405


def test_a_client_that_accepts_event_streams_gets_one(owner: Actor, api: Api) -> None:
    run = Execution.objects.create(workspace=owner.workspace, state="succeeded")
    for seq, kind in enumerate(("run.started", "run.succeeded"), start=1):
        ExecutionEvent.objects.create(execution=run, seq=seq, kind=kind, time=run.created_at)
    client, url = api(owner), f"/api/v1/executions/{run.pk}/events"

    assert [event["seq"] for event in client.get(url).json()["results"]] == [1, 2]
    assert [event["seq"] for event in client.get(f"{url}?after=1").json()["results"]] == [2]
    stream = client.get(url, HTTP_ACCEPT="text/event-stream")
    assert stream["Content-Type"] == "text/event-stream" and stream.streaming
    missing = client.get(f"/api/v1/executions/{owner.workspace.pk}/events", HTTP_ACCEPT="text/event-stream")
    assert missing.status_code == 404 and missing["Content-Type"] == "application/problem+json"


def test_periods_are_found_by_time(owner: Actor, api: Api) -> None:
    run = Execution.objects.create(workspace=owner.workspace, state="succeeded")
    client = api(owner)

    def count(query: str) -> int:
        return len(client.get(f"/api/v1/executions?{query}").json()["results"])

    assert count("since=2020-01-01T00:00:00Z") == 1
    assert count("since=9998-01-01T00:00:00Z") == count("until=2020-01-01T00:00:00Z") == 0
    assert count("until=9998-12-31T23:59:59Z") == count(f"since={run.created_at:%Y-%m-%dT%H:%M:%SZ}") == 1
