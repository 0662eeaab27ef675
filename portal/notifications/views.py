"""The inbox."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from portal.common.errors import FieldProblem, Invalid
from portal.notifications import exports, selectors
from portal.notifications import inbox as letters
from portal.notifications import page_words as words
from portal.notifications.topics import topics
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("state", "topic", "severity", "words")}


@require_GET
@workspace_page(Permission.DATA_READ)
def inbox(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The person's notifications, with filters."""
    asked = _asked(request)
    found = selectors.filtered(selectors.inbox(actor), **asked)
    page = Paginator(found, words.PAGE_SIZE).get_page(request.GET.get("page"))
    language, known = words.language(), topics()
    rows = [
        {
            "notification": row,
            "event": row.event,
            "title": row.event.title(language),
            "body": row.event.body(language),
            "topic": known[row.event.topic].title.in_language(language) if row.event.topic in known else "",
            "icon": words.SEVERITY_ICONS[row.event.severity],
            "severity_word": words.SEVERITIES[row.event.severity],
        }
        for row in page
    ]
    context = {
        "page": page,
        "rows": rows,
        "asked": asked,
        "is_filtered": any(asked.values()),
        "areas": words.areas(),
        "severities": words.SEVERITIES.items(),
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
    lines: Iterator[str] = exports.FORMS[form].write(rows, words.language())
    response = StreamingHttpResponse(lines, content_type=exports.FORMS[form].content_type)
    response["Content-Disposition"] = f'attachment; filename="notifications-{timezone.localdate()}.{form}"'
    return response
