"""Copying the counters of usage from Redis to rows and back, and noting when a quota runs out."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.common.hub import sync_client
from portal.workspaces.models import Usage, Workspace
from portal.workspaces.services import Actor, audit
from portal.workspaces.signals import quota_used
from portal.workspaces.usage import WHOLE, Meter, Period, counter_key, limits_of, periods

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
        quota_used.send(sender=Usage, workspace=workspace, usage=row, limit=end)
