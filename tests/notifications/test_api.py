"""The notifications API: one's own, and nothing of anybody else's."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.test import Client

from portal.accounts.services import create_api_key
from portal.notifications.models import Destination, Notification
from portal.notifications.publish import notify
from portal.workspaces.services import Actor
from tests.notifications.conftest import TOPIC, Receiver
from tests.pages.conftest import client_of

BASE = "/api/v1/notifications"
HOOK = {"url": "https://hooks.example.com/in"}


@pytest.fixture
def api(owner: Actor) -> Client:
    return client_of(owner)


def send(client: Client, method: str, path: str, body: Any = None, **extra: Any) -> Any:
    return client.generic(
        method, f"{BASE}{path}", b"" if body is None else orjson.dumps(body),
        content_type="application/json", **extra,
    )  # fmt: skip


def test_the_inbox_is_read_filtered_and_marked(owner: Actor, api: Client, sent: list[str]) -> None:
    notify(owner.workspace, TOPIC, "One", data={"price": 3})
    notify(owner.workspace, TOPIC, "Two", severity="critical")

    page = api.get(BASE).json()
    assert [row["title"]["en"] for row in page["results"]] == ["Two", "One"]
    assert page["results"][1]["data"] == {"price": 3}
    critical = api.get(f"{BASE}?severity=critical").json()["results"]
    assert [row["title"]["en"] for row in critical] == ["Two"]
    assert api.get(f"{BASE}?colour=red").status_code == 422

    answer = send(api, "POST", "/mark", {"ids": [critical[0]["id"]]})
    assert answer.json() == {"changed": 1, "unread": 1}
    assert api.get(f"{BASE}?state=unread").json()["results"][0]["title"]["en"] == "One"
    assert send(api, "POST", "/mark", {}).json() == {"changed": 1, "unread": 0}
    assert send(api, "POST", "/mark", {"read": False}).json() == {"changed": 2, "unread": 2}
    one = api.get(f"{BASE}/{critical[0]['id']}").json()
    assert one["severity"] == "critical" and one["read_at"] is None


def test_listing_the_inbox_asks_the_same_few_questions(
    owner: Actor, api: Client, sent: list[str], django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        notify(owner.workspace, TOPIC, f"{number}")

    with django_assert_max_num_queries(10):
        assert len(api.get(BASE).json()["results"]) == 30


def test_preferences_change_in_part_and_whole_or_not_at_all(owner: Actor, api: Client) -> None:
    choice = {"topic": TOPIC, "channel": "email", "mode": "hourly"}
    answer = send(api, "PATCH", "/preferences", {"choices": [choice], "quiet_from": "22:00", "quiet_to": "07:00"})
    kept = answer.json()
    assert choice in kept["choices"] and (kept["quiet_from"], kept["daily_at"]) == ("22:00", "08:30")

    kept = send(api, "PATCH", "/preferences", {"daily_at": "09:15"}).json()
    assert kept["quiet_to"] == "07:00" and choice in kept["choices"]
    assert send(api, "PATCH", "/preferences", {"daily_at": "25:00"}).status_code == 422
    wrong = {"choices": [{**choice, "mode": "off"}], "time_zone": "Nowhere"}
    assert send(api, "PATCH", "/preferences", wrong).status_code == 422
    assert choice in api.get(f"{BASE}/preferences").json()["choices"]
    page_daily = {"choices": [{"topic": TOPIC, "channel": "page", "mode": "daily"}]}
    assert send(api, "PATCH", "/preferences", page_daily).status_code == 422


def test_topics_come_in_both_languages(api: Client) -> None:
    rows = {row["id"]: row for row in api.get(f"{BASE}/topics").json()["results"]}

    assert rows["markets.alert"]["title"] == {"en": "Stock alerts", "ko": "주식 알림"}
    assert rows["markets.alert"]["modes"]["sms"] == "off"
    assert {"procurement.match", "properties.price", "timeseries.anomaly", "workflows.run_failed"} <= set(rows)


def test_a_destination_lives_its_whole_life(owner: Actor, api: Client, receiver: Receiver, sent: list[str]) -> None:
    made = send(api, "POST", "/destinations", {"channel": "webhook", "address": HOOK, "personal": False})
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    path = f"/destinations/{made.json()['id']}"
    again = send(api, "POST", "/destinations", {"channel": "webhook", "address": HOOK, "personal": False})
    assert again.status_code == 409

    shown = api.get(f"{BASE}{path}").json()
    assert "secret" not in shown and shown["address"] == "hooks.example.com"
    assert send(api, "POST", f"{path}/test").json()["status"] == "sent"
    changed = send(api, "PATCH", path, {"topics": ["markets.alert"], "mode": "daily", "name": "Ours"}).json()
    assert (changed["topics"], changed["mode"], changed["name"]) == (["markets.alert"], "daily", "Ours")
    assert send(api, "PATCH", path, {"topics": ["no.such"]}).status_code == 422
    log = api.get(f"{BASE}/deliveries?status=sent").json()["results"]
    assert log[0]["is_test"] and log[0]["events"][0]["topic"] == "portal.test"
    assert send(api, "DELETE", path).status_code == 204
    assert api.get(f"{BASE}/destinations").json()["results"] == []


def test_nobody_sees_or_touches_somebody_elses(
    owner: Actor, viewer: Actor, stranger: Actor, api: Client, sent: list[str], receiver: Receiver
) -> None:
    own = send(api, "POST", "/destinations", {"channel": "webhook", "address": HOOK}).json()["id"]
    event = notify(owner.workspace, TOPIC, "Private", people=[owner.user])
    assert event is not None
    letter, delivery = Notification.objects.get().pk, event.deliveries.get().pk

    for other in (viewer, stranger):
        client = client_of(other)
        assert client.get(BASE).json()["results"] == []
        assert client.get(f"{BASE}/deliveries").json()["results"] == []
        assert client.get(f"{BASE}/{letter}").status_code == 404
        assert client.get(f"{BASE}/destinations/{own}").status_code == 404
        assert send(client, "POST", f"/destinations/{own}/test").status_code == 404
        assert send(client, "DELETE", f"/destinations/{own}").status_code == 404
        assert send(client, "POST", f"/deliveries/{delivery}/retry").status_code == 404
        assert send(client, "POST", "/mark", {"ids": [str(letter)]}).json()["changed"] == 0
    assert Client().get(BASE).status_code == 401
    assert Notification.objects.get().read_at is None and Destination.objects.count() == 1


def test_a_viewer_shares_nothing_with_the_workspace(viewer: Actor) -> None:
    body = {"channel": "webhook", "address": HOOK, "personal": False}
    assert send(client_of(viewer), "POST", "/destinations", body).status_code == 403
    assert send(client_of(viewer), "POST", "/destinations", {**body, "personal": True}).status_code == 201


def test_a_key_that_only_reads_changes_nothing(owner: Actor, sent: list[str]) -> None:
    _key, secret = create_api_key(owner.user, "reader", workspace_id=owner.workspace.pk, scopes=["data:read"])
    head = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    client = Client()

    assert client.get(BASE, **head).status_code == 200  # type: ignore[arg-type]
    assert send(client, "POST", "/mark", {}, **head).status_code == 403
    assert send(client, "PATCH", "/preferences", {"daily_at": "09:00"}, **head).status_code == 403
    made = send(client, "POST", "/destinations", {"channel": "webhook", "address": HOOK}, **head)
    assert made.status_code == 403
