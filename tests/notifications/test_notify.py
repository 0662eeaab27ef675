"""One event becomes inbox rows, frames and deliveries, exactly once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
import redis
from django.conf import settings
from django.db import transaction

from portal.notifications.destinations import destination_create
from portal.notifications.dispatch import channel_of
from portal.notifications.models import Channel, Delivery, Event, Mode, Notification
from portal.notifications.preferences import save_matrix
from portal.notifications.publish import notify
from portal.notifications.topics import Words
from portal.workspaces.services import Actor
from tests.notifications.conftest import TOPIC
from tests.people import make_user

HOOK = {"url": "https://hooks.example.com/in"}


def unread(actor: Actor) -> list[str]:
    rows = Notification.objects.filter(user=actor.user, read_at=None).select_related("event")
    return [row.event.title_en for row in rows]


def test_every_member_finds_it_in_the_inbox(owner: Actor, viewer: Actor, stranger: Actor, sent: list[str]) -> None:
    event = notify(owner.workspace, TOPIC, Words("Prices fell", "가격이 내렸습니다"), "By 3 %", "/properties/1")

    assert event is not None and event.title("ko") == "가격이 내렸습니다"
    assert unread(owner) == unread(viewer) == ["Prices fell"]
    assert unread(stranger) == []


def test_people_narrow_it_and_outsiders_never_hear(
    owner: Actor, viewer: Actor, stranger: Actor, sent: list[str]
) -> None:
    notify(owner.workspace, TOPIC, "For one", people=[viewer.user, stranger.user])

    assert unread(viewer) == ["For one"]
    assert unread(owner) == unread(stranger) == []


def test_the_same_key_is_told_once(owner: Actor, sent: list[str], django_capture_on_commit_callbacks: Any) -> None:
    destination_create(owner, Channel.WEBHOOK, HOOK, personal=False)
    with django_capture_on_commit_callbacks(execute=True):
        first = notify(owner.workspace, TOPIC, "Crawl ended", dedup_key="crawl:1")
        again = notify(owner.workspace, TOPIC, "Crawl ended, again", dedup_key="crawl:1")
        other = notify(owner.workspace, TOPIC, "Another crawl", dedup_key="crawl:2")

    assert first == again and other != first
    assert Notification.objects.count() == 2
    assert Delivery.objects.count() == 2 == len(sent)


def test_a_subject_rests_for_its_cooldown(owner: Actor, sent: list[str]) -> None:
    hour = timedelta(hours=1)
    first = notify(owner.workspace, TOPIC, "Up", subject="stock:005930", cooldown=hour)
    second = notify(owner.workspace, TOPIC, "Up again", subject="stock:005930", cooldown=hour)
    other = notify(owner.workspace, TOPIC, "Up", subject="stock:000660", cooldown=hour)
    assert first and other and second is None

    Event.objects.filter(pk=first.pk).update(created_at=first.created_at - hour)
    assert notify(owner.workspace, TOPIC, "Up later", subject="stock:005930", cooldown=hour)


@pytest.mark.django_db(transaction=True)
def test_nothing_leaves_a_transaction_that_is_rolled_back(owner: Actor, sent: list[str]) -> None:
    destination_create(owner, Channel.WEBHOOK, HOOK, personal=False)

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        notify(owner.workspace, TOPIC, "Never happened", dedup_key="x")
        raise ZeroDivisionError

    assert sent == [] and not Event.objects.exists()
    with transaction.atomic():
        notify(owner.workspace, TOPIC, "Happened", dedup_key="x")
        assert sent == []
    assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_open_pages_hear_of_it_in_both_languages(owner: Actor, sent: list[str]) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as listener:
        listener.subscribe(channel_of(owner.user.pk))
        listener.get_message(timeout=5)

        notify(owner.workspace, TOPIC, Words("Hello", "안녕"), url="/x")

        frame = orjson.loads(listener.get_message(timeout=5)["data"])
    assert frame["type"] == "notification"
    assert frame["title"] == {"en": "Hello", "ko": "안녕"}
    assert frame["workspace"] == str(owner.workspace.pk)


def test_what_a_person_switched_off_stays_away(owner: Actor, sent: list[str]) -> None:
    destination_create(owner, Channel.WEBHOOK, HOOK)
    save_matrix(owner, {(TOPIC, Channel.PAGE): Mode.OFF, (TOPIC, Channel.WEBHOOK): Mode.OFF})

    notify(owner.workspace, TOPIC, "Quiet")

    assert unread(owner) == []
    assert not Delivery.objects.exists()


def test_a_destination_may_want_some_topics_only(owner: Actor, sent: list[str]) -> None:
    destination_create(owner, Channel.WEBHOOK, HOOK, personal=False, topics=["portal.destination_off"])

    notify(owner.workspace, TOPIC, "Not for it")

    assert not Delivery.objects.exists()


def test_somebody_elses_destination_hears_nothing_of_a_message_to_one(
    owner: Actor, viewer: Actor, sent: list[str]
) -> None:
    destination_create(owner, Channel.WEBHOOK, HOOK)

    notify(owner.workspace, TOPIC, "For the viewer", people=[viewer.user])

    assert not Delivery.objects.exists()


def test_an_unknown_topic_is_a_mistake(owner: Actor) -> None:
    with pytest.raises(KeyError):
        notify(owner.workspace, "no.such_topic", "x")


def test_a_person_who_left_keeps_nothing_coming(owner: Actor, sent: list[str]) -> None:
    outsider = make_user()

    notify(owner.workspace, TOPIC, "x", people=[outsider])

    assert not Notification.objects.filter(user=outsider).exists()
