"""Attempts, retries, digests, and what survives lost workers and brokers."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from django.core import mail
from django.utils import timezone
from kombu.exceptions import OperationalError

from portal.common.errors import Conflict, NotFound
from portal.notifications import deliveries, dispatch, publish
from portal.notifications.destinations import destination_create, destination_delete, destination_update
from portal.notifications.models import Channel, Delivery, Destination, Mode, Notification
from portal.notifications.preferences import save_hours, save_matrix
from portal.notifications.publish import notify
from portal.notifications.timing import MAX_ATTEMPTS
from portal.workspaces.models import Membership
from portal.workspaces.services import Actor
from tests.notifications.conftest import TOPIC, Receiver

SECRET_URL = "https://hooks.example.com/in?token=very-secret-part"
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture
def hook(owner: Actor) -> Destination:
    return destination_create(owner, Channel.WEBHOOK, {"url": SECRET_URL}, personal=False)[0]


def told(owner: Actor, title: str = "News", **options: Any) -> Delivery:
    """The delivery of a fresh event."""
    event = notify(owner.workspace, TOPIC, title, **options)
    assert event is not None
    found: Delivery = event.deliveries.get()
    return found


def again(delivery: Delivery) -> Delivery:
    """The next attempt, as if its time had come."""
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=timezone.now())
    done = deliveries.deliver(delivery.pk)
    assert done is not None
    return done


def test_a_taken_message_is_sent_once(owner: Actor, hook: Destination, sent: list[str], receiver: Receiver) -> None:
    delivery = told(owner)

    done = deliveries.deliver(delivery.pk)
    twice = deliveries.deliver(delivery.pk)

    assert done is not None and (done.status, done.response_status, done.attempts) == ("sent", 200, 1)
    assert twice is None and len(receiver.requests) == 1
    hook.refresh_from_db()
    assert hook.last_sent_at is not None and hook.failures == 0


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 425, 429])
def test_a_side_that_is_away_is_tried_again(
    owner: Actor, hook: Destination, sent: list[str], receiver: Receiver, status: int
) -> None:
    receiver.answers = [httpx2.Response(status), httpx2.Response(204)]
    delivery = told(owner)

    first = deliveries.deliver(delivery.pk)

    assert first is not None and (first.status, first.error_code) == ("pending", f"http_{status}")
    assert first.next_attempt_at > timezone.now()
    assert deliveries.deliver(delivery.pk) is None
    assert again(delivery).status == "sent"
    assert receiver.requests[0].headers["webhook-id"] == receiver.requests[1].headers["webhook-id"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 301, 302])
def test_a_refusal_is_final(owner: Actor, hook: Destination, sent: list[str], receiver: Receiver, status: int) -> None:
    receiver.answers = [httpx2.Response(status, headers={"location": "https://elsewhere.example.com/"})]

    done = deliveries.deliver(told(owner).pk)

    assert done is not None and (done.status, done.response_status) == ("failed", status)
    assert len(receiver.requests) == 1
    hook.refresh_from_db()
    assert hook.is_active and hook.failures == 1 and str(status) in hook.problem


def test_the_other_side_says_when(owner: Actor, hook: Destination, sent: list[str], receiver: Receiver) -> None:
    receiver.answers = [httpx2.Response(429, headers={"retry-after": "1800"})]
    delivery = told(owner)
    sent.clear()

    done = deliveries.deliver(delivery.pk)

    assert done is not None
    assert timedelta(minutes=29) < done.next_attempt_at - timezone.now() <= timedelta(minutes=30)
    # Longer than a broker should remember: the reaper's.
    assert sent == []


@pytest.mark.parametrize("broken", [httpx2.ConnectError("x"), httpx2.ReadTimeout("x"), httpx2.RemoteProtocolError("x")])
def test_a_broken_connection_is_tried_again(
    owner: Actor, hook: Destination, sent: list[str], receiver: Receiver, broken: Exception
) -> None:
    receiver.answers = [broken]

    done = deliveries.deliver(told(owner).pk)

    assert done is not None and done.status == "pending" and done.error


def test_patience_ends(owner: Actor, hook: Destination, sent: list[str], receiver: Receiver) -> None:
    receiver.answers = [httpx2.Response(503) for _ in range(MAX_ATTEMPTS)]
    delivery = told(owner)

    for _ in range(MAX_ATTEMPTS):
        delivery = again(delivery)

    assert (delivery.status, delivery.attempts) == ("failed", MAX_ATTEMPTS)
    deliveries.retry(owner, delivery.pk)
    assert again(delivery).status == "sent"
    with pytest.raises(Conflict):
        deliveries.retry(owner, delivery.pk)


def test_a_destination_that_is_gone_is_switched_off_and_its_owner_told(
    owner: Actor, hook: Destination, sent: list[str], receiver: Receiver
) -> None:
    receiver.answers = [httpx2.Response(410)]

    deliveries.deliver(told(owner).pk)

    hook.refresh_from_db()
    assert not hook.is_active
    assert Notification.objects.filter(user=owner.user, event__topic="portal.destination_off").count() == 1
    assert not notify(owner.workspace, TOPIC, "Later").deliveries.exists()  # type: ignore[union-attr]
    destination_update(owner, hook.pk, is_active=True)
    assert told(owner, "After switching on").destination == hook


def test_private_addresses_are_never_called(owner: Actor, sent: list[str], receiver: Receiver) -> None:
    destination_create(owner, Channel.WEBHOOK, {"url": "http://169.254.169.254/latest"}, personal=False)

    done = deliveries.deliver(told(owner).pk)

    assert done is not None and (done.status, done.error_code) == ("failed", "address_refused")
    assert receiver.requests == []


def test_the_workspaces_allow_list_holds_for_webhooks(
    owner: Actor, hook: Destination, sent: list[str], receiver: Receiver
) -> None:
    owner.workspace.egress_hosts = ["api.example.org"]
    owner.workspace.save()

    done = deliveries.deliver(told(owner).pk)

    assert done is not None and (done.status, done.error_code) == ("failed", "egress_refused")


def test_no_secret_in_log_rows_or_answers(
    owner: Actor, hook: Destination, sent: list[str], receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    receiver.answers = [httpx2.ConnectError(SECRET_URL), httpx2.Response(400, text=SECRET_URL)]
    delivery = told(owner)
    deliveries.deliver(delivery.pk)
    again(delivery)

    rows = [str(list(model.objects.values())) for model in (Delivery, Destination)]
    for text in (caplog.text, *rows):
        assert "very-secret-part" not in text
        assert "whsec_" not in text


def test_what_is_not_wanted_any_more_is_not_sent(
    owner: Actor, viewer: Actor, sent: list[str], receiver: Receiver
) -> None:
    place, _ = destination_create(viewer, Channel.WEBHOOK, {"url": SECRET_URL})
    removed = told(owner, people=[viewer.user])
    destination_delete(viewer, place.pk)
    removed.refresh_from_db()
    assert (removed.status, removed.error_code) == ("dropped", "removed")

    destination_create(viewer, Channel.WEBHOOK, {"url": SECRET_URL})
    left = told(owner, people=[viewer.user])
    Membership.objects.filter(user=viewer.user).delete()
    done = deliveries.deliver(left.pk)
    assert done is not None and (done.status, done.error_code) == ("dropped", "left")
    assert receiver.requests == []


def test_the_log_shows_ones_own_and_the_workspaces(
    owner: Actor, viewer: Actor, stranger: Actor, sent: list[str]
) -> None:
    destination_create(owner, Channel.WEBHOOK, {"url": SECRET_URL})
    delivery = told(owner, people=[owner.user])

    assert deliveries.delivery_of(owner, delivery.pk) == delivery
    for other in (viewer, stranger):
        with pytest.raises(NotFound):
            deliveries.delivery_of(other, delivery.pk)
        with pytest.raises(NotFound):
            deliveries.retry(other, delivery.pk)


# Digests -----------------------------------------------------------------------------------------------------


def at(monkeypatch: pytest.MonkeyPatch, clock: str, day: int = 10) -> datetime:
    moment = datetime.combine(datetime(2026, 3, day), time.fromisoformat(clock), SEOUL)
    monkeypatch.setattr(publish.timezone, "now", lambda: moment)
    return moment


def test_a_digest_groups_what_came_until_its_time(
    owner: Actor, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_matrix(owner, {(TOPIC, Channel.EMAIL): Mode.HOURLY})
    at(monkeypatch, "09:05")
    notify(owner.workspace, TOPIC, "First")
    at(monkeypatch, "09:55")
    notify(owner.workspace, TOPIC, "Second")
    at(monkeypatch, "10:00")
    notify(owner.workspace, TOPIC, "Third")
    assert sent == [] and Delivery.objects.count() == 2

    at(monkeypatch, "10:00:30")
    assert deliveries.reap() == 1
    deliveries.deliver(sent[0])  # type: ignore[arg-type]

    (letter,) = mail.outbox
    assert letter.to == [owner.user.email] and "2 notifications" in letter.subject
    assert "First" in letter.body and "Second" in letter.body and "Third" not in letter.body
    assert "Second" in letter.alternatives[0][0]


def test_the_night_waits_for_the_morning(owner: Actor, sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    save_matrix(owner, {(TOPIC, Channel.EMAIL): Mode.INSTANT})
    night = {"quiet_from": time(22), "quiet_to": time(7), "daily_at": time(9), "muted_until": None}
    save_hours(owner, time_zone="Asia/Seoul", critical_anyway=True, **night)  # type: ignore[arg-type]
    at(monkeypatch, "23:00")
    notify(owner.workspace, TOPIC, "Late")
    notify(owner.workspace, TOPIC, "Fire", severity="critical")
    at(monkeypatch, "02:00", 11)
    notify(owner.workspace, TOPIC, "Later")

    assert Notification.objects.count() == 3
    at(monkeypatch, "06:59:59", 11)
    alarm = Delivery.objects.get(slot="")
    assert alarm.events.get().title_en == "Fire"
    Delivery.objects.filter(pk=alarm.pk).update(status="sent")
    assert deliveries.reap() == 0
    at(monkeypatch, "07:00", 11)
    assert deliveries.reap() == 1
    morning = Delivery.objects.exclude(slot="").get()
    assert sorted(event.title_en for event in morning.events.all()) == ["Late", "Later"]


def test_an_event_written_while_its_digest_leaves_goes_right_behind(
    owner: Actor, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_matrix(owner, {(TOPIC, Channel.EMAIL): Mode.HOURLY})
    at(monkeypatch, "09:05")
    first = told(owner, "In time")
    Delivery.objects.filter(pk=first.pk).update(status=Delivery.Status.SENT, attempts=1)

    late = told(owner, "Too late")

    assert late != first and late.slot == "" and late.status == "pending"


def test_a_long_digest_carries_the_newest_and_says_how_many(
    owner: Actor, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MAX_ITEMS", 3)
    save_matrix(owner, {(TOPIC, Channel.EMAIL): Mode.HOURLY})
    at(monkeypatch, "09:05")
    for number in range(5):
        notify(owner.workspace, TOPIC, f"Event {number}")
    at(monkeypatch, "10:00")

    deliveries.deliver(Delivery.objects.get().pk)

    (letter,) = mail.outbox
    assert "5 notifications" in letter.subject and "5 notifications of" in letter.body
    assert "Event 4" in letter.body and "Event 2" in letter.body and "Event 1" not in letter.body


# Losses ------------------------------------------------------------------------------------------------------


def test_without_a_broker_the_reaper_sends(
    owner: Actor,
    hook: Destination,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("no broker")

    with monkeypatch.context() as patch:
        patch.setattr(dispatch.current_app, "send_task", away)
        with django_capture_on_commit_callbacks(execute=True):
            delivery = told(owner)
    found: list[str] = []
    monkeypatch.setattr(dispatch.current_app, "send_task", lambda name, args, **_: found.extend(args))

    # Its own task may still be on the way.
    assert deliveries.reap() == 0
    assert deliveries.reap(timezone.now() + deliveries.GRACE * 2) == 1
    assert found == [str(delivery.pk)]


def test_a_worker_that_died_leaves_its_work_to_another(
    owner: Actor, hook: Destination, sent: list[str], receiver: Receiver
) -> None:
    delivery = told(owner)
    assert deliveries._claim(delivery.pk) is not None
    assert deliveries.reap() == 0 and deliveries.deliver(delivery.pk) is None

    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    deliveries.reap()
    done = deliveries.deliver(delivery.pk)

    assert done is not None and (done.status, done.attempts) == ("sent", 2)


def test_a_worker_that_lost_its_lease_writes_nothing(
    owner: Actor, hook: Destination, sent: list[str], receiver: Receiver
) -> None:
    delivery = told(owner)
    slow = deliveries._claim(delivery.pk)
    assert slow is not None
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    deliveries.reap()
    deliveries.deliver(delivery.pk)

    deliveries._finish(slow, deliveries.Outcome(Delivery.Status.FAILED, "late", "too late"))

    delivery.refresh_from_db()
    assert delivery.status == "sent"


def test_a_message_that_kills_its_workers_is_given_up(owner: Actor, hook: Destination, sent: list[str]) -> None:
    delivery = told(owner)
    Delivery.objects.update(status="sending", attempts=MAX_ATTEMPTS, lease_until=timezone.now() - timedelta(seconds=1))

    deliveries.reap()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.error_code) == ("failed", "lost")


def test_old_rows_go(owner: Actor, hook: Destination, sent: list[str], receiver: Receiver) -> None:
    delivery = told(owner)
    deliveries.deliver(delivery.pk)
    Notification.objects.update(read_at=timezone.now())
    waiting = told(owner, "Still waiting")
    Notification.objects.filter(event__title_en="Still waiting").update(read_at=None)

    assert deliveries.expire(90) == 0
    assert deliveries.expire(90, timezone.now() + timedelta(days=91)) == 1
    assert list(Delivery.objects.all()) == [waiting]
    assert Notification.objects.get().event.title_en == "Still waiting"
