"""The start page, the template gallery, and the page of somebody without a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from deployments.models import Deployment
from integrations.models import Connection
from integrations.registry import catalogue, registry, resolve_site
from integrations.sdk.template import Template, TemplateTool
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows.catalogue import templates
from workflows.models import Execution, Workflow

FEATURED = 6
GROUP_ICONS = {
    "market-data": "candles",
    "markets": "candles",
    "procurement": "gavel",
    "real-estate": "building",
    "properties": "building",
    "forecast": "forecast",
    "timeseries": "forecast",
    "http": "globe",
    "transform": "transform",
    "logic": "branch",
    "tools": "tool",
    "apps": "grid",
}


@dataclass(frozen=True, slots=True)
class Card:
    """A template as the gallery shows it."""

    key: str
    title: str
    description: str
    audience: str
    go_live: str
    icon: str
    steps: tuple[str, ...]
    tools: tuple[str, ...]
    has_graph: bool
    needs_no_key: bool
    picture: Any = None


@lru_cache(maxsize=1)
def _symbols() -> frozenset[str]:
    """The names in the icon sprite."""
    import re

    from django.conf import settings

    text = (settings.BASE_DIR / "static" / "icons" / "sprite.svg").read_text()
    return frozenset(re.findall(r'<symbol id="([^"]+)"', text))


def _icon(template: Template) -> str:
    if template.icon in _symbols():
        return template.icon
    known = registry().connectors
    groups = [known[name].group for name in template.connectors if name in known]
    return next((GROUP_ICONS[group] for group in groups if group in GROUP_ICONS), "workflow")


def _steps(template: Template, language: str) -> tuple[str, ...]:
    """What the first tool does, node by node."""
    first = template.tools[0] if template.tools else None
    if first is None:
        return ()
    if first.definition is None:
        action = catalogue().get(first.action)
        return (action.title.in_language(language),) if action else ()
    names = []
    for node in first.definition.get("nodes", []):
        action = catalogue().get(node["action"])
        # The titles inside a template are English; a Korean reader gets the action's own name.
        title = "" if action and language.startswith("ko") else node.get("title")
        names.append(title or (action.title.in_language(language) if action else node["action"]))
    return tuple(names)


@lru_cache(maxsize=128)
def _picture(key: str, language: str) -> Any:
    """The graph of a template's first tool, or its tools side by side where each of them is one action."""
    from workflows import picture
    from workflows.definition import load

    tools = templates()[key].tools
    if not tools:
        return None
    document = tools[0].definition or {"schema_version": 1, "nodes": _side_by_side(tools)}
    return picture.draw(load(document), picture.describe_with(catalogue(), language))


def _side_by_side(tools: Sequence[TemplateTool]) -> list[dict[str, Any]]:
    """The first few tools as steps that do not follow each other, in rows of three."""
    shown = [tool for tool in tools if tool.definition is None][:6]
    return [
        {
            "id": f"tool_{number}",
            "action": tool.action,
            "position": {"x": number % 3 * 260, "y": number // 3 * 104},
        }
        for number, tool in enumerate(shown)
    ]


def _needs_no_key(template: Template, connected: set[str]) -> bool:
    """Whether every connector works at once: it needs none, has a connection, or serves sandbox data."""
    known = registry().connectors
    return all(
        name in connected or not known[name].needs_credential or resolve_site(known[name]).mode == "sandbox"
        for name in template.connectors
        if name in known
    )


def cards(actor: Actor) -> list[Card]:
    """Every template, featured ones first."""
    language = get_language() or "en"
    connected = set(Connection.objects.for_workspace(actor.workspace).values_list("connector", flat=True))
    ordered = sorted(templates().values(), key=lambda template: not template.is_featured)
    return [
        Card(
            key=template.key,
            title=template.title.in_language(language),
            description=template.description.in_language(language),
            audience=template.audience.in_language(language),
            go_live=template.go_live.in_language(language),
            icon=_icon(template),
            steps=_steps(template, language),
            tools=tuple(tool.name for tool in template.tools),
            has_graph=any(tool.definition is not None for tool in template.tools),
            needs_no_key=_needs_no_key(template, connected),
            picture=_picture(template.key, language),
        )
        for template in ordered
    ]


def _checklist(actor: Actor) -> list[dict[str, Any]]:
    """The way to a first tool call, and how far the workspace is on it."""
    calls = Execution.objects.for_workspace(actor.workspace)
    return [
        {
            "title": _("Take a template"),
            "text": _("It needs no key; sample data is built in."),
            "done": Workflow.objects.for_workspace(actor.workspace).exists()
            or Deployment.objects.for_workspace(actor.workspace).exists(),
            "url": "templates",
        },
        {
            "title": _("Deploy it as a server"),
            "text": _("You get a URL and a key."),
            "done": Deployment.objects.for_workspace(actor.workspace).exists(),
            "url": "templates",
        },
        {
            "title": _("Call a tool"),
            "text": _("From the playground, or from Claude, Cursor or VS Code."),
            "done": calls.filter(source=Execution.Source.MCP).exists(),
            "url": "deployments:deployment-list",
        },
    ]


@require_GET
@workspace_page(Permission.WORKFLOW_READ)
def dashboard(request: HttpRequest, actor: Actor) -> HttpResponse:
    since = timezone.now() - timedelta(hours=24)
    recent = Execution.objects.for_workspace(actor.workspace).filter(created_at__gte=since)
    steps = _checklist(actor)
    servers = Deployment.objects.for_workspace(actor.workspace).exclude(state=Deployment.State.RETIRED)
    shown = cards(actor)
    page = {
        "figures": recent.aggregate(
            runs=Count("id"),
            calls=Count("id", filter=Q(source=Execution.Source.MCP)),
            errors=Count("id", filter=Q(state=Execution.State.FAILED)),
            active=Count("id", filter=Q(state__in=["queued", "running", "waiting"])),
        ),
        "workflow_count": Workflow.objects.for_workspace(actor.workspace).filter(archived_at=None).count(),
        "server_count": servers.filter(state=Deployment.State.LIVE).count(),
        "steps": [] if all(step["done"] for step in steps) else steps,
        "cards": shown[:FEATURED],
        "template_count": len(shown),
        "runs": Execution.objects.for_workspace(actor.workspace)
        .select_related("workflow")
        .only("id", "state", "tool", "created_at", "caller", "workflow__name")[:8],
        "servers": servers.select_related("live_revision")
        .annotate(tool_count=Count("live_revision__tools"))
        .order_by("-updated_at")[:6],
    }
    return render(request, "portal/dashboard.html", page)


@require_GET
@workspace_page(Permission.WORKFLOW_READ)
def template_gallery(request: HttpRequest, actor: Actor) -> HttpResponse:
    return render(request, "portal/templates.html", {"cards": cards(actor)})


@login_required
@require_GET
def welcome(request: HttpRequest) -> HttpResponse:
    """For people who are in no workspace yet."""
    if request.actor:  # type: ignore[attr-defined]
        return redirect("dashboard")
    return render(request, "portal/welcome.html")
