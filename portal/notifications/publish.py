"""`notify`: the one door through which the product tells people something.

Everything is written in the caller's transaction; frames and tasks leave when it commits. So nobody is told of
what was rolled back, and what a lost message of Redis would lose is found again by the reaper.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.common.ids import uuid7
from portal.notifications import dispatch
from portal.notifications.models import (
    Channel,
    Delivery,
    Destination,
    Event,
    Mode,
    Notification,
    Preference,
    Rhythm,
    Severity,
)
from portal.notifications.timing import Due, Hours, due
from portal.notifications.topics import Bilingual, Topic, both, topics
from portal.workspaces.models import Membership, Workspace


@dataclass(frozen=True, slots=True)
class _Target:
    """One place a message of the event goes to. Without a user it is the workspace's."""

    channel: str
    user: User | None
    destination: Destination | None
    address: str
    due: Due


def hours_of(rhythm: Rhythm | None, user: User | None) -> Hours:
    """The deciding part of a stored rhythm; without one, no quiet hours and a digest at half past eight."""
    if rhythm is None:
        return Hours(time_zone=user.time_zone if user else "Asia/Seoul")
    return Hours(
        time_zone=rhythm.time_zone,
        quiet_from=rhythm.quiet_from,
        quiet_to=rhythm.quiet_to,
        daily_at=rhythm.daily_at,
        muted_until=rhythm.muted_until,
        critical_anyway=rhythm.critical_anyway,
    )


def notify(
    workspace: Workspace | UUID,
    topic: str,
    title: str | Bilingual,
    body: str | Bilingual = "",
    url: str = "",
    *,
    severity: str = "",
    dedup_key: str = "",
    people: Iterable[User | UUID] | None = None,
    include_workspace: bool = True,
    subject: str = "",
    cooldown: timedelta | None = None,
    data: Mapping[str, Any] | None = None,
) -> Event | None:
    """Tell members of a workspace, and its own destinations, about one thing; returns the event.

    `people`: only these members; None means every member. `include_workspace`: also the workspace's destinations.
    `dedup_key`: the same key of a topic is told once, whoever asks again; the known event is returned.
    `subject` with `cooldown`: nothing is told (None is returned) when the topic spoke of this subject within it.
    An unknown topic is a mistake of the caller: `KeyError`.
    """
    about = topics()[topic]
    workspace_id = workspace.pk if isinstance(workspace, Workspace) else workspace
    heading, text = both(title), both(body)
    now = timezone.now()
    event = Event(
        id=uuid7(),
        workspace_id=workspace_id,
        topic=topic,
        severity=Severity(severity or about.severity),
        title_en=heading.en[:200],
        title_ko=heading.ko[:200],
        body_en=text.en[:4000],
        body_ko=text.ko[:4000],
        url=url[:500],
        dedup_key=dedup_key[:200],
        subject=subject[:200],
        data=dict(data or {}),
    )
    with transaction.atomic():
        if subject and cooldown is not None and _spoke_lately(event, now - cooldown):
            return None
        Event.objects.bulk_create([event], ignore_conflicts=True)
        if event.dedup_key:
            known: Event = Event.objects.get(workspace_id=workspace_id, topic=topic, dedup_key=event.dedup_key)
            if known.pk != event.pk:
                return known
        readers = _tell_people(event, about, people, now, include_workspace=include_workspace)
        transaction.on_commit(partial(dispatch.announce, event, readers))
    return event


def _spoke_lately(event: Event, since: datetime) -> bool:
    """Whether the topic spoke of the subject since then. Takes turns with others who ask the same just now."""
    key = f"{event.workspace_id}:{event.topic}:{event.subject}".encode()
    number = int.from_bytes(hashlib.sha256(key).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    return bool(
        Event.objects.for_workspace(event.workspace_id)
        .filter(topic=event.topic, subject=event.subject, created_at__gt=since)
        .exists()
    )


def _tell_people(
    event: Event,
    topic: Topic,
    people: Iterable[User | UUID] | None,
    now: datetime,
    *,
    include_workspace: bool,
) -> list[UUID]:
    """Write the inbox rows and deliveries; returns whose pages hear of it."""
    members = Membership.objects.select_related("user").filter(workspace_id=event.workspace_id, user__is_active=True)
    if people is not None:
        members = members.filter(user_id__in=[getattr(person, "pk", person) for person in people])
    users: list[User] = [member.user for member in members]
    chosen = {
        (row.user_id, row.channel): row.mode
        for row in Preference.objects.for_workspace(event.workspace_id).filter(topic=topic.id, user__in=users)
    }
    rhythms = {row.user_id: row for row in Rhythm.objects.for_workspace(event.workspace_id).filter(user__in=users)}
    destinations = list(
        Destination.objects.for_workspace(event.workspace_id).filter(is_active=True, confirmed_at__isnull=False)
    )
    critical = event.severity == Severity.CRITICAL
    readers: list[UUID] = []
    targets: list[_Target] = []
    for user in users:
        hours = hours_of(rhythms.get(user.pk), user)

        def mode(channel: str, user: User = user) -> str:
            return chosen.get((user.pk, channel)) or topic.mode(channel)

        if mode(Channel.PAGE) != Mode.OFF:
            readers.append(user.pk)
        if (by_mail := mode(Channel.EMAIL)) != Mode.OFF:
            when = due(by_mail, hours, now, critical=critical)
            targets.append(_Target(Channel.EMAIL, user, None, user.email, when))
        for place in destinations:
            if place.owner_id == user.pk and _wants(place, event) and (how := mode(place.channel)) != Mode.OFF:
                when = due(how, hours, now, critical=critical)
                targets.append(_Target(place.channel, user, place, place.address, when))
    if include_workspace:
        targets += [
            _Target(place.channel, None, place, place.address, due(place.mode, Hours(), now))
            for place in destinations
            if place.owner_id is None and place.mode != Mode.OFF and _wants(place, event)
        ]
    Notification.objects.bulk_create(
        [Notification(workspace_id=event.workspace_id, event=event, user_id=reader) for reader in readers]
    )
    _write_deliveries(event, targets)
    return readers


def _wants(place: Destination, event: Event) -> bool:
    return not place.topics or event.topic in place.topics


def _row(event: Event, target: _Target) -> Delivery:
    return Delivery(
        id=uuid7(),
        workspace_id=event.workspace_id,
        channel=target.channel,
        user=target.user,
        destination=target.destination,
        address=target.address[:200],
        slot=target.due.slot,
        next_attempt_at=target.due.at,
    )


def _write_deliveries(event: Event, targets: list[_Target]) -> None:
    alone = [_row(event, target) for target in targets if not target.due.slot]
    Delivery.objects.bulk_create(alone)
    shared = [_shared(event, target) for target in targets if target.due.slot]
    link = Delivery.events.through
    link.objects.bulk_create(
        [link(delivery_id=row.pk, event_id=event.pk) for row in (*alone, *shared)], ignore_conflicts=True
    )
    ready = [row.pk for row in (*alone, *shared) if not row.slot]
    if ready:
        transaction.on_commit(partial(dispatch.send_deliveries, ready))


def _shared(event: Event, target: _Target) -> Delivery:
    """The digest of the target's slot, locked until this transaction ends: it cannot leave without this event."""
    mine = {
        "workspace_id": event.workspace_id,
        "user": target.user,
        "destination": target.destination,
        "channel": target.channel,
    }
    Delivery.objects.bulk_create([_row(event, target)], ignore_conflicts=True)
    row: Delivery = Delivery.objects.select_for_update().get(**mine, slot=target.due.slot)
    if row.status == Delivery.Status.PENDING and row.attempts == 0:
        return row
    # Its time came while this event was written: the event goes by itself, right behind it.
    late = _row(event, target)
    late.slot, late.next_attempt_at = "", timezone.now()
    late.save()
    return late
