"""Writes about destinations: add, confirm, change, test, remove. A person's own, or the workspace's."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.common.crypto import same, token_hash
from portal.common.errors import Conflict, FieldProblem, Invalid, LimitReached, NotFound, PermissionDenied, PortalError
from portal.common.ids import uuid7
from portal.notifications import deliveries
from portal.notifications.channels import PORTS
from portal.notifications.models import Channel, Delivery, Destination, Event, Mode, Severity
from portal.notifications.notices import TEST
from portal.notifications.selectors import destinations_of
from portal.notifications.topics import Words, topics
from portal.workspaces.models import AuditEntry
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from portal.workspaces.vault import data_key_of, place_of, seal, unseal

CODE_MINUTES = 15
CODE_TRIES = 5
#: Codes that may be sent in a workspace within a day: each one reaches somebody who may not want it.
CODES_A_DAY = 20
MAX_DESTINATIONS = 50


def require_own_write(actor: Actor) -> None:
    """What is personal may be changed by every member, but not by a key or token that only reads."""
    actor.require(Permission.DATA_READ)
    if actor.user is None:
        raise PermissionDenied("Only a person has settings of their own.")
    if actor.allowed is not None and Permission.DATA_WRITE not in actor.allowed:
        raise PermissionDenied("This key may only read.", remedy=f"Use one with {Permission.DATA_WRITE}.")


def _require(actor: Actor, *, is_personal: bool) -> None:
    if is_personal:
        require_own_write(actor)
    else:
        actor.require(Permission.CONNECTION_MANAGE)


def _known_topics(names: Sequence[str]) -> list[str]:
    unknown = sorted(set(names) - set(topics()))
    if unknown:
        problem = FieldProblem("topics", f"There is no topic {unknown[0]}.", f"Known are: {', '.join(topics())}.")
        raise Invalid("The destination is not complete.", problems=[problem])
    return sorted(set(names))


def _known_mode(mode: str) -> str:
    try:
        return Mode(mode).value
    except ValueError:
        problem = FieldProblem("mode", "Unknown.", f"Use one of: {', '.join(Mode.values)}.")
        raise Invalid("The destination is not complete.", problems=[problem]) from None


def destination_create(
    actor: Actor,
    channel: str,
    values: Mapping[str, Any],
    *,
    name: str = "",
    personal: bool = True,
    topics: Sequence[str] = (),
    mode: str = Mode.INSTANT,
) -> tuple[Destination, str]:
    """A new destination, and the signing secret of a webhook, which is not shown again (else an empty text).

    Mail addresses and phone numbers get a code and stay silent until it is entered.
    """
    _require(actor, is_personal=personal)
    if channel not in PORTS:
        known = ", ".join(sorted(PORTS))
        raise Invalid("There is no such channel.", problems=[FieldProblem("channel", "Unknown.", f"Use: {known}.")])
    if Destination.objects.for_workspace(actor.workspace).count() >= MAX_DESTINATIONS:
        raise LimitReached(f"A workspace has at most {MAX_DESTINATIONS} destinations.", remedy="Remove one first.")
    port = PORTS[channel]
    address = port.check(values)
    owner = actor.user if personal else None
    key = data_key_of(actor.user if personal and actor.user else actor.workspace)
    place = Destination(
        id=uuid7(),
        workspace=actor.workspace,
        owner=owner,
        created_by=actor.user,
        channel=channel,
        name=(name.strip() or address.shown)[:80],
        address=address.shown[:200],
        fingerprint=hashlib.sha256(f"{channel}:{address.unique}".encode()).hexdigest(),
        data_key=key,
        topics=_known_topics(topics),
        mode=_known_mode(mode),
    )
    place.sealed = seal(key, address.secrets, place_of(place))
    if channel == Channel.EMAIL and owner is not None and owner.email.lower() == address.unique:
        raise Conflict("Your account's own address gets its mails already.", remedy="Choose in your preferences which.")
    if not port.needs_code:
        place.confirmed_at = timezone.now()
    try:
        with transaction.atomic():
            place.save(force_insert=True)
            audit(actor, "destination.created", place)
    except IntegrityError:
        raise Conflict("This address is entered already.", remedy="Change or remove the existing one.") from None
    if place.confirmed_at is None:
        send_code(actor, place)
    return place, address.secrets.get("secret", "")


def destination_of(actor: Actor, destination_id: UUID) -> Destination:
    """A destination that the actor may see."""
    found: Destination | None = destinations_of(actor).filter(pk=destination_id).first()
    if found is None:
        raise NotFound("There is no such destination.")
    return found


def _changeable(actor: Actor, destination_id: UUID) -> Destination:
    place = destination_of(actor, destination_id)
    _require(actor, is_personal=place.owner_id is not None)
    return place


def destination_update(
    actor: Actor,
    destination_id: UUID,
    *,
    name: str | None = None,
    topics: Sequence[str] | None = None,
    mode: str | None = None,
    is_active: bool | None = None,
) -> Destination:
    """Change what is sent; switching on forgets earlier failures."""
    place = _changeable(actor, destination_id)
    if name is not None:
        place.name = (name.strip() or place.address)[:80]
    if topics is not None:
        place.topics = _known_topics(topics)
    if mode is not None:
        place.mode = _known_mode(mode)
    if is_active is not None:
        place.is_active = is_active
        if is_active:
            place.failures, place.problem = 0, ""
    with transaction.atomic():
        place.save(update_fields=["name", "topics", "mode", "is_active", "failures", "problem"])
        audit(actor, "destination.changed", place, after={"is_active": place.is_active, "mode": place.mode})
    return place


@transaction.atomic
def destination_delete(actor: Actor, destination_id: UUID) -> None:
    """Remove a destination and its secrets; what waits for it is dropped, the log stays."""
    place = _changeable(actor, destination_id)
    Delivery.objects.filter(destination=place, status=Delivery.Status.PENDING).update(
        status=Delivery.Status.DROPPED, error_code="removed", error="The destination was removed."
    )
    audit(actor, "destination.deleted", place)
    place.delete()


def _special(actor: Actor, place: Destination, title: Words, body: Words) -> Delivery:
    """A message of its own to one destination, written down like every other."""
    event = Event.objects.create(
        workspace=actor.workspace,
        topic=TEST,
        severity=Severity.INFO,
        title_en=title.en,
        title_ko=title.ko,
        body_en=body.en,
        body_ko=body.ko,
        url="/notifications",
    )
    delivery: Delivery = Delivery.objects.create(
        workspace=actor.workspace,
        channel=place.channel,
        user=place.owner,
        destination=place,
        address=place.address,
        is_test=True,
        next_attempt_at=timezone.now(),
    )
    delivery.events.add(event)
    return delivery


def destination_test(actor: Actor, destination_id: UUID) -> Delivery:
    """Send a test message now and return how it went."""
    place = _changeable(actor, destination_id)
    if place.confirmed_at is None:
        raise Conflict("This destination is not confirmed yet.", remedy="Enter the code first.")
    if not place.is_active:
        raise Conflict("This destination is switched off.", remedy="Switch it on first.")
    title = Words("This is a test message", "테스트 메시지입니다")
    body = Words("If you can read it, this destination works.", "이 메시지가 보이면 수신처가 올바르게 동작합니다.")
    delivery = _special(actor, place, title, body)
    done = deliveries.deliver(delivery.pk)
    return done or delivery


# Codes -------------------------------------------------------------------------------------------------------


def send_code(actor: Actor, place: Destination) -> None:
    """Send a six-digit code to an address that is not confirmed; only its hash is kept."""
    _require(actor, is_personal=place.owner_id is not None)
    if place.confirmed_at is not None:
        raise Conflict("This destination is confirmed already.")
    day = timezone.now() - timedelta(days=1)
    sent = AuditEntry.objects.filter(
        workspace_id=actor.workspace.pk, verb="destination.code_sent", created_at__gt=day
    ).count()
    if sent >= CODES_A_DAY:
        raise LimitReached("Too many codes were sent today.", remedy="Try again tomorrow.", retry_after=3600)
    code = f"{secrets.randbelow(1_000_000):06d}"
    place.code_hash = token_hash(f"{place.pk}:{code}")
    place.code_expires_at = timezone.now() + timedelta(minutes=CODE_MINUTES)
    place.code_tries = 0
    place.save(update_fields=["code_hash", "code_expires_at", "code_tries"])
    audit(actor, "destination.code_sent", place)
    values = unseal(place.data_key, place.sealed, place_of(place))
    title = Words(f"Your code is {code}", f"인증 코드는 {code}입니다")
    body = Words(
        f"Enter it within {CODE_MINUTES} minutes to receive notifications here. Nobody will ask you for it.",
        f"{CODE_MINUTES}분 안에 입력하면 이곳으로 알림을 보냅니다. 코드를 다른 사람에게 알리지 마세요.",
    )
    # The code stands in no row and no log, so this message is sent at once and not as a delivery.
    try:
        deliveries.send_now(actor, place, values, title, body)
    except PortalError as error:
        raise type(error)(
            error.message, code=error.error_code, remedy="Check the address and ask for a new code."
        ) from None


def confirm(actor: Actor, destination_id: UUID, code: str) -> Destination:
    """Enter the code that arrived at the address."""
    place = _changeable(actor, destination_id)
    wrong = FieldProblem("code", "The code is wrong or too old.", "Ask for a new one.")
    with transaction.atomic():
        locked = Destination.objects.select_for_update().get(pk=place.pk)
        if locked.confirmed_at is not None:
            return locked
        is_open = (
            locked.code_expires_at is not None
            and locked.code_expires_at > timezone.now()
            and locked.code_tries < CODE_TRIES
        )
        locked.code_tries += 1
        is_right = is_open and same(locked.code_hash, token_hash(f"{locked.pk}:{code.strip()}"))
        if is_right:
            locked.confirmed_at, locked.code_hash = timezone.now(), ""
            audit(actor, "destination.confirmed", locked)
        locked.save(update_fields=["code_tries", "confirmed_at", "code_hash"])
    if not is_right:
        raise Invalid("The code does not fit.", problems=[wrong])
    return locked
