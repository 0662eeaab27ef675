"""What the command palette finds: pages, commands, and the workspace's things by name or id."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.context import Shell

LIMIT = 6


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _commands() -> list[dict[str, Any]]:
    return [
        {"label": _("Use light theme"), "icon": "sun", "command": "theme-light"},
        {"label": _("Use dark theme"), "icon": "moon", "command": "theme-dark"},
        {"label": _("한국어로 보기"), "icon": "globe", "command": "language-ko"},
        {"label": _("Use English"), "icon": "globe", "command": "language-en"},
        {"label": _("New workspace"), "icon": "plus", "command": "new-workspace"},
    ]


def search(request: HttpRequest, query: str) -> list[dict[str, Any]]:
    """Groups of entries for the query; without one, the pages and the latest things."""
    text = query.strip()
    if text.startswith(">"):
        wanted = text[1:].strip().casefold()
        items = [item for item in _commands() if wanted in item["label"].casefold()]
        return [{"title": _("Commands"), "items": items}] if items else []
    groups = []
    shell = Shell(request)
    pages = [
        {"label": link.label, "icon": link.icon, "url": link.url}
        for group in shell.nav
        for link in group.links
        if text.casefold() in link.label.casefold()
    ]
    things = _things(shell.actor.workspace, text) if shell.actor else []
    groups += [group for group in things if group["items"]]
    if pages:
        groups.insert(0 if not text else len(groups), {"title": _("Pages"), "items": pages})
    return groups


def _things(workspace: Any, text: str) -> list[dict[str, Any]]:
    from django.db.models import Q

    from deployments.models import Deployment
    from workflows.models import Execution, Workflow

    workflows = Workflow.objects.for_workspace(workspace).filter(archived_at=None)
    deployments = Deployment.objects.for_workspace(workspace)
    runs = Execution.objects.none()
    if text:
        workflows = workflows.filter(Q(name__icontains=text) | Q(description__icontains=text))
        deployments = deployments.filter(Q(name__icontains=text) | Q(slug__icontains=text))
        if identifier := _uuid(text):
            runs = Execution.objects.for_workspace(workspace).filter(pk=identifier).select_related("workflow")
    return [
        {
            "title": _("Workflows"),
            "items": [
                {"label": w.name, "icon": "workflow", "url": reverse("workflows:workflow-detail", args=[w.pk])}
                for w in workflows[:LIMIT]
            ],
        },
        {
            "title": _("Servers"),
            "items": [
                {
                    "label": d.name,
                    "hint": d.path,
                    "icon": "server",
                    "url": reverse("deployments:deployment-detail", args=[d.slug]),
                }
                for d in deployments[:LIMIT]
            ],
        },
        {
            "title": _("Runs"),
            "items": [
                {
                    "label": str(run.workflow or run.tool or run.pk),
                    "hint": str(run.pk),
                    "icon": "runs",
                    "url": reverse("workflows:execution-detail", args=[run.pk]),
                }
                for run in runs
            ],
        },
    ]
