"""Pages of servers: list, server page, playground, and what their buttons do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from deployments import selectors, services, usage
from deployments.canary import SHARES, score_of
from deployments.client_profiles import PROFILES, as_data
from deployments.connect import KEY, clients_of
from deployments.models import Deployment, DeploymentKey, Revision, Tool
from deployments.oauth_clients import clients_of_server
from deployments.offer_views import offers_page
from deployments.server_settings import ServerForm, save_settings
from deployments.tool_views import tools_that_are_off
from portal.common.errors import FieldProblem, Invalid, NotFound, PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows.run_views import seconds_of

PAGE_SIZE = 50
LIVE_CALLS = 15
PLAYGROUND_KEY_HOURS = 2
PLAYGROUND_LABEL = "Playground"


@require_GET
@workspace_page(Permission.DEPLOYMENT_READ)
def deployment_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    found = selectors.deployments_of(actor.workspace).order_by("-id")
    rows = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    since = timezone.now() - timedelta(hours=24)
    calls = _calls_by_server(actor, [row.pk for row in rows], since)
    for row in rows:
        row.calls_24h, row.errors_24h = calls.get(row.pk, (0, 0))
    return render(request, "deployments/deployment_list.html", {"rows": rows})


def _calls_by_server(actor: Actor, ids: list[UUID], since: Any) -> dict[UUID, tuple[int, int]]:
    from django.db.models import Q

    from workflows.models import Execution

    found = (
        Execution.objects.for_workspace(actor.workspace)
        .filter(deployment_id__in=ids, created_at__gte=since)
        .values("deployment_id")
        .annotate(calls=Count("id"), errors=Count("id", filter=Q(state=Execution.State.FAILED)))
        .order_by()
    )
    return {row["deployment_id"]: (row["calls"], row["errors"]) for row in found}


def page_of(
    request: HttpRequest, actor: Actor, deployment: Deployment, *, form: ServerForm | None = None, status: int = 200
) -> HttpResponse:
    """The server page, with a settings form that may hold errors."""
    figures = usage.by_tool(deployment)
    tools = list(deployment.live_revision.tools.select_related("version__workflow")) if deployment.live_revision else []
    for tool in tools:
        tool.figures = figures.get(tool.name, {})  # type: ignore[attr-defined]
        tool.binding = _binding(tool)  # type: ignore[attr-defined]
    revisions = list(deployment.revisions.select_related("created_by").annotate(tool_count=Count("tools"))[:50])
    words = {"succeeded": _("Succeeded"), "failed": _("Failed"), "p95": "p95"}
    page = {
        "deployment": deployment,
        "totals": usage.totals(deployment),
        "tools": tools,
        "keys": (keys := _keys(deployment)),
        "oauth_clients": (oauth_clients := clients_of_server(deployment)),
        "key_count": len(keys) + len(oauth_clients),
        "off_tools": tools_that_are_off(deployment),
        "trial": score_of(deployment) if deployment.canary_revision_id else None,
        "shares": SHARES,
        "revisions": revisions,
        "previous": next((r for r in revisions if r.pk != deployment.live_revision_id and r.probed_at), None),
        "clients": clients_of(deployment),
        "by_client": usage.by_client(deployment),
        "calls_figure": usage.calls_figure(deployment, words),
        "latency_figure": usage.latency_figure(deployment, words),
        "week_figure": usage.week_figure(deployment, [str(WEEKDAYS_ABBR[day]) for day in range(7)]),
        "form": form or ServerForm(instance=deployment),
        "server_data": {
            "slug": deployment.slug,
            "url": deployment.url,
            "placeholder": KEY,
            "socket": f"/ws/servers/{deployment.slug}",
        },
        "tool_usage": sorted(usage.by_tool(deployment, hours=168).items(), key=lambda row: -row[1]["calls"]),
        "protocols": (HANDSHAKE_PROTOCOL_VERSIONS[0], MODERN_PROTOCOL_VERSIONS[-1]),
        **offers_page(deployment, tools),
        **_live_calls(deployment),
    }
    return render(request, "deployments/deployment_detail.html", page, status=status)


def _binding(tool: Tool) -> dict[str, str]:
    if tool.version is not None:
        workflow = tool.version.workflow
        return {
            "label": f"{workflow.name} v{tool.version.number}",
            "url": reverse("workflows:workflow-detail", args=[workflow.pk]),
        }
    return {"label": tool.action, "url": ""}


def _keys(deployment: Deployment) -> list[DeploymentKey]:
    """Keys in use, and those that ended within the last week; short-lived playground keys only while they work."""
    now = timezone.now()
    found = []
    for key in deployment.keys.select_related("created_by"):
        key.usable = key.is_usable(now)
        ended = key.revoked_at or key.expires_at
        is_recent = ended is not None and ended > now - timedelta(days=7)
        if key.usable or (is_recent and key.label != PLAYGROUND_LABEL):
            found.append(key)
    return found


def _live_calls(deployment: Deployment) -> dict[str, Any]:
    calls = list(selectors.calls_of(deployment)[:LIVE_CALLS])
    for call in calls:
        call.seconds = seconds_of(call)  # type: ignore[attr-defined]
    return {"calls": calls}


@require_GET
@workspace_page(Permission.DEPLOYMENT_READ)
def deployment_detail(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    return page_of(request, actor, selectors.get_deployment(actor.workspace, slug))


@require_GET
@workspace_page(Permission.DEPLOYMENT_READ)
def deployment_calls(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """The fragment with the latest calls and the state of the connection, refreshed while the page is open."""
    deployment = selectors.get_deployment(actor.workspace, slug)
    page = {"deployment": deployment, "totals": usage.totals(deployment), "refresh": True, **_live_calls(deployment)}
    return render(request, "deployments/_calls.html", page)


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def deployment_state(request: HttpRequest, actor: Actor, slug: str, state: str) -> HttpResponse:
    """Pause, resume or retire."""
    if state not in Deployment.State.values:
        raise NotFound("There is no such state.")
    deployment = services.set_state(actor, selectors.get_deployment(actor.workspace, slug), state)
    said = {
        Deployment.State.LIVE: _("The server answers again."),
        Deployment.State.PAUSED: _("The server is paused. Callers are told to try later."),
        Deployment.State.RETIRED: _("The server is retired. Its address answers 404 from now on."),
    }
    messages.success(request, said[Deployment.State(deployment.state)])
    return redirect("deployments:deployment-detail", slug)


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def revision_activate(request: HttpRequest, actor: Actor, slug: str, number: int) -> HttpResponse:
    """Roll back (or forward): URL and keys stay."""
    revision: Revision = services.activate(actor, selectors.get_deployment(actor.workspace, slug), number)
    messages.success(request, _("Revision %(number)s is live.") % {"number": revision.number})
    return redirect(reverse("deployments:deployment-detail", args=[slug]) + "#view=revisions")


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def deployment_update(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    deployment = selectors.get_deployment(actor.workspace, slug)
    form = ServerForm(request.POST, instance=selectors.get_deployment(actor.workspace, slug))
    if not form.is_valid():
        return page_of(request, actor, deployment, form=form, status=422)
    save_settings(actor, deployment, form)
    messages.success(request, _("The settings are saved and in force."))
    return redirect(reverse("deployments:deployment-detail", args=[slug]) + "#view=settings")


# Keys: every answer with a secret is a fragment that is never cached or stored. ------------------------------


def _secret(request: HttpRequest, deployment: Deployment, key: DeploymentKey, secret: str) -> HttpResponse:
    page = {"deployment": deployment, "key": key, "secret": secret, "keys": _keys(deployment)}
    response = render(request, "deployments/_keys.html", page)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def key_create(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    deployment = selectors.get_deployment(actor.workspace, slug)
    days = request.POST.get("days", "")
    expires = timezone.now() + timedelta(days=int(days)) if days.isdigit() and int(days) else None
    limits = {name: _limit(request, name) for name in ("per_minute", "daily_calls", "monthly_calls")}
    key, secret = services.create_key(actor, deployment, request.POST.get("label", ""), expires_at=expires, **limits)
    return _secret(request, deployment, key, secret)


def _limit(request: HttpRequest, name: str) -> int:
    """A limit of the form; 0 when it is left empty."""
    text = request.POST.get(name, "").strip()
    if text and not (text.isascii() and text.isdigit() and 0 < int(text[:12]) < 2**31):
        problem = FieldProblem(name, _("This is no limit."), _("Write a whole number above zero, or nothing."))
        raise Invalid(_("The key was not made."), problems=[problem])
    return int(text or 0)


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def key_rotate(request: HttpRequest, actor: Actor, slug: str, key_id: UUID) -> HttpResponse:
    deployment = selectors.get_deployment(actor.workspace, slug)
    key, secret = services.rotate_key(actor, deployment, key_id)
    return _secret(request, deployment, key, secret)


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def key_revoke(request: HttpRequest, actor: Actor, slug: str, key_id: UUID) -> HttpResponse:
    deployment = selectors.get_deployment(actor.workspace, slug)
    services.revoke_key(actor, deployment, key_id)
    return render(request, "deployments/_keys.html", {"deployment": deployment, "keys": _keys(deployment)})


# Playground --------------------------------------------------------------------------------------------------


@require_GET
@workspace_page(Permission.DEPLOYMENT_READ)
def playground(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    deployment = selectors.get_deployment(actor.workspace, slug)
    page = {
        "deployment": deployment,
        "playground_data": {
            "slug": deployment.slug,
            "path": deployment.path,
            "url": deployment.url,
            "key_url": reverse("deployments:playground-key", args=[slug])
            if actor.may(Permission.DEPLOYMENT_MANAGE)
            else "",
            "run_url": reverse("workflows:execution-list"),
            "tool": request.GET.get("tool", ""),
            "uploads": _uploads(deployment),
            "profiles": [as_data(profile) for profile in PROFILES],
            "may_test": actor.may(Permission.WORKFLOW_UPDATE) and actor.may(Permission.EXECUTION_PAYLOAD),
        },
        "profiles": PROFILES,
    }
    return render(request, "deployments/playground.html", page)


def _uploads(deployment: Deployment) -> dict[str, str]:
    """Where files for the arguments of each tool go: to the workflow behind it."""
    if deployment.live_revision is None:
        return {}
    tools = deployment.live_revision.tools.filter(version__isnull=False).values_list("name", "version__workflow_id")
    return {name: f"/api/v1/workflows/{workflow_id}/files" for name, workflow_id in tools}


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def playground_key(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """A key for this browser tab, good for two hours: the playground calls the real endpoint like any client."""
    deployment = selectors.get_deployment(actor.workspace, slug)
    expires = timezone.now() + timedelta(hours=PLAYGROUND_KEY_HOURS)
    _key, secret = services.create_key(actor, deployment, PLAYGROUND_LABEL, expires_at=expires, is_own=True)
    response = JsonResponse({"key": secret, "expires_at": expires.isoformat()}, status=201)
    response["Cache-Control"] = "no-store"
    return response


def explained(error: PortalError) -> list[str]:
    """An error as lines for a dialog: message, field problems, remedy."""
    return [line.removeprefix("- ") for line in error.explain().splitlines()]
