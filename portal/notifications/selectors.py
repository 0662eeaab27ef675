"""Reads: a person's inbox, destinations and log, each within what they may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from portal.notifications.models import Delivery, Destination, Event, Notification, Severity
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

#: The bell shows no more than this.
UNREAD_SHOWN = 99


def inbox(actor: Actor) -> QuerySet[Notification]:
    """The actor's own notifications in this workspace, newest first."""
    rows: QuerySet[Notification] = Notification.objects.for_workspace(actor.workspace).filter(user=actor.user)
    return rows.select_related("event")


def filtered(
    rows: QuerySet[Notification],
    *,
    state: str = "",
    topic: str = "",
    severity: str = "",
    words: str = "",
    days: int = 0,
) -> QuerySet[Notification]:
    """The inbox narrowed: `state` is `unread` or `read`, `topic` a topic or an area such as `markets`."""
    if state in ("unread", "read"):
        rows = rows.filter(read_at__isnull=state == "unread")
    if topic:
        rows = rows.filter(event__topic=topic) if "." in topic else rows.filter(event__topic__startswith=f"{topic}.")
    if severity in Severity.values:
        rows = rows.filter(event__severity=severity)
    for word in words.split()[:8]:
        rows = rows.filter(
            Q(event__title_en__icontains=word)
            | Q(event__title_ko__icontains=word)
            | Q(event__body_en__icontains=word)
            | Q(event__body_ko__icontains=word)
        )
    if days:
        rows = rows.filter(created_at__gte=timezone.now() - timedelta(days=days))
    return rows


def unread_count(user_id: UUID, workspace_id: UUID) -> int:
    """How many wait unread, counted up to one more than the bell shows."""
    waiting = Notification.objects.filter(user_id=user_id, workspace_id=workspace_id, read_at=None)
    # The inner query stops counting early, whatever piled up.
    return int(waiting.order_by()[: UNREAD_SHOWN + 1].count())


def destinations_of(actor: Actor) -> QuerySet[Destination]:
    """The actor's own destinations, and the workspace's for those who may see connections."""
    seen = Q(owner=actor.user) if actor.user else Q(pk=None)
    if actor.may(Permission.CONNECTION_READ):
        seen |= Q(owner=None)
    rows: QuerySet[Destination] = Destination.objects.for_workspace(actor.workspace).filter(seen)
    return rows.select_related("data_key", "owner")


def deliveries_of(actor: Actor) -> QuerySet[Delivery]:
    """The log of what went to the actor, and to the workspace's destinations for those who may see connections."""
    seen = Q(user=actor.user) if actor.user else Q(pk=None)
    if actor.may(Permission.CONNECTION_READ):
        seen |= Q(user=None)
    rows: QuerySet[Delivery] = Delivery.objects.for_workspace(actor.workspace).filter(seen)
    events: Any = Event.objects.order_by("id")
    return rows.select_related("destination").prefetch_related(Prefetch("events", queryset=events))
