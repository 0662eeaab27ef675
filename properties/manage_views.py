"""Pages that act: review queue, customers, collectors with their legal basis, monitor, import."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.common.errors import PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from properties import selectors, services
from properties.legal import legal_basis_record, legal_basis_revoke
from properties.models import Collection, LegalBasis, ReviewPair
from properties.resolution import pair_decide


def _tell(request: HttpRequest, error: PortalError) -> None:
    messages.error(request, error.explain())


@require_GET
@workspace_page(Permission.DATA_READ)
def review(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Pairs of adverts that a person should compare."""
    pairs = ReviewPair.objects.for_workspace(actor.workspace).select_related("one", "other")
    rows = Paginator(pairs, 10).get_page(request.GET.get("page"))
    return render(request, "properties/review.html", {"tab": "review", "rows": rows})


@require_POST
@workspace_page(Permission.DATA_WRITE)
def decide(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep a person's verdict on a pair."""
    try:
        pair_decide(
            actor,
            one_key=request.POST.get("one", ""),
            other_key=request.POST.get("other", ""),
            same=request.POST.get("same") == "1",
        )
    except PortalError as error:
        _tell(request, error)
    else:
        messages.success(request, _("Kept. The decision holds for every later run."))
    return redirect("properties:review")


@require_GET
@workspace_page(Permission.DATA_READ)
def collectors(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Platforms, their terms, and the legal basis of each."""
    page = {
        "tab": "collectors",
        "platforms": selectors.platform_states(actor.workspace),
        "grounds": LegalBasis.Ground.values,
        "recent": Collection.objects.for_workspace(actor.workspace)[:15],
    }
    return render(request, "properties/collectors.html", page)


@require_POST
@workspace_page(Permission.WORKSPACE_UPDATE)
def basis_record(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Record a legal basis."""
    try:
        legal_basis_record(
            actor,
            platform=request.POST.get("platform", ""),
            ground=request.POST.get("ground", ""),
            details=request.POST.get("details", ""),
        )
    except PortalError as error:
        _tell(request, error)
    else:
        messages.success(request, _("Recorded. The platform may be collected now."))
    return redirect("properties:collectors")


@require_POST
@workspace_page(Permission.WORKSPACE_UPDATE)
def basis_revoke(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Revoke a legal basis."""
    try:
        legal_basis_revoke(actor, platform=request.POST.get("platform", ""))
    except PortalError as error:
        _tell(request, error)
    else:
        messages.success(request, _("Revoked. The platform is off."))
    return redirect("properties:collectors")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def collection_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Queue a collection."""
    try:
        services.collection_start(
            actor, platforms=request.POST.getlist("platform"), areas=[request.POST.get("area", "").strip()]
        )
    except PortalError as error:
        _tell(request, error)
        return redirect("properties:collectors")
    return redirect("properties:monitor")


@require_GET
@workspace_page(Permission.DATA_READ)
def monitor(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Collections as they move."""
    page = {"tab": "monitor", "rows": Collection.objects.for_workspace(actor.workspace)[:50]}
    template = "properties/_collections.html" if request.headers.get("HX-Request") else "properties/monitor.html"
    return render(request, template, page)
