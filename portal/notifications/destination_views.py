"""Where messages go: addresses, phones, browsers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.common.errors import Invalid, PortalError
from portal.notifications import destinations, selectors
from portal.notifications import page_words as words
from portal.notifications.channels.push import vapid
from portal.notifications.models import Channel, Delivery, Destination, Mode
from portal.notifications.topics import topics
from portal.workspaces.pages import json_body, workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor


def _destination_page(
    request: HttpRequest, actor: Actor, *, error: PortalError | None = None, secret: str = "", name: str = ""
) -> HttpResponse:
    places = list(selectors.destinations_of(actor))
    language, known = words.language(), topics()

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
            "icon": words.CHANNEL_ICONS[Channel(place.channel)],
            "channel": words.CHANNELS[place.channel],
            "mode": words.MODES[place.mode],
            "topics": [known[one].title.in_language(language) for one in place.topics if one in known],
        }

    context = {
        "mine": [card(place) for place in places if place.owner_id is not None],
        "shared": [card(place) for place in places if place.owner_id is None],
        "channels": [
            (one, words.CHANNELS[one], words.CHANNEL_ICONS[one]) for one in Destination.CHANNELS if one != Channel.PUSH
        ],
        "modes": words.MODES.items(),
        "areas": words.areas(),
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
