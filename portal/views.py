"""Pages that belong to no single app: error pages, the style page, workspace switching, the palette."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, HttpResponseServerError, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.common.errors import Invalid, NotFound, PermissionDenied
from portal.common.problems import problem_response
from portal.palette import search
from portal.workspaces.services import actor_for, create_workspace


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or "json" in request.headers.get("Accept", "")


def _plain(request: HttpRequest, status: int, heading: str, text: str, retry: str = "") -> HttpResponse:
    page = {"status": status, "heading": heading, "text": text, "retry": retry}
    return render(request, "errors/plain.html", page, status=status)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _wants_json(request):
        return problem_response(PermissionDenied("You may not do this."), request)
    text = _("Your role in this workspace does not include it. Ask an owner or admin.")
    return _plain(request, 403, _("You may not do this"), text)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _wants_json(request):
        return problem_response(NotFound("There is no such thing, or you may not see it."), request)
    text = _("It may have been removed, or it belongs to a workspace you are not a member of.")
    return _plain(request, 404, _("There is nothing here"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    """The last resort: needs neither database nor session."""
    if _wants_json(request):
        body = {"type": "urn:portal:problem:internal", "title": "Something went wrong on our side.", "status": 500}
        return JsonResponse(body, status=500, content_type="application/problem+json")
    page = {
        "heading": _("Something went wrong on our side"),
        "text": _("It has been logged. Try again in a moment; if it keeps happening, tell the operator the time."),
        "back": _("To the start page"),
    }
    return HttpResponseServerError(render_to_string("errors/500.html", page))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if _wants_json(request):
        return problem_response(PermissionDenied("The page is too old for this.", remedy="Reload it."), request)
    text = _("The form was open for too long, or cookies are blocked. Reload the page and send it again.")
    return _plain(request, 403, _("This page has expired"), text, retry=request.get_full_path())


@require_GET
def styles(request: HttpRequest) -> HttpResponse:
    """Every component on one page; off in production."""
    if not settings.STYLE_PAGE:
        raise Http404
    from portal.templatetags.portal import STATES

    return render(request, "components/styles.html", {"states": list(STATES), "sample": SAMPLE})


SAMPLE: dict[str, Any] = {
    "market": "KOSPI",
    "count": 30,
    "rows": [{"code": "005930", "name": "삼성전자"}],
    "as_of": None,
}


@login_required
@require_GET
def palette(request: HttpRequest) -> JsonResponse:
    """What the command palette shows for `q`."""
    return JsonResponse({"groups": search(request, request.GET.get("q", ""))})


@login_required
@require_POST
def switch_workspace(request: HttpRequest) -> HttpResponse:
    """Make another of the person's workspaces the current one."""
    user: Any = request.user
    wanted = request.POST.get("workspace", "")
    membership = next((m for m in user.memberships.all() if str(m.workspace_id) == wanted), None)
    if membership is None:
        raise NotFound("There is no such workspace, or you are not a member of it.")
    user.last_workspace_id = actor_for(user, membership.workspace_id).workspace.pk
    user.save(update_fields=["last_workspace_id"])
    return redirect("dashboard")


@login_required
@require_POST
def new_workspace(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    name = request.POST.get("name", "").strip()
    if not name:
        raise Invalid(_("A workspace needs a name."))
    workspace = create_workspace(user, name[:120])
    user.last_workspace_id = workspace.pk
    user.save(update_fields=["last_workspace_id"])
    messages.success(request, _("The workspace “%(name)s” is ready.") % {"name": workspace.name})
    return HttpResponseRedirect("/")
