"""When a message goes: quiet hours, digests, pauses and retries. Pure; every moment is aware."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SEOUL = "Asia/Seoul"
MAX_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=15)
LONGEST_RETRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """The part of a person's rhythm that decides. Times are of `time_zone`."""

    time_zone: str = SEOUL
    quiet_from: time | None = None
    quiet_to: time | None = None
    daily_at: time = time(8, 30)
    muted_until: datetime | None = None
    critical_anyway: bool = True


@dataclass(frozen=True, slots=True)
class Due:
    """When a message is due, and the slot that it shares with others; an empty slot is a message of its own."""

    at: datetime
    slot: str = ""


def zone_of(name: str) -> ZoneInfo:
    """The zone of this name; Seoul for a name that the system does not know any more."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(SEOUL)


def is_quiet(hours: Hours, moment: datetime) -> bool:
    """Whether the moment lies in the quiet hours, which may pass midnight. The end is not quiet any more."""
    start, end = hours.quiet_from, hours.quiet_to
    if start is None or end is None or start == end:
        return False
    clock = moment.astimezone(zone_of(hours.time_zone)).time().replace(tzinfo=None)
    return start <= clock < end if start < end else clock >= start or clock < end


def next_at(clock: time, zone_name: str, after: datetime) -> datetime:
    """The first moment after `after` at which the zone's clocks show this time, in UTC."""
    zone = zone_of(zone_name)
    day = after.astimezone(zone).date()
    while True:
        # Through UTC, so that an hour which summer time skips becomes the moment it moved to.
        found = datetime.combine(day, clock, zone).astimezone(UTC)
        if found > after:
            return found
        day += timedelta(days=1)


def next_hour(after: datetime) -> datetime:
    """The next full hour, in UTC."""
    return after.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def due(mode: str, hours: Hours, now: datetime, *, critical: bool = False) -> Due:
    """When a message of this mode goes. What falls into quiet hours or a pause waits for their end, together."""
    is_urgent = critical and hours.critical_anyway
    at, name = now, ""
    if mode == "hourly":
        at, name = next_hour(now), "hourly"
    elif mode == "daily":
        at, name = next_at(hours.daily_at, hours.time_zone, now), "daily"
    if not is_urgent:
        if hours.muted_until is not None and hours.muted_until > at:
            at, name = hours.muted_until.astimezone(UTC), "pause"
        if is_quiet(hours, at) and hours.quiet_to is not None:
            at, name = next_at(hours.quiet_to, hours.time_zone, at), "quiet"
    return Due(at, f"{name}:{at:%Y-%m-%dT%H:%M:%SZ}" if name else "")


def retry_after(attempts: int, *, asked: float | None = None, chance: random.Random | None = None) -> timedelta:
    """How long to wait after this many attempts: doubling from 15 seconds to an hour, the later half by chance.

    `asked` is the other side's own wish in seconds (Retry-After); it is kept up to a day.
    """
    longest: timedelta = min(FIRST_RETRY * 2 ** min(max(0, attempts - 1), 12), LONGEST_RETRY)
    spread = (chance or random).uniform(0.5, 1.0)
    wait = longest * spread
    if asked is not None:
        wait = max(wait, timedelta(seconds=min(asked, 86_400.0)))
    return wait
