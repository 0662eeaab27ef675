"""The long part of deleting a workspace: row by row in small transactions, so that it may stop anywhere and go on.

What is left to do stands in the tables themselves, so a worker that dies takes nothing with it: the next one deletes
what it finds. The closed workspace itself goes last.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import F, ProtectedError, Q, RestrictedError
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.common.errors import Conflict, NotFound
from portal.workspaces.models import Workspace, WorkspaceRemoval
from portal.workspaces.removal import start_removal, tenant_fields

logger = logging.getLogger(__name__)
BATCH = 500
LEASE = timedelta(minutes=5)
#: How long an ended removal is told of.
KEPT = timedelta(days=30)
State = WorkspaceRemoval.State


class TakenOver(Exception):
    """Another worker has this removal now."""


def find_removal(user: User, removal_id: UUID) -> WorkspaceRemoval:
    """A removal that this person asked for; `NotFound` for those of others."""
    found = WorkspaceRemoval.objects.filter(user=user, pk=removal_id).first()
    if found is None:
        raise NotFound(_("There is no such deletion, or it ended long ago."))
    return found


@transaction.atomic
def try_again(user: User, removal_id: UUID) -> None:
    """Let a worker go on with a removal that failed."""
    find_removal(user, removal_id)
    changed = WorkspaceRemoval.objects.filter(pk=removal_id, state=State.FAILED).update(
        state=State.QUEUED, problem="", lease_until=None
    )
    if changed:
        transaction.on_commit(lambda: start_removal(removal_id))


def empty(removal_id: UUID) -> None:
    """Delete what the workspace has; does nothing when it is gone or another worker is at it."""
    removal = _claim(removal_id)
    if removal is None:
        return
    try:
        _delete_all(removal)
        _delete_files(f"workspaces/{removal.workspace_id}")
        Workspace.objects.filter(pk=removal.workspace_id, closed_at__isnull=False).delete()
    except TakenOver:
        logger.warning("The removal %s was taken over by another worker", removal_id)
    except Exception as error:
        _end(removal, State.FAILED, error.message if isinstance(error, Conflict) else type(error).__name__)
        raise
    else:
        _end(removal, State.SUCCEEDED)


@transaction.atomic
def _claim(removal_id: UUID) -> WorkspaceRemoval | None:
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    found = WorkspaceRemoval.objects.select_for_update(skip_locked=True).filter(free, pk=removal_id)
    removal = found.exclude(state=State.SUCCEEDED).first()
    if removal is not None:
        removal.state, removal.problem, removal.lease_until = State.RUNNING, "", now + LEASE
        removal.save(update_fields=["state", "problem", "lease_until"])
    return removal


def _end(removal: WorkspaceRemoval, state: str, problem: str = "") -> None:
    changed: dict[str, Any] = {"state": state, "problem": problem[:1000], "lease_until": None}
    if state == State.SUCCEEDED:
        changed |= {"finished_at": timezone.now(), "done": F("total")}
    WorkspaceRemoval.objects.filter(pk=removal.pk, lease_until=removal.lease_until).update(**changed)


def _went(removal: WorkspaceRemoval, count: int) -> None:
    """Say how far it is and keep the lease; `TakenOver` when it ran out and somebody else has it."""
    until = timezone.now() + LEASE
    mine = WorkspaceRemoval.objects.filter(pk=removal.pk, lease_until=removal.lease_until)
    if not mine.update(done=F("done") + count, lease_until=until):
        raise TakenOver
    removal.lease_until = until


def _delete_all(removal: WorkspaceRemoval) -> None:
    """Kind by kind; what is still protected waits for its protectors to go in a later round."""
    waiting = tenant_fields()
    while waiting:
        gone, blocked = 0, []
        for model, field in waiting:
            count, is_blocked = _delete_kind(removal, model, field)
            gone += count
            if is_blocked:
                blocked.append((model, field))
        if blocked and not gone:
            names = ", ".join(str(model._meta.verbose_name_plural) for model, _field in blocked)
            raise Conflict(_("Something outside the workspace still needs: %(names)s.") % {"names": names})
        waiting = blocked


def _delete_kind(removal: WorkspaceRemoval, model: type[models.Model], field: str) -> tuple[int, bool]:
    """How many rows went, and whether others are still protected."""
    rows, gone = model._base_manager.filter(**{field: removal.workspace_id}), 0
    while batch := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        try:
            with transaction.atomic():
                rows.filter(pk__in=batch).delete()
                _went(removal, len(batch))
        except (ProtectedError, RestrictedError):
            return gone, True
        gone += len(batch)
    return gone, False


def _delete_files(folder: str) -> None:
    """Everything below a folder of the file store."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        default_storage.delete(f"{folder}/{name}")
    for name in folders:
        _delete_files(f"{folder}/{name}")
    # A folder of a disk is a thing of its own; in an object store it is gone with its files.
    if default_storage.exists(folder):
        default_storage.delete(folder)


def sweep() -> int:
    """Hand out again what no worker is at, and forget what ended a month ago; how many were handed out."""
    now = timezone.now()
    WorkspaceRemoval.objects.filter(state=State.SUCCEEDED, finished_at__lt=now - KEPT).delete()
    left = WorkspaceRemoval.objects.filter(state__in=[State.QUEUED, State.RUNNING], created_at__lt=now - LEASE)
    free = list(left.filter(Q(lease_until=None) | Q(lease_until__lte=now)).values_list("pk", flat=True))
    for removal_id in free:
        start_removal(removal_id)
    return len(free)
