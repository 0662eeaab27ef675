"""The log of deliveries."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.common.errors import PortalError
from portal.notifications import deliveries, selectors
from portal.notifications import page_words as words
from portal.notifications.models import Channel, Delivery
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor


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
    page = Paginator(rows, words.PAGE_SIZE).get_page(request.GET.get("page"))
    language = words.language()
    context = {
        "page": page,
        "rows": [
            {
                "delivery": row,
                "state": words.STATES[row.status],
                "channel": words.CHANNELS[row.channel],
                "icon": words.CHANNEL_ICONS[Channel(row.channel)],
                "titles": [event.title(language) for event in row.events.all()],
            }
            for row in page
        ],
        "asked": asked,
        "states": [(value, word) for value, (_state, word) in words.STATES.items()],
        "channels": [(value, word) for value, word in words.CHANNELS.items() if value != Channel.PAGE],
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
