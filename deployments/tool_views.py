"""The tools of a server as switches, as other clients see them, and the OAuth clients that may call them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from deployments import selectors, services
from deployments.canary import start_canary, stop_canary
from deployments.client_profiles import PROFILES, profile_of, seen_by
from deployments.contracts import Contract
from deployments.lint import tokens_of
from deployments.models import Deployment, Tool
from deployments.oauth_clients import revoke_client
from portal.common.errors import NotFound, PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

MOST_OFF = 20


def tools_that_are_off(deployment: Deployment) -> list[Tool]:
    """Tools of earlier revisions that the live one lacks, the newest form of each."""
    live = set(deployment.live_revision.tools.values_list("name", flat=True)) if deployment.live_revision else set()
    found: dict[str, Tool] = {}
    rows = Tool.objects.filter(revision__deployment=deployment).select_related("version__workflow")
    for tool in rows.order_by("-revision__number", "position")[:500]:
        if tool.name not in live and tool.name not in found:
            found[tool.name] = tool
    return list(found.values())[:MOST_OFF]


def _tools_page(slug: str) -> HttpResponse:
    return redirect(reverse("deployments:deployment-detail", args=[slug]) + "#view=tools")


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def tool_switch(request: HttpRequest, actor: Actor, slug: str, name: str) -> HttpResponse:
    """Turn a tool off, or on again as it last was; either is a new revision, so it can be rolled back."""
    deployment = selectors.get_deployment(actor.workspace, slug)
    live = services.contracts_of(deployment.live_revision)
    rest = [item for item in live if item.name != name]
    try:
        if len(rest) < len(live):
            services.deploy(actor, deployment, rest, note=_("Turned off %(tool)s") % {"tool": name})
            messages.success(request, _("%(tool)s is off: clients do not see it any more.") % {"tool": name})
        else:
            found = next((tool for tool in tools_that_are_off(deployment) if tool.name == name), None)
            if found is None:
                raise NotFound("There is no such tool.")
            old: list[Contract] = services.contracts_of(found.revision)
            back = next(item for item in old if item.name == name)
            services.deploy(actor, deployment, [*live, back], note=_("Turned on %(tool)s") % {"tool": name})
            messages.success(request, _("%(tool)s is on again.") % {"tool": name})
    except NotFound:
        raise
    except PortalError as error:
        messages.error(request, error.explain())
    return _tools_page(slug)


@require_GET
@workspace_page(Permission.DEPLOYMENT_READ)
def view_as(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """The fragment with the tool list as one client shows it to its model."""
    deployment = selectors.get_deployment(actor.workspace, slug)
    profile = profile_of(request.GET.get("client", ""))
    contracts = services.contracts_of(deployment.live_revision)
    seen = seen_by(profile, deployment.slug, contracts)
    page: dict[str, Any] = {
        "deployment": deployment,
        "profiles": PROFILES,
        "profile": profile,
        "seen": seen,
        "offered": sum(row.is_offered for row in seen),
        "tokens": tokens_of(contracts),
    }
    return render(request, "deployments/_view_as.html", page)


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def canary_start(request: HttpRequest, actor: Actor, slug: str, number: int) -> HttpResponse:
    """Try a revision with a share of the calls."""
    deployment = selectors.get_deployment(actor.workspace, slug)
    percent = request.POST.get("percent", "")
    try:
        start_canary(actor, deployment, number, int(percent) if percent.isdigit() and len(percent) < 4 else 0)
        words = {"number": number, "percent": percent}
        messages.success(request, _("Revision %(number)s gets %(percent)s %% of the calls.") % words)
    except NotFound:
        raise
    except PortalError as error:
        messages.error(request, error.explain())
    return redirect(reverse("deployments:deployment-detail", args=[slug]) + "#view=revisions")


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def canary_stop(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """End the trial: all calls go to the live revision."""
    try:
        stop_canary(actor, selectors.get_deployment(actor.workspace, slug))
        messages.success(request, _("The trial is over; all calls go to the live revision."))
    except NotFound:
        raise
    except PortalError as error:
        messages.error(request, error.explain())
    return redirect(reverse("deployments:deployment-detail", args=[slug]) + "#view=revisions")


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def client_revoke(request: HttpRequest, actor: Actor, slug: str, application_id: int) -> HttpResponse:
    """Show an OAuth client the door at this server."""
    deployment = selectors.get_deployment(actor.workspace, slug)
    user = request.POST.get("user", "")
    try:
        person = UUID(user) if user else None
    except ValueError:
        raise NotFound("There is no such client.") from None
    revoke_client(actor, deployment, application_id, person)
    messages.success(request, _("The client can no longer call this server."))
    return redirect(reverse("deployments:deployment-detail", args=[slug]) + "#view=keys")
