"""Writes about a person's own inbox."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.common.errors import NotFound
from portal.notifications import dispatch
from portal.notifications.models import Notification
from portal.notifications.selectors import inbox
from portal.workspaces.services import Actor


def notification_of(actor: Actor, notification_id: UUID) -> Notification:
    """One of the actor's own notifications."""
    found: Notification | None = inbox(actor).filter(pk=notification_id).first()
    if found is None:
        raise NotFound("There is no such notification.")
    return found


@transaction.atomic
def mark(actor: Actor, ids: Collection[UUID] | None = None, *, read: bool = True, topic: str = "") -> int:
    """Mark the actor's notifications (these, or all) as read or unread; returns how many changed."""
    assert actor.user is not None
    rows = Notification.objects.for_workspace(actor.workspace).filter(user=actor.user, read_at__isnull=read)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    if topic:
        rows = rows.filter(event__topic=topic) if "." in topic else rows.filter(event__topic__startswith=f"{topic}.")
    changed = rows.update(read_at=timezone.now() if read else None)
    if changed:
        transaction.on_commit(partial(dispatch.announce_read, actor.workspace.pk, actor.user.pk))
    return int(changed)
