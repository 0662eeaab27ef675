"""Copying the counters of usage from Redis to rows and back, and telling owners that a quota runs out."""

from __future__ import annotations

import logging
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.common.hub import sync_client
from portal.workspaces.models import Membership, Usage, Workspace
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor, audit
from portal.workspaces.usage import WHOLE, Meter, Period, counter_key, limits_of, periods

logger = logging.getLogger(__name__)
_REFUSED = "refused:"


def copy_usage() -> int:
    """Bring the rows of the current day and month up to date; the number of workspaces seen.

    One copy at a time: two at once could both put back what Redis has lost.
    """
    if not sync_client().set("usage:copying", 1, nx=True, ex=300):
        return 0
    try:
        return _copy_all()
    finally:
        sync_client().delete("usage:copying")


def _copy_all() -> int:
    seen: set[UUID] = set()
    for period in periods():
        seen |= _copy(period)
    return len(seen)


def _copy(period: Period) -> set[UUID]:
    redis = sync_client()
    prefix = counter_key("", period)
    ids = {UUID(key.decode().removeprefix(prefix)) for key in redis.scan_iter(match=f"{prefix}*", count=1000)}
    rows = {
        (row.workspace_id, row.subject): row
        for row in Usage.objects.filter(period=period.name, starts_on=period.starts_on)
    }
    ids |= {workspace_id for workspace_id, _subject in rows}
    known = Workspace.objects.select_related("plan").in_bulk(ids)
    for workspace in known.values():
        _copy_workspace(workspace, period, rows)
    return set(known)


def _copy_workspace(workspace: Workspace, period: Period, rows: dict[tuple[UUID, str], Usage]) -> None:
    redis, key = sync_client(), counter_key(workspace.pk, period)
    counted = {name.decode(): int(value) for name, value in redis.hgetall(key).items()}
    subjects = {name for name in counted if not name.startswith(_REFUSED)} | {
        name.removeprefix(_REFUSED) for name in counted if name.startswith(_REFUSED)
    }
    subjects |= {subject or WHOLE for owner, subject in rows if owner == workspace.pk}
    for field in subjects:
        subject = "" if field == WHOLE else field
        row = rows.get((workspace.pk, subject)) or Usage(
            workspace=workspace, period=period.name, starts_on=period.starts_on, subject=subject
        )
        calls, refused = counted.get(field, 0), counted.get(f"{_REFUSED}{field}", 0)
        if calls < row.calls:
            # Redis was emptied: what was counted before is added to what came since.
            calls = redis.hincrby(key, field, row.calls)
            redis.expire(key, period.resets_in + 2 * 86_400)
        row.calls, row.refused = calls, max(row.refused, refused)
        _save(workspace, period, row)


@transaction.atomic
def _save(workspace: Workspace, period: Period, row: Usage) -> None:
    limits = limits_of(workspace)
    end = limits.daily_calls if period.name == "day" else limits.monthly_calls
    level = "" if row.subject else Meter(period.name, row.calls, 0, end, 0).level
    now = timezone.now()
    told = ""
    if level == "danger" and row.stopped_at is None:
        row.stopped_at, row.warned_at, told = now, row.warned_at or now, "quota.reached"
    elif level == "warning" and row.warned_at is None:
        row.warned_at, told = now, "quota.running_out"
    Usage.objects.update_or_create(
        workspace=workspace,
        period=row.period,
        starts_on=row.starts_on,
        subject=row.subject,
        defaults={
            "calls": row.calls,
            "refused": row.refused,
            "warned_at": row.warned_at,
            "stopped_at": row.stopped_at,
        },
    )
    if told:
        after = {"period": period.name, "used": row.calls, "limit": end}
        audit(Actor(workspace, None, None, is_system=True), told, workspace, after=after)
        transaction.on_commit(lambda: _tell_owners(workspace, told, row.calls, end))


def _tell_owners(workspace: Workspace, what: str, used: int, end: int) -> None:
    people = Membership.objects.select_related("user").filter(workspace=workspace, role__in=[Role.OWNER, Role.ADMIN])
    for member in people:
        with translation.override(member.user.language or settings.LANGUAGE_CODE):
            values = {"name": workspace.name, "used": f"{used:,}", "end": f"{end:,}"}
            if what == "quota.reached":
                subject = _("%(name)s has used up its calls") % values
            else:
                subject = _("%(name)s has used 80 %% of its calls") % values
            text = _(
                "%(used)s of %(end)s calls are used. At the end, further calls are refused until the period is over."
            )
            body = f"{text % values}\n\n{settings.PUBLIC_URL}{reverse('usage')}\n"
        try:
            send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [member.user.email])
        except OSError:
            # The trail and the page say the same; a mail server that is away must not stop the copying.
            logger.exception("The notice of %s for workspace %s was not sent", what, workspace.pk)
