"""A person's choices: the matrix of topics and channels, quiet hours, digest time and pause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from portal.common.errors import FieldProblem, Invalid
from portal.notifications.destinations import require_own_write
from portal.notifications.models import Channel, Mode, Preference, Rhythm
from portal.notifications.publish import hours_of
from portal.notifications.timing import Hours
from portal.notifications.topics import Topic, topics
from portal.workspaces.services import Actor

PAGE_MODES = (Mode.INSTANT, Mode.OFF)
HOUR_FIELDS = ("time_zone", "quiet_from", "quiet_to", "daily_at", "muted_until", "critical_anyway")


@dataclass(frozen=True, slots=True)
class Row:
    """A topic and how each channel carries it for the person."""

    topic: Topic
    modes: dict[str, str]


def allowed_modes(channel: str) -> tuple[str, ...]:
    """What may be chosen on a channel: the page either shows a topic or does not."""
    return tuple(PAGE_MODES) if channel == Channel.PAGE else tuple(Mode.values)


def matrix(actor: Actor) -> list[Row]:
    """Every topic with the modes that hold for the actor."""
    chosen = {
        (row.topic, row.channel): row.mode
        for row in Preference.objects.for_workspace(actor.workspace).filter(user=actor.user)
    }
    return [
        Row(topic, {channel: chosen.get((topic.id, channel)) or topic.mode(channel) for channel in Channel.values})
        for topic in topics().values()
    ]


def hours(actor: Actor) -> Hours:
    """The actor's quiet hours, digest time and pause."""
    rhythm = Rhythm.objects.for_workspace(actor.workspace).filter(user=actor.user).first()
    return hours_of(rhythm, actor.user)


def save_matrix(actor: Actor, choices: Mapping[tuple[str, str], str]) -> None:
    """Keep the choices (topic, channel) → mode; all are checked before any is written."""
    require_own_write(actor)
    known, problems = topics(), []
    for (topic, channel), mode in choices.items():
        if topic not in known:
            problems.append(FieldProblem(topic, "There is no such topic."))
        elif channel not in Channel.values:
            problems.append(FieldProblem(f"{topic}.{channel}", "There is no such channel."))
        elif mode not in allowed_modes(channel):
            remedy = f"Use one of: {', '.join(allowed_modes(channel))}."
            problems.append(FieldProblem(f"{topic}.{channel}", f"{mode} cannot be chosen here.", remedy))
    if problems:
        raise Invalid("Some choices are not possible.", problems=problems)
    rows = [
        Preference(workspace=actor.workspace, user=actor.user, topic=topic, channel=channel, mode=mode)
        for (topic, channel), mode in choices.items()
    ]
    Preference.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["workspace", "user", "topic", "channel"],
        update_fields=["mode"],
    )


def reset(actor: Actor) -> None:
    """Forget every choice of the matrix: the topics' own defaults hold again."""
    require_own_write(actor)
    Preference.objects.for_workspace(actor.workspace).filter(user=actor.user).delete()


def save_hours(
    actor: Actor,
    *,
    time_zone: str,
    quiet_from: time | None,
    quiet_to: time | None,
    daily_at: time,
    muted_until: datetime | None,
    critical_anyway: bool,
) -> Hours:
    """Keep the actor's rhythm; what was put into a digest before keeps its time."""
    require_own_write(actor)
    problems = []
    if time_zone not in available_timezones():
        problems.append(FieldProblem("time_zone", "This is no known time zone.", "Use a name such as Asia/Seoul."))
    if (quiet_from is None) != (quiet_to is None):
        problems.append(FieldProblem("quiet_from", "Quiet hours need a beginning and an end.", "Or leave both empty."))
    if problems:
        raise Invalid("The times cannot be kept.", problems=problems)
    fields: dict[str, Any] = {
        "time_zone": time_zone,
        "quiet_from": quiet_from,
        "quiet_to": quiet_to,
        "daily_at": daily_at,
        "muted_until": muted_until,
        "critical_anyway": critical_anyway,
    }
    with transaction.atomic():
        rhythm, _ = Rhythm.objects.update_or_create(workspace=actor.workspace, user=actor.user, defaults=fields)
    return hours_of(rhythm, actor.user)


@transaction.atomic
def change(actor: Actor, choices: Mapping[tuple[str, str], str], times: Mapping[str, Any]) -> None:
    """Change what is named of matrix and rhythm, all of it or nothing."""
    if choices:
        save_matrix(actor, choices)
    if times:
        before = hours(actor)
        save_hours(actor, **{name: times.get(name, getattr(before, name)) for name in HOUR_FIELDS})
    require_own_write(actor)
