"""Writes of the visit calendar. Whoever plans is told of overlaps by name and time, and nothing is stored."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound
from portal.common.ids import random_token
from portal.workspaces.models import Membership, Workspace
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from properties import signals
from properties.desk_models import CalendarFeed, Visit
from properties.models import Listing, Requirement
from properties.normalise.personal import scrub

MIN_MINUTES, MAX_MINUTES = 10, 8 * 60
REMIND_BEFORE = timedelta(hours=2)
SEOUL_TEXT = "%Y-%m-%d %H:%M"


class Overlap(Conflict):
    """Somebody is elsewhere at that time."""

    code = "visit_overlap"


def visit_of(workspace: Any, visit_id: UUID) -> Visit:
    """A visit of this workspace."""
    found: Visit | None = (
        Visit.objects.for_workspace(workspace)
        .select_related("customer", "listing", "guide")
        .filter(pk=visit_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such visit.")
    return found


def visits_between(workspace: Any, start: datetime, end: datetime) -> QuerySet[Any]:
    """Visits that touch a span of time, cancelled ones too."""
    rows: QuerySet[Any] = Visit.objects.for_workspace(workspace).filter(starts_at__lt=end, ends_at__gt=start)
    return rows.select_related("customer", "listing", "guide")


@transaction.atomic
def visit_plan(
    actor: Actor,
    *,
    customer_id: UUID,
    starts_at: datetime,
    minutes: int = 30,
    listing_id: UUID | None = None,
    place: str = "",
    guide_id: UUID | None = None,
    note: str = "",
) -> Visit:
    """Plan a visit. `Overlap` when the customer, the guide or the home is taken at that time."""
    actor.require(Permission.DATA_WRITE)
    _check_time(starts_at, minutes)
    _lock(actor.workspace)
    customer = Requirement.objects.for_workspace(actor.workspace).filter(pk=customer_id).first()
    listing = Listing.objects.for_workspace(actor.workspace).filter(pk=listing_id).first() if listing_id else None
    problems = []
    if customer is None:
        problems.append(FieldProblem("customer_id", "There is no such customer.", "Choose one of the list."))
    if listing_id and listing is None:
        problems.append(FieldProblem("listing_id", "There is no such listing.", "Search again."))
    if not listing_id and not place.strip():
        problems.append(FieldProblem("place", "Neither a listing nor a place is given.", "Say where to meet."))
    guide = _guide(actor, guide_id, problems)
    if problems:
        raise Invalid("The visit is not complete.", problems=problems)
    visit = Visit(
        workspace=actor.workspace,
        customer=customer,
        listing=listing,
        place=(place.strip() or _name(listing))[:200],
        guide=guide,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        note=scrub(note),
    )
    _check_overlap(visit)
    visit.save()
    audit(actor, "visit.planned", visit, after={"starts_at": starts_at.isoformat(), "place": visit.place})
    return visit


def _name(listing: Listing | None) -> str:
    if listing is None:
        return ""
    return " ".join(part for part in (listing.title or listing.address, listing.building_dong) if part)


def _guide(actor: Actor, guide_id: UUID | None, problems: list[FieldProblem]) -> User | None:
    """The member who goes along: the one named, else whoever plans."""
    if guide_id is None:
        return actor.user
    member = Membership.objects.filter(workspace=actor.workspace, user_id=guide_id).select_related("user").first()
    if member is None:
        problems.append(FieldProblem("guide_id", "This is no member of the workspace.", "Choose a member."))
        return None
    user: User = member.user
    return user


def _check_time(starts_at: datetime, minutes: int) -> None:
    problems = []
    if not MIN_MINUTES <= minutes <= MAX_MINUTES:
        problems.append(FieldProblem("minutes", f"{minutes} minutes.", f"Give {MIN_MINUTES} to {MAX_MINUTES}."))
    now = timezone.now()
    if not now - timedelta(days=1) <= starts_at <= now + timedelta(days=730):
        problems.append(FieldProblem("starts_at", "The time is past or too far away.", "Give a time from today on."))
    if problems:
        raise Invalid("The visit is not complete.", problems=problems)


def _lock(workspace: Workspace) -> None:
    """Plans of one workspace take turns, so that two at once cannot both find the time free."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)


def _check_overlap(visit: Visit) -> None:
    same = Q(customer=visit.customer_id)
    if visit.guide_id:
        same |= Q(guide=visit.guide_id)
    if visit.listing_id:
        same |= Q(listing=visit.listing_id)
    others = visits_between(visit.workspace_id, visit.starts_at, visit.ends_at).filter(same, state=Visit.State.PLANNED)
    problems = []
    for other in others.exclude(pk=visit.pk)[:5]:
        span = f"{timezone.localtime(other.starts_at):{SEOUL_TEXT}}–{timezone.localtime(other.ends_at):%H:%M}"
        for field, mine, theirs, what in (
            ("customer_id", visit.customer_id, other.customer_id, "The customer"),
            ("guide_id", visit.guide_id, other.guide_id, "The guide"),
            ("listing_id", visit.listing_id, other.listing_id, "The home"),
        ):
            if mine and mine == theirs:
                problems.append(FieldProblem(field, f"{what} is taken {span}: {other}.", "Choose another time."))
    if problems:
        raise Overlap("There is another visit at that time.", problems=problems)


@transaction.atomic
def visit_move(actor: Actor, visit_id: UUID, *, starts_at: datetime, minutes: int | None = None) -> Visit:
    """Move a planned visit; reminders start over."""
    actor.require(Permission.DATA_WRITE)
    _lock(actor.workspace)
    visit = visit_of(actor.workspace, visit_id)
    if visit.state != Visit.State.PLANNED:
        raise Conflict(f"The visit is {visit.state} and cannot be moved.")
    length = int((visit.ends_at - visit.starts_at).total_seconds() // 60) if minutes is None else minutes
    _check_time(starts_at, length)
    before = visit.starts_at.isoformat()
    visit.starts_at, visit.ends_at = starts_at, starts_at + timedelta(minutes=length)
    visit.reminded_at, visit.revision = None, visit.revision + 1
    _check_overlap(visit)
    visit.save()
    audit(actor, "visit.moved", visit, before={"starts_at": before}, after={"starts_at": starts_at.isoformat()})
    return visit


@transaction.atomic
def visit_end(actor: Actor, visit_id: UUID, *, state: str, outcome: str = "") -> Visit:
    """Mark a visit as done, with what the customer said, or as cancelled."""
    actor.require(Permission.DATA_WRITE)
    if state not in (Visit.State.DONE, Visit.State.CANCELLED):
        raise Invalid("Unknown state.", problems=[FieldProblem("state", "Unknown.", "One of: done, cancelled.")])
    visit = visit_of(actor.workspace, visit_id)
    visit.state, visit.outcome, visit.revision = state, scrub(outcome)[:300], visit.revision + 1
    visit.save()
    audit(actor, f"visit.{state}", visit)
    return visit


def visits_remind(now: datetime | None = None) -> int:
    """Tell guides of visits that start within two hours, once each; returns how many."""
    now = now or timezone.now()
    count = 0
    with transaction.atomic():
        due = list(
            Visit.objects.filter(
                state=Visit.State.PLANNED,
                reminded_at=None,
                starts_at__gt=now,
                starts_at__lte=now + REMIND_BEFORE,
            ).select_for_update(skip_locked=True)
        )
        for visit in due:
            Visit.objects.filter(pk=visit.pk).update(reminded_at=now)
            transaction.on_commit(
                partial(signals.visit_near.send, sender=Visit, workspace_id=visit.workspace_id, visit_id=visit.pk)
            )
            count += 1
    return count


# -- the feed ------------------------------------------------------------------------------------------------


@transaction.atomic
def feed_make(actor: Actor) -> str:
    """A new secret for this member's calendar address; the former one stops working. It is shown only now."""
    actor.require(Permission.DATA_READ)
    if actor.user is None:
        raise Invalid("A calendar address belongs to a person.")
    token = random_token()
    CalendarFeed.objects.update_or_create(
        workspace=actor.workspace, user=actor.user, defaults={"token_hash": _hash(token), "used_at": None}
    )
    audit(actor, "calendar_feed.created")
    return token


@transaction.atomic
def feed_end(actor: Actor) -> None:
    """Close this member's calendar address."""
    actor.require(Permission.DATA_READ)
    CalendarFeed.objects.for_workspace(actor.workspace).filter(user=actor.user).delete()
    audit(actor, "calendar_feed.ended")


def feed_of(token: str) -> CalendarFeed | None:
    """The feed of a secret, as long as its owner is an active member of the workspace."""
    feed: CalendarFeed | None = (
        CalendarFeed.objects.select_related("workspace", "user").filter(token_hash=_hash(token)).first()
    )
    if feed is None or not feed.user.is_active:
        return None
    if not Membership.objects.filter(workspace=feed.workspace, user=feed.user).exists():
        return None
    CalendarFeed.objects.filter(pk=feed.pk).update(used_at=timezone.now())
    return feed


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def feed_visits(feed: CalendarFeed) -> QuerySet[Any]:
    """What a feed shows: the member's own visits and those without a guide, from a month ago on."""
    since = timezone.now() - timedelta(days=31)
    rows: QuerySet[Any] = Visit.objects.for_workspace(feed.workspace).filter(
        Q(guide=feed.user) | Q(guide=None), ends_at__gte=since
    )
    return rows.select_related("customer", "listing").order_by(F("starts_at"), "id")[:1_000]
