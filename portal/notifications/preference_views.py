"""What a person wants to be told, how, and when not."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.common.errors import FieldProblem, Invalid
from portal.notifications import page_words as words
from portal.notifications import preferences
from portal.notifications.models import Channel, Destination
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor


@require_http_methods(["GET", "POST"])
@workspace_page(Permission.DATA_READ)
def preference_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The matrix of topics and channels; a POST keeps it."""
    if request.method == "POST":
        if request.POST.get("reset"):
            preferences.reset(actor)
        else:
            choices = {
                (topic, channel): mode
                for name, mode in request.POST.items()
                if "|" in name
                for topic, channel in [name.split("|", 1)]
            }
            preferences.save_matrix(actor, choices)
        messages.success(request, _("Your choices are saved."))
        return redirect("notifications:preferences")
    reachable = set(
        Destination.objects.for_workspace(actor.workspace).filter(owner=actor.user).values_list("channel", flat=True)
    )
    language = words.language()
    areas: dict[str, list[Any]] = {}
    for row in preferences.matrix(actor):
        cells = [
            (channel, word, row.modes[channel], (words.PAGE_MODES if channel == Channel.PAGE else words.MODES).items())
            for channel, word in words.CHANNELS.items()
        ]
        topic = row.topic
        areas.setdefault(topic.area, []).append(
            (topic.id, topic.title.in_language(language), topic.description.in_language(language), cells)
        )
    hours = preferences.hours(actor)
    is_paused = hours.muted_until is not None and hours.muted_until > timezone.now()
    context = {
        "areas": [(words.AREAS.get(area, area), rows) for area, rows in areas.items()],
        "columns": [
            (
                channel,
                word,
                words.CHANNEL_ICONS[channel],
                channel in (Channel.PAGE, Channel.EMAIL) or channel in reachable,
            )
            for channel, word in words.CHANNELS.items()
        ],
        "hours": hours,
        "is_paused": is_paused,
        "pauses": words.PAUSES.items(),
    }
    return render(request, "notifications/preferences.html", context)


def _clock(request: HttpRequest, name: str) -> time | None:
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        problem = FieldProblem(name, "This is no time of day.", "Write it as 22:00.")
        raise Invalid("The times cannot be kept.", problems=[problem]) from None


@require_POST
@workspace_page(Permission.DATA_READ)
def hours_save(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep quiet hours, digest time and pause."""
    before = preferences.hours(actor)
    pause = request.POST.get("pause", "")
    muted_until = before.muted_until
    if pause == "end":
        muted_until = None
    elif pause.isdigit() and int(pause) in words.PAUSES:
        muted_until = timezone.now() + timedelta(hours=int(pause))
    try:
        preferences.save_hours(
            actor,
            time_zone=request.POST.get("time_zone", "").strip() or before.time_zone,
            quiet_from=_clock(request, "quiet_from"),
            quiet_to=_clock(request, "quiet_to"),
            daily_at=_clock(request, "daily_at") or before.daily_at,
            muted_until=muted_until,
            critical_anyway="critical_anyway" in request.POST,
        )
    except Invalid as error:
        messages.error(request, error.explain())
    else:
        messages.success(request, _("Your times are saved."))
    return redirect("notifications:preferences")
