"""The pages of notifications: what they show, keep, and refuse."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from django.test import Client

from portal.notifications.destinations import destination_create
from portal.notifications.models import Channel, Delivery, Destination, Mode, Notification, Preference
from portal.notifications.preferences import hours, matrix
from portal.notifications.publish import notify
from portal.notifications.topics import Words
from portal.workspaces.services import Actor
from tests.notifications.conftest import TOPIC, Receiver
from tests.pages.conftest import client_of

PAGES = ["/notifications/", "/notifications/preferences", "/notifications/destinations", "/notifications/log"]
HOOK = {"url": "https://hooks.example.com/in"}


@pytest.fixture
def browser(owner: Actor) -> Client:
    return client_of(owner)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_page_renders_empty_and_full(owner: Actor, sent: list[str], receiver: Receiver, language: str) -> None:
    client = client_of(owner, language)
    for address in PAGES:
        assert client.get(address).status_code == 200, address
    destination_create(owner, Channel.WEBHOOK, HOOK, personal=False)
    destination_create(owner, Channel.EMAIL, {"email": "team@example.com"})
    notify(owner.workspace, TOPIC, Words("Prices fell", "가격 하락"), "x", "/markets/", severity="critical")

    inbox = client.get("/notifications/").content.decode()

    assert ("가격 하락" if language == "ko" else "Prices fell") in inbox
    for address in PAGES:
        assert client.get(address).status_code == 200, address


def test_the_bell_counts_and_opening_reads(owner: Actor, browser: Client, sent: list[str]) -> None:
    notify(owner.workspace, TOPIC, "One", url="/members")
    notify(owner.workspace, TOPIC, "Two", url="https://elsewhere.example/")
    assert "Notifications, unread: 2" in browser.get("/members").content.decode()
    two, one = Notification.objects.all()

    assert browser.get(f"/notifications/{one.pk}")["Location"] == "/members"
    assert browser.get(f"/notifications/{two.pk}")["Location"] == "/notifications/"
    assert "unread</" not in browser.get("/members").content.decode()
    assert not Notification.objects.filter(read_at=None).exists()


def test_filters_narrow_and_marking_keeps_them(owner: Actor, browser: Client, sent: list[str]) -> None:
    notify(owner.workspace, TOPIC, "An apple", severity="critical")
    notify(owner.workspace, "portal.destination_off", "A pear")

    def shown(query: str) -> tuple[bool, bool]:
        text = browser.get(f"/notifications/?{query}").content.decode()
        return "An apple" in text, "A pear" in text

    assert shown("") == (True, True)
    assert shown("severity=critical") == (True, False)
    assert shown("topic=portal.destination_off") == shown("topic=portal") == shown("words=pear") == (False, True)
    apple = Notification.objects.get(event__title_en="An apple")
    answer = browser.post("/notifications/mark", {"id": apple.pk, "back": "state=unread"})
    assert answer["Location"] == "/notifications/?state=unread"
    assert shown("state=unread") == (False, True) and shown("state=read") == (True, False)
    back = browser.post("/notifications/mark", {"id": apple.pk, "read": "0", "back": "x=1\r\nSet-Cookie: a=b"})
    assert back.status_code == 302 and "\n" not in back["Location"]
    assert shown("state=unread") == (True, True)
    browser.post("/notifications/mark", {})
    assert shown("state=unread") == (False, False)


def test_nobody_reads_or_marks_somebody_elses(owner: Actor, viewer: Actor, stranger: Actor, sent: list[str]) -> None:
    notify(owner.workspace, TOPIC, "Private", people=[owner.user])
    row = Notification.objects.get()

    for other in (viewer, stranger):
        client = client_of(other)
        assert client.get(f"/notifications/{row.pk}").status_code == 404
        client.post("/notifications/mark", {"id": row.pk})
        client.post("/notifications/mark", {})
        assert "Private" not in client.get("/notifications/").content.decode()
        assert "Private" not in b"".join(client.get("/notifications/export").streaming_content).decode()  # type: ignore[attr-defined]
    row.refresh_from_db()
    assert row.read_at is None


def test_the_export_is_safe_for_spreadsheets(owner: Actor, browser: Client, sent: list[str]) -> None:
    notify(owner.workspace, TOPIC, "=HYPERLINK(1)", "a, b\nc")

    table = b"".join(browser.get("/notifications/export?form=csv").streaming_content).decode()  # type: ignore[attr-defined]
    lines = b"".join(browser.get("/notifications/export?form=json").streaming_content)  # type: ignore[attr-defined]

    assert table.startswith("\ufeff")
    head, row = csv.reader(StringIO(table.removeprefix("\ufeff")))
    assert row[head.index("title")] == "'=HYPERLINK(1)" and row[head.index("body")] == "a, b\nc"
    assert json.loads(lines)[0]["title"] == "=HYPERLINK(1)"
    assert browser.get("/notifications/export?form=exe").status_code == 422


def test_preferences_are_kept_and_forgotten(owner: Actor, browser: Client) -> None:
    browser.post("/notifications/preferences", {f"{TOPIC}|email": "hourly", f"{TOPIC}|page": "off"})

    row = next(row for row in matrix(owner) if row.topic.id == TOPIC)
    assert (row.modes[Channel.EMAIL], row.modes[Channel.PAGE]) == (Mode.HOURLY, Mode.OFF)
    assert browser.post("/notifications/preferences", {f"{TOPIC}|page": "daily"}).status_code == 422
    browser.post("/notifications/preferences", {"reset": "1"})
    assert not Preference.objects.exists()


def test_times_are_kept_and_wrong_ones_named(owner: Actor, browser: Client) -> None:
    form = {"quiet_from": "22:00", "quiet_to": "07:30", "daily_at": "09:00", "time_zone": "Asia/Seoul", "pause": "8"}
    browser.post("/notifications/preferences/hours", form)

    kept = hours(owner)
    assert str(kept.quiet_from) == "22:00:00" and kept.muted_until is not None and not kept.critical_anyway
    answer = browser.post("/notifications/preferences/hours", {**form, "time_zone": "Mars/Base"}, follow=True)
    assert "no known time zone" in answer.content.decode()
    answer = browser.post("/notifications/preferences/hours", {**form, "quiet_to": ""}, follow=True)
    assert "a beginning and an end" in answer.content.decode()
    browser.post("/notifications/preferences/hours", {**form, "pause": "end"})
    assert hours(owner).muted_until is None


def test_a_webhook_is_added_tried_and_removed(owner: Actor, browser: Client, receiver: Receiver) -> None:
    answer = browser.post("/notifications/destinations/add", {"channel": "webhook", **HOOK, "owner": "workspace"})
    place = Destination.objects.get()
    assert "whsec_" in answer.content.decode() and answer["Cache-Control"] == "no-store"
    assert place.owner is None
    assert "whsec_" not in browser.get("/notifications/destinations").content.decode()

    answer = browser.post(f"/notifications/destinations/{place.pk}/test", follow=True)

    assert "The test message was taken." in answer.content.decode()
    assert receiver.requests[0].url == HOOK["url"]
    assert "This is a test message" in browser.get("/notifications/log").content.decode()
    browser.post(f"/notifications/destinations/{place.pk}/remove")
    assert not Destination.objects.exists()
    assert Delivery.objects.get().status == Delivery.Status.SENT


def test_a_wrong_address_opens_its_form_again(browser: Client) -> None:
    answer = browser.post("/notifications/destinations/add", {"channel": "webhook", "url": "ftp://x"})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "This is no web address." in text and 'id="add-webhook"' in text and "data-open-now" in text


def test_a_viewer_has_destinations_of_their_own_only(owner: Actor, viewer: Actor, stranger: Actor) -> None:
    shared, _ = destination_create(owner, Channel.WEBHOOK, HOOK, personal=False)
    own, _ = destination_create(owner, Channel.WEBHOOK, {"url": "https://mine.example.com/"})
    client = client_of(viewer)

    assert (
        client.post(
            "/notifications/destinations/add", {"channel": "webhook", "url": "https://v.example.com/"}
        ).status_code
        == 200
    )
    refused = client.post("/notifications/destinations/add", {"channel": "webhook", **HOOK, "owner": "workspace"})
    assert refused.status_code == 422 and Destination.objects.filter(owner=None).count() == 1
    assert client.post(f"/notifications/destinations/{shared.pk}/remove").status_code == 403
    assert client.post(f"/notifications/destinations/{own.pk}/remove").status_code == 404
    assert client_of(stranger).post(f"/notifications/destinations/{shared.pk}/test").status_code == 404
    page = client.get("/notifications/destinations").content.decode()
    assert "hooks.example.com" in page and "mine.example.com" not in page


def test_the_app_can_be_installed(browser: Client) -> None:
    manifest = browser.get("/manifest.webmanifest")
    worker = browser.get("/service-worker.js")

    assert manifest.json()["display"] == "standalone"
    assert {icon["sizes"] for icon in manifest.json()["icons"]} == {"192x192", "512x512"}
    assert worker["Content-Type"].startswith("text/javascript") and "showNotification" in worker.content.decode()
    assert 'rel="manifest"' in browser.get("/members").content.decode()
