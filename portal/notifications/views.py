"""Pages: inbox, preferences, destinations, and the log of deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.common.errors import FieldProblem, Invalid, PortalError
from portal.notifications import deliveries, destinations, exports, preferences, selectors
from portal.notifications import inbox as letters
from portal.notifications.channels.push import vapid
from portal.notifications.models import Channel, Delivery, Destination, Mode, Severity
from portal.notifications.topics import topics
from portal.workspaces.pages import json_body, workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

PAGE_SIZE = 30
CHANNELS: dict[str, Any] = {
    Channel.PAGE: gettext_lazy("Page"),
    Channel.EMAIL: gettext_lazy("E-mail"),
    Channel.PUSH: gettext_lazy("Push"),
    Channel.SLACK: gettext_lazy("Slack"),
    Channel.WEBHOOK: gettext_lazy("Webhook"),
    Channel.SMS: gettext_lazy("SMS"),
}
CHANNEL_ICONS = {
    Channel.PAGE: "bell",
    Channel.EMAIL: "mail",
    Channel.PUSH: "phone",
    Channel.SLACK: "chat",
    Channel.WEBHOOK: "code",
    Channel.SMS: "phone",
}
MODES: dict[str, Any] = {
    Mode.INSTANT: gettext_lazy("At once"),
    Mode.HOURLY: gettext_lazy("Hourly digest"),
    Mode.DAILY: gettext_lazy("Daily digest"),
    Mode.OFF: pgettext_lazy("notification", "Off"),
}
PAGE_MODES: dict[str, Any] = {Mode.INSTANT: gettext_lazy("Show"), Mode.OFF: pgettext_lazy("notification", "Off")}
SEVERITIES: dict[str, Any] = {
    Severity.INFO: gettext_lazy("Information"),
    Severity.SUCCESS: gettext_lazy("Success"),
    Severity.WARNING: gettext_lazy("Warning"),
    Severity.CRITICAL: gettext_lazy("Critical"),
}
SEVERITY_ICONS = {"info": "info", "success": "tick", "warning": "alert", "critical": "shield-x"}
AREAS: dict[str, Any] = {
    "markets": gettext_lazy("Stock rankings"),
    "procurement": gettext_lazy("Procurement"),
    "properties": gettext_lazy("Real estate"),
    "timeseries": gettext_lazy("Time series"),
    "workflows": gettext_lazy("Workflows and servers"),
    "portal": gettext_lazy("Portal"),
}
#: Delivery status → state of the design system, word.
STATES: dict[str, tuple[str, Any]] = {
    Delivery.Status.PENDING: ("queued", pgettext_lazy("delivery", "Waiting")),
    Delivery.Status.SENDING: ("running", pgettext_lazy("delivery", "Sending")),
    Delivery.Status.SENT: ("succeeded", pgettext_lazy("delivery", "Sent")),
    Delivery.Status.FAILED: ("failed", pgettext_lazy("delivery", "Failed")),
    Delivery.Status.DROPPED: ("skipped", pgettext_lazy("delivery", "Not sent")),
}
#: How long a person can pause everything, in hours.
PAUSES: dict[int, Any] = {
    1: gettext_lazy("for an hour"),
    8: gettext_lazy("for 8 hours"),
    24: gettext_lazy("for a day"),
    168: gettext_lazy("for a week"),
}


def _language() -> str:
    return get_language() or "en"


def _areas() -> list[tuple[str, Any, list[Any]]]:
    """Topics by area: (area, its name, [(topic, its title)])."""
    found: dict[str, list[Any]] = {}
    for topic in topics().values():
        found.setdefault(topic.area, []).append((topic.id, topic.title.in_language(_language())))
    return [(area, AREAS.get(area, area), rows) for area, rows in found.items()]


# Inbox -------------------------------------------------------------------------------------------------------


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("state", "topic", "severity", "words")}


@require_GET
@workspace_page(Permission.DATA_READ)
def inbox(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The person's notifications, with filters."""
    asked = _asked(request)
    page = Paginator(selectors.filtered(selectors.inbox(actor), **asked), PAGE_SIZE).get_page(request.GET.get("page"))
    language, known = _language(), topics()
    rows = [
        {
            "notification": row,
            "event": row.event,
            "title": row.event.title(language),
            "body": row.event.body(language),
            "topic": known[row.event.topic].title.in_language(language) if row.event.topic in known else "",
            "icon": SEVERITY_ICONS[row.event.severity],
            "severity_word": SEVERITIES[row.event.severity],
        }
        for row in page
    ]
    context = {
        "page": page,
        "rows": rows,
        "asked": asked,
        "is_filtered": any(asked.values()),
        "areas": _areas(),
        "severities": SEVERITIES.items(),
        "query": request.GET.urlencode(),
    }
    return render(request, "notifications/inbox.html", context)


@require_GET
@workspace_page(Permission.DATA_READ)
def notification_open(request: HttpRequest, actor: Actor, notification_id: UUID) -> HttpResponse:
    """Mark as read and go to what it speaks of."""
    found = letters.notification_of(actor, notification_id)
    letters.mark(actor, [found.pk])
    url = found.event.url
    if not url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return redirect("notifications:inbox")
    return redirect(url)


@require_POST
@workspace_page(Permission.DATA_READ)
def notification_mark(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Mark one (`id`) or all as read; `read=0` makes one unread again."""
    wanted = request.POST.get("id", "")
    try:
        ids = [UUID(wanted)] if wanted else None
    except ValueError:
        raise Invalid("There is no such notification.", problems=[FieldProblem("id", "This is no id.")]) from None
    letters.mark(actor, ids, read=request.POST.get("read", "1") != "0")
    # Parsed and written anew, so that only a query can stand there.
    back = QueryDict(request.POST.get("back", "")).urlencode()
    return redirect(reverse("notifications:inbox") + (f"?{back}" if back else ""))


@require_GET
@workspace_page(Permission.DATA_READ)
def notification_export(request: HttpRequest, actor: Actor) -> HttpResponse | StreamingHttpResponse:
    """The filtered inbox as a file: `form=csv` or `form=json`."""
    rows = selectors.filtered(selectors.inbox(actor), **_asked(request))
    form = request.GET.get("form", "csv")
    if form not in exports.FORMS:
        known = ", ".join(exports.FORMS)
        raise Invalid("There is no such form.", problems=[FieldProblem("form", "Unknown.", f"Use one of: {known}.")])
    lines: Iterator[str] = exports.FORMS[form].write(rows, _language())
    response = StreamingHttpResponse(lines, content_type=exports.FORMS[form].content_type)
    response["Content-Disposition"] = f'attachment; filename="notifications-{timezone.localdate()}.{form}"'
    return response


# Preferences -------------------------------------------------------------------------------------------------


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
    language = _language()
    areas: dict[str, list[Any]] = {}
    for row in preferences.matrix(actor):
        cells = [
            (channel, word, row.modes[channel], (PAGE_MODES if channel == Channel.PAGE else MODES).items())
            for channel, word in CHANNELS.items()
        ]
        topic = row.topic
        areas.setdefault(topic.area, []).append(
            (topic.id, topic.title.in_language(language), topic.description.in_language(language), cells)
        )
    hours = preferences.hours(actor)
    is_paused = hours.muted_until is not None and hours.muted_until > timezone.now()
    context = {
        "areas": [(AREAS.get(area, area), rows) for area, rows in areas.items()],
        "columns": [
            (channel, word, CHANNEL_ICONS[channel], channel in (Channel.PAGE, Channel.EMAIL) or channel in reachable)
            for channel, word in CHANNELS.items()
        ],
        "hours": hours,
        "is_paused": is_paused,
        "pauses": PAUSES.items(),
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
    elif pause.isdigit() and int(pause) in PAUSES:
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


# Destinations ------------------------------------------------------------------------------------------------


def _destination_page(
    request: HttpRequest, actor: Actor, *, error: PortalError | None = None, secret: str = "", name: str = ""
) -> HttpResponse:
    places = list(selectors.destinations_of(actor))
    language, known = _language(), topics()

    def card(place: Destination) -> dict[str, Any]:
        if not place.is_active:
            state = ("paused", _("Switched off"))
        elif place.confirmed_at is None:
            state = ("waiting", _("Waiting for its code"))
        elif place.problem:
            state = ("failing", _("Failing"))
        else:
            state = ("ok", _("Working")) if place.last_sent_at else ("unknown", _("Not used yet"))
        return {
            "place": place,
            "state": state,
            "icon": CHANNEL_ICONS[Channel(place.channel)],
            "channel": CHANNELS[place.channel],
            "mode": MODES[place.mode],
            "topics": [known[one].title.in_language(language) for one in place.topics if one in known],
        }

    context = {
        "mine": [card(place) for place in places if place.owner_id is not None],
        "shared": [card(place) for place in places if place.owner_id is None],
        "channels": [(one, CHANNELS[one], CHANNEL_ICONS[one]) for one in Destination.CHANNELS if one != Channel.PUSH],
        "modes": MODES.items(),
        "areas": _areas(),
        "vapid_key": vapid().public,
        "error": error,
        "failed": request.POST.get("channel", "") if error else "",
        "given": request.POST if error else {},
        "secret": secret,
        "secret_name": name,
        "may_share": actor.may(Permission.CONNECTION_MANAGE),
    }
    response = render(request, "notifications/destinations.html", context, status=422 if error else 200)
    if secret:
        response["Cache-Control"] = "no-store"
    return response


@require_GET
@workspace_page(Permission.DATA_READ)
def destination_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _destination_page(request, actor)


@require_POST
@workspace_page(Permission.DATA_READ)
def destination_add(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Add a destination; the signing secret of a webhook is in this answer only."""
    form = request.POST
    try:
        place, secret = destinations.destination_create(
            actor,
            form.get("channel", ""),
            {name: form.get(name, "") for name in ("url", "secret", "email", "phone", "hook_url", "token", "room")},
            name=form.get("name", ""),
            personal=form.get("owner") != "workspace",
            topics=[one for one in form.getlist("topics") if one],
            mode=form.get("mode") or Mode.INSTANT,
        )
    except PortalError as error:
        return _destination_page(request, actor, error=error)
    if secret:
        return _destination_page(request, actor, secret=secret, name=place.name)
    if place.confirmed_at is None:
        messages.info(request, _("A code is on its way to %(address)s.") % {"address": place.address})
    else:
        messages.success(request, _("The destination is added. Send a test message to try it."))
    return redirect("notifications:destinations")


@require_POST
@workspace_page(Permission.DATA_READ)
def push_subscribe(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take this browser's push subscription as a destination of the person."""
    body = json_body(request)
    name = str(body.get("name", ""))[:80]
    subscription = body.get("subscription")
    destinations.destination_create(
        actor, Channel.PUSH, subscription if isinstance(subscription, dict) else {}, name=name
    )
    messages.success(request, _("This browser receives push messages now."))
    return HttpResponse(status=201)


@require_POST
@workspace_page(Permission.DATA_READ)
def destination_act(request: HttpRequest, actor: Actor, destination_id: UUID, act: str) -> HttpResponse:
    """Confirm, ask for a new code, test, switch on or off, or remove."""
    try:
        _act(request, actor, destination_id, act)
    except (Invalid, PortalError) as error:
        if error.status in (403, 404):
            raise
        messages.error(request, error.explain())
    return redirect("notifications:destinations")


def _act(request: HttpRequest, actor: Actor, destination_id: UUID, act: str) -> None:
    if act == "confirm":
        destinations.confirm(actor, destination_id, request.POST.get("code", ""))
        messages.success(request, _("The destination is confirmed."))
    elif act == "code":
        place = destinations.destination_of(actor, destination_id)
        destinations.send_code(actor, place)
        messages.info(request, _("A code is on its way to %(address)s.") % {"address": place.address})
    elif act == "test":
        delivery = destinations.destination_test(actor, destination_id)
        if delivery.status == Delivery.Status.SENT:
            messages.success(request, _("The test message was taken."))
        else:
            messages.error(request, _("The test message was not taken: %(why)s") % {"why": delivery.error})
    elif act in ("on", "off"):
        destinations.destination_update(actor, destination_id, is_active=act == "on")
    else:
        destinations.destination_delete(actor, destination_id)
        messages.success(request, _("The destination is removed."))


# Log ---------------------------------------------------------------------------------------------------------


@require_GET
@workspace_page(Permission.DATA_READ)
def delivery_log(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What was sent where, and what was not and why."""
    asked = {"status": request.GET.get("status", ""), "channel": request.GET.get("channel", "")}
    rows = selectors.deliveries_of(actor)
    if asked["status"] in Delivery.Status.values:
        rows = rows.filter(status=asked["status"])
    if asked["channel"] in Channel.values:
        rows = rows.filter(channel=asked["channel"])
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    language = _language()
    context = {
        "page": page,
        "rows": [
            {
                "delivery": row,
                "state": STATES[row.status],
                "channel": CHANNELS[row.channel],
                "icon": CHANNEL_ICONS[Channel(row.channel)],
                "titles": [event.title(language) for event in row.events.all()],
            }
            for row in page
        ],
        "asked": asked,
        "states": [(value, word) for value, (_state, word) in STATES.items()],
        "channels": [(value, word) for value, word in CHANNELS.items() if value != Channel.PAGE],
    }
    return render(request, "notifications/log.html", context)


@require_POST
@workspace_page(Permission.DATA_READ)
def delivery_retry(request: HttpRequest, actor: Actor, delivery_id: UUID) -> HttpResponse:
    try:
        deliveries.retry(actor, delivery_id)
    except PortalError as error:
        if error.status in (403, 404):
            raise
        messages.error(request, error.explain())
    else:
        messages.success(request, _("The message is sent again."))
    return redirect("notifications:log")
