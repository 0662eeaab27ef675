"""Sending what is due: claim, send, write down how it went. At least once; a message keeps its id in every attempt.

A delivery is claimed for a lease. A worker that dies leaves the lease behind, and the reaper puts the delivery back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.common.bridge import run_async
from portal.common.errors import Conflict, NotFound, PortalError
from portal.common.ids import uuid7
from portal.notifications import dispatch
from portal.notifications.channels import PORTS
from portal.notifications.channels.base import Item, Message, TryLater, Undeliverable
from portal.notifications.models import Channel, Delivery, Destination, Event, Notification
from portal.notifications.notices import DESTINATION_OFF, TEST
from portal.notifications.timing import MAX_ATTEMPTS, retry_after
from portal.notifications.topics import Words, topics
from portal.workspaces.models import Membership
from portal.workspaces.services import Actor
from portal.workspaces.vault import place_of, unseal

logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)
#: How late a due delivery must be before the reaper believes its task lost.
GRACE = timedelta(seconds=20)
#: Refusals in a row after which a destination is switched off.
MAX_FAILURES = 20
#: Longer waits than this are left to the reaper: a broker is no calendar.
LONGEST_COUNTDOWN = timedelta(minutes=10)
REAP_BATCH = 500
#: A longer digest carries its newest events and says how many there are.
MAX_ITEMS = 100
#: How often beat asks for what is due.
SWEEP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went, before it is written down."""

    status: str
    code: str = ""
    message: str = ""
    answered: int | None = None
    retry_after: float | None = None
    is_gone: bool = False


def absolute(url: str) -> str:
    """A path of this product as a whole address."""
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def deliver(delivery_id: UUID) -> Delivery | None:
    """Make one attempt; None when the delivery is not due, or somebody else has it."""
    delivery = _claim(delivery_id)
    if delivery is None:
        return None
    outcome = _unwanted(delivery) or _attempt(delivery)
    return _finish(delivery, outcome)


@transaction.atomic
def _claim(delivery_id: UUID) -> Delivery | None:
    now = timezone.now()
    delivery: Delivery | None = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("workspace", "user", "destination", "destination__data_key", "destination__owner")
        .filter(pk=delivery_id, status=Delivery.Status.PENDING, next_attempt_at__lte=now)
        .first()
    )
    if delivery is None:
        return None
    delivery.status, delivery.lease_until = Delivery.Status.SENDING, now + LEASE
    delivery.attempts += 1
    delivery.save(update_fields=["status", "lease_until", "attempts"])
    return delivery


def _unwanted(delivery: Delivery) -> Outcome | None:
    """Why the message is not sent any more, if so: choices count at the time of sending."""
    dropped = Delivery.Status.DROPPED
    place = delivery.destination
    if place is None and not (delivery.channel == Channel.EMAIL and delivery.user is not None):
        return Outcome(dropped, "removed", "The destination was removed.")
    if place is not None and not place.is_usable:
        return Outcome(dropped, "switched_off", "The destination is switched off.")
    if delivery.user is not None:
        member = Membership.objects.filter(workspace_id=delivery.workspace_id, user=delivery.user)
        if not delivery.user.is_active or not member.exists():
            return Outcome(dropped, "left", "The person is no member any more.")
    return None


def message_of(delivery: Delivery) -> Message:
    """The delivery's events as one message in the reader's language."""
    reader = delivery.user or (delivery.destination.owner if delivery.destination else None)
    language = (reader.language if reader else "") or settings.LANGUAGE_CODE
    known = topics()
    total = delivery.events.count()
    events: list[Event] = list(delivery.events.order_by("-id")[:MAX_ITEMS])[::-1]
    items = [
        Item(
            id=event.pk,
            topic=event.topic,
            topic_title=known[event.topic].title.in_language(language) if event.topic in known else event.topic,
            severity=event.severity,
            title=event.title(language),
            body=event.body(language),
            url=absolute(event.url),
            at=event.created_at,
            data=event.data,
        )
        for event in events
    ]
    return Message(
        id=delivery.pk,
        workspace=delivery.workspace.name,
        workspace_id=delivery.workspace_id,
        language=language,
        items=items,
        is_test=delivery.is_test,
        settings_url=absolute("/notifications/preferences"),
        total=total,
    )


def send_now(actor: Actor, place: Destination, secrets: Mapping[str, str], title: Words, body: Words) -> None:
    """Send a few words without a trace in the log, for codes; raises `TryLater` or `Undeliverable`."""
    language = (actor.user.language if actor.user else "") or settings.LANGUAGE_CODE
    item = Item(
        id=uuid7(),
        topic=TEST,
        topic_title="",
        severity="info",
        title=title.in_language(language),
        body=body.in_language(language),
        url="",
        at=timezone.now(),
        data={},
    )
    message = Message(uuid7(), actor.workspace.name, actor.workspace.pk, language, [item], is_test=True)
    run_async(lambda: PORTS[place.channel].send(message, secrets, egress=None))


def _attempt(delivery: Delivery) -> Outcome:
    message = message_of(delivery)
    if not message.items:
        return Outcome(Delivery.Status.DROPPED, "empty", "What it spoke of was removed.")
    place = delivery.destination
    egress = tuple(delivery.workspace.egress_hosts) or None
    try:
        if place is None:
            assert delivery.user is not None
            secrets = {"email": delivery.user.email}
        else:
            secrets = unseal(place.data_key, place.sealed, place_of(place))
        answered = run_async(lambda: PORTS[delivery.channel].send(message, secrets, egress=egress))
    except TryLater as error:
        again = delivery.attempts < MAX_ATTEMPTS and not delivery.is_test
        status = Delivery.Status.PENDING if again else Delivery.Status.FAILED
        return Outcome(status, error.error_code, error.message, error.answered, error.retry_after)
    except Undeliverable as error:
        failed = Delivery.Status.FAILED
        return Outcome(failed, error.error_code, error.explain(), error.answered, is_gone=error.is_gone)
    except PortalError as error:
        # Keys that do not open the vault, for example: the operator must act, another try will not help.
        logger.error("Delivery %s cannot be sent: %s", delivery.pk, error.error_code)
        return Outcome(Delivery.Status.FAILED, error.error_code, error.message)
    return Outcome(Delivery.Status.SENT, answered=answered)


def _finish(delivery: Delivery, outcome: Outcome) -> Delivery:
    """Write the outcome, unless the lease was lost and somebody else tells this delivery's story now."""
    now = timezone.now()
    wait: timedelta | None = None
    fields = {
        "status": outcome.status,
        "lease_until": None,
        "error_code": outcome.code[:60],
        "error": outcome.message[:300],
        "response_status": outcome.answered,
    }
    if outcome.status == Delivery.Status.SENT:
        fields["sent_at"] = now
    if outcome.status == Delivery.Status.PENDING:
        wait = retry_after(delivery.attempts, asked=outcome.retry_after)
        fields["next_attempt_at"] = now + wait
    with transaction.atomic():
        mine = Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.SENDING, attempts=delivery.attempts)
        if not mine.update(**fields):
            delivery.refresh_from_db()
            return delivery
        if delivery.destination_id is not None and outcome.status != Delivery.Status.DROPPED:
            _note_health(delivery, outcome, now)
        if wait is not None and wait <= LONGEST_COUNTDOWN:
            transaction.on_commit(lambda: dispatch.send_deliveries([delivery.pk], countdown=wait.total_seconds() + 0.5))
    delivery.refresh_from_db()
    return delivery


def _note_health(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Remember at the destination how it goes, and switch it off when it is gone for good."""
    place = Destination.objects.select_for_update().get(pk=delivery.destination_id)
    if outcome.status == Delivery.Status.SENT:
        place.failures, place.problem, place.last_sent_at = 0, "", now
        place.save(update_fields=["failures", "problem", "last_sent_at"])
        return
    place.problem = outcome.message[:300]
    if outcome.status == Delivery.Status.FAILED:
        place.failures += 1
    switched_off = place.is_active and (outcome.is_gone or place.failures >= MAX_FAILURES)
    if switched_off:
        place.is_active = False
    place.save(update_fields=["failures", "problem", "is_active"])
    if switched_off:
        _tell_switched_off(place)


def _tell_switched_off(place: Destination) -> None:
    from portal.notifications.publish import notify

    person = place.owner_id or place.created_by_id
    notify(
        place.workspace_id,
        DESTINATION_OFF,
        Words(f"“{place.name}” gets no messages any more", f"“{place.name}” 수신처로 더 이상 보내지 않습니다"),
        place.problem,
        "/notifications/destinations",
        people=[person] if person else None,
        include_workspace=False,
        dedup_key=f"off:{place.pk}:{place.failures}:{timezone.now():%Y%m%d%H%M}",
    )


# What beat asks for ------------------------------------------------------------------------------------------


def reap(now: datetime | None = None) -> int:
    """Hand out what is due and was not taken, digests among it, and take back what dead workers hold."""
    now = now or timezone.now()
    Delivery.objects.filter(status=Delivery.Status.SENDING, lease_until__lt=now, attempts__gte=MAX_ATTEMPTS).update(
        status=Delivery.Status.FAILED, lease_until=None, error_code="lost", error="Every worker that tried it was lost."
    )
    Delivery.objects.filter(status=Delivery.Status.SENDING, lease_until__lt=now).update(
        status=Delivery.Status.PENDING, lease_until=None, next_attempt_at=now
    )
    fresh = Q(slot="") & Q(attempts=0)
    waiting = Delivery.objects.filter(status=Delivery.Status.PENDING, next_attempt_at__lte=now).exclude(
        # Its own task has hardly had the time to arrive.
        fresh & Q(next_attempt_at__gt=now - GRACE)
    )
    found = list(waiting.order_by("next_attempt_at").values_list("pk", flat=True)[:REAP_BATCH])
    # Behind a long queue, the next sweep asks again: what is older than it need not be done twice.
    dispatch.send_deliveries(found, expires=SWEEP_SECONDS * 2)
    return len(found)


def expire(days: int, now: datetime | None = None) -> int:
    """Delete deliveries and events older than so many days; unread notifications stay until they are twice as old."""
    since = (now or timezone.now()) - timedelta(days=days)
    ended = [Delivery.Status.SENT, Delivery.Status.FAILED, Delivery.Status.DROPPED]
    Delivery.objects.filter(created_at__lt=since, status__in=ended).delete()
    Notification.objects.filter(Q(read_at__lt=since) | Q(created_at__lt=since - timedelta(days=days))).delete()
    old = Event.objects.filter(created_at__lt=since, notifications=None, deliveries=None)
    deleted, _ = old.delete()
    return deleted


# What people ask for -----------------------------------------------------------------------------------------


def delivery_of(actor: Actor, delivery_id: UUID) -> Delivery:
    """A delivery that the actor may see."""
    from portal.notifications.selectors import deliveries_of

    found: Delivery | None = deliveries_of(actor).filter(pk=delivery_id).first()
    if found is None:
        raise NotFound("There is no such delivery.")
    return found


def retry(actor: Actor, delivery_id: UUID) -> Delivery:
    """Try a failed delivery again, from the start of its attempts."""
    delivery = delivery_of(actor, delivery_id)
    changed = Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.FAILED).update(
        status=Delivery.Status.PENDING, attempts=0, next_attempt_at=timezone.now()
    )
    if not changed:
        raise Conflict("Only a failed delivery can be tried again.")
    transaction.on_commit(lambda: dispatch.send_deliveries([delivery.pk]))
    delivery.refresh_from_db()
    return delivery
