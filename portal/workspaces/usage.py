"""What a workspace may use and has used: its limits, the counters of the day and the month, and their copies in rows.

Calls are counted in Redis as they come (`portal.common.limits`); every minute beat copies the counters to `Usage`
rows and puts back what Redis has lost, so that a restart of Redis gives nobody a second quota.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from portal.common.hub import sync_client
from portal.common.limits import WARN_SHARE, Bucket, Quota
from portal.workspaces.models import Usage, Workspace

DAY_SECONDS = 86_400
#: How long counters outlive their period, so that the last copy is complete.
GRACE_SECONDS = 2 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls a minute, a day and a month; 0 means unlimited."""

    workspace_per_minute: int = 0
    key_per_minute: int = 0
    client_per_minute: int = 0
    tool_per_minute: int = 0
    daily_calls: int = 0
    monthly_calls: int = 0

    @classmethod
    def default(cls) -> Limits:
        return cls(**settings.DEFAULT_LIMITS)


def limits_of(workspace: Workspace) -> Limits:
    """The limits of the workspace's plan, or those of the environment."""
    if (plan := workspace.plan) is None:
        return Limits.default()
    return Limits(**{field.name: getattr(plan, field.name) for field in fields(Limits)})


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """Limits of one key, below those of its workspace; 0 means none of its own."""

    per_minute: int = 0
    daily_calls: int = 0
    monthly_calls: int = 0


@lru_cache(maxsize=1)
def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar day or month in the product's time zone."""

    name: str
    starts_on: date
    label: str
    window: int
    resets_in: int


def periods(now: datetime | None = None) -> tuple[Period, Period]:
    """The current day and month."""
    moment = now or datetime.now(_zone())
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight.replace(day=1)
    next_month = (first + timedelta(days=32)).replace(day=1)
    days = (next_month.date() - first.date()).days
    to_midnight = int((midnight + timedelta(days=1) - moment).total_seconds()) + 1
    to_next_month = int((next_month - moment).total_seconds()) + 1
    return (
        Period("day", midnight.date(), f"d{midnight:%Y%m%d}", DAY_SECONDS, to_midnight),
        Period("month", first.date(), f"m{first:%Y%m}", days * DAY_SECONDS, to_next_month),
    )


def counter_key(workspace_id: UUID | str, period: Period) -> str:
    """The hash with the counters of a workspace in a period."""
    return f"usage:{period.label}:{workspace_id}"


WHOLE = "calls"


def meters(workspace_id: UUID, limits: Limits, *, subject: str = "", key: KeyLimits | None = None) -> list[Quota]:
    """The counters that one call moves: the workspace's, and the key's own for its quota and its meter."""
    found = []
    for period, limit, own in zip(
        periods(),
        (limits.daily_calls, limits.monthly_calls),
        (key.daily_calls, key.monthly_calls) if key else (0, 0),
        strict=True,
    ):
        name, lifetime = counter_key(workspace_id, period), period.resets_in + GRACE_SECONDS
        found.append(Quota(period.name, name, WHOLE, limit, period.window, period.resets_in, lifetime))
        if subject:
            found.append(Quota(f"key-{period.name}", name, subject, own, period.window, period.resets_in, lifetime))
    return found


def rates(
    workspace_id: UUID,
    limits: Limits,
    *,
    subject: str,
    key: KeyLimits | None = None,
    client: str = "",
    tool: str = "",
) -> list[Bucket]:
    """The buckets of one call that have a limit."""
    own = min(filter(None, (limits.key_per_minute, key.per_minute if key else 0)), default=0)
    wanted = (
        ("workspace", f"limit:w:{workspace_id}", limits.workspace_per_minute),
        ("key", f"limit:k:{workspace_id}:{subject}", own),
        ("client", f"limit:c:{workspace_id}:{client}", limits.client_per_minute if client else 0),
        ("tool", f"limit:t:{workspace_id}:{tool}", limits.tool_per_minute if tool else 0),
    )
    return [Bucket(name, place, limit) for name, place, limit in wanted if limit > 0]


# Reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meter:
    """How far a quota is used; `limit` 0 means that there is no end."""

    period: str
    used: int
    refused: int
    limit: int
    resets_in: int

    @property
    def percent(self) -> int:
        return min(100, 100 * self.used // self.limit) if self.limit else 0

    @property
    def level(self) -> str:
        """What the meter's colour says: nothing, `warning` from 80 % on, `danger` at the end."""
        if not self.limit or self.used < WARN_SHARE * self.limit:
            return ""
        return "danger" if self.used >= self.limit else "warning"


def _number(value: Any) -> int:
    return int(value or 0)


def read_meters(workspace: Workspace, subject: str = WHOLE, key: KeyLimits | None = None) -> list[Meter]:
    """The meters of the day and the month, for the workspace or for one of its keys."""
    limits = limits_of(workspace)
    ends = (key.daily_calls, key.monthly_calls) if key else (limits.daily_calls, limits.monthly_calls)
    with sync_client().pipeline(transaction=False) as pipe:
        current = periods()
        for period in current:
            pipe.hmget(counter_key(workspace.pk, period), subject, f"refused:{subject}")
        rows = pipe.execute()
    return [
        Meter(period.name, _number(row[0]), _number(row[1]), limit, period.resets_in)
        for period, row, limit in zip(current, rows, ends, strict=True)
    ]


def worst_meter(workspace: Workspace) -> Meter | None:
    """The meter to warn of on every page; None while no quota runs out."""
    limits = limits_of(workspace)
    if not limits.daily_calls and not limits.monthly_calls:
        return None
    return max((m for m in read_meters(workspace) if m.level), key=lambda m: m.percent, default=None)


def daily_history(workspace: Workspace, days: int = 31) -> list[Usage]:
    """The workspace's rows of the last days, oldest first; today's comes from its last copy."""
    since = periods()[0].starts_on - timedelta(days=days - 1)
    found = Usage.objects.filter(workspace=workspace, period="day", subject="", starts_on__gte=since)
    return list(found.order_by("starts_on"))


def used_by_subject(workspace: Workspace) -> dict[str, tuple[int, int]]:
    """Calls and refusals of this month by key or person, read from the counters."""
    _day, month = periods()
    counted = {
        name.decode(): int(value) for name, value in sync_client().hgetall(counter_key(workspace.pk, month)).items()
    }
    return {
        name: (calls, counted.get(f"refused:{name}", 0))
        for name, calls in counted.items()
        if name != WHOLE and not name.startswith("refused:")
    }
