"""The triggers of a workflow as a page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from integrations.models import Connection
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows import selectors
from workflows.models import Workflow
from workflows.triggers import services
from workflows.triggers.addresses import address_of
from workflows.triggers.api import events, kinds
from workflows.triggers.models import Trigger
from workflows.views import language

ICONS = {
    Trigger.Kind.SCHEDULE: "calendar",
    Trigger.Kind.WEBHOOK: "link",
    Trigger.Kind.FORM: "list",
    Trigger.Kind.EMAIL: "mail",
    Trigger.Kind.EVENT: "plug",
    Trigger.Kind.SIGNAL: "bell",
    Trigger.Kind.WORKFLOW: "workflow",
    Trigger.Kind.ERROR: "alert",
}
HISTORY = 15


@require_GET
@workspace_page(Permission.WORKFLOW_READ)
def trigger_list(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    """Every trigger with its switch, its next moments and what it did."""
    workflow = selectors.get_workflow(actor.workspace, workflow_id)
    titles = {item["kind"]: item["title"] for item in kinds(language())}
    sources = {item["id"]: item["title"] for item in events(language())}
    others = Workflow.objects.for_workspace(actor.workspace).filter(archived_at=None).exclude(pk=workflow.pk)
    names = {str(other.pk): other.name for other in others.only("name")[:500]}
    rows = [
        {
            "trigger": trigger,
            "icon": ICONS[Trigger.Kind(trigger.kind)],
            "title": titles[trigger.kind],
            "summary": _summary(trigger, sources, names),
            "address": address_of(trigger),
            "upcoming": services.upcoming(trigger) if trigger.is_on else [],
            "history": list(services.history_of(trigger)[:HISTORY]),
        }
        for trigger in Trigger.objects.for_workspace(actor.workspace).filter(workflow=workflow)
    ]
    data = {
        "workflow": str(workflow.pk),
        "api": f"/api/v1/workflows/{workflow.pk}/triggers",
        "kinds": kinds(language()),
        "events": events(language()),
        "workflows": [{"id": pk, "name": name} for pk, name in names.items()],
        "connections": [
            {"id": str(item.pk), "name": item.name, "connector": item.connector}
            for item in Connection.objects.for_workspace(actor.workspace).filter(owner=None)
        ],
        "inputs": list((workflow.draft.get("inputs") or {}).get("properties", {})),
        "triggers": {
            str(row["trigger"].pk): {
                "kind": row["trigger"].kind,
                "name": row["trigger"].name,
                "config": row["trigger"].config,
                "input": row["trigger"].input,
            }
            for row in rows
        },
    }
    page = {"workflow": workflow, "rows": rows, "data": data, "has_version": workflow.versions.exists()}
    return render(request, "workflows/trigger_list.html", page)


def _summary(trigger: Trigger, sources: dict[str, str], names: dict[str, str]) -> str:
    """One line that tells this trigger from others of its kind."""
    config: dict[str, Any] = trigger.config
    kind = trigger.kind
    if kind == Trigger.Kind.SCHEDULE:
        return f"{config['when']} · {config['timezone']}"
    if kind == Trigger.Kind.WEBHOOK:
        return f"{', '.join(config['methods'])} · {config['check']}"
    if kind == Trigger.Kind.EVENT:
        return sources.get(config["trigger"], config["trigger"])
    if kind == Trigger.Kind.SIGNAL:
        return str(config["signal"])
    if kind == Trigger.Kind.WORKFLOW:
        return f"{names.get(config['workflow'], config['workflow'])} · {config['when']}"
    if kind == Trigger.Kind.EMAIL:
        return ", ".join([*config["senders"][:3], *([config["subject"]] if config["subject"] else [])])
    if kind == Trigger.Kind.FORM:
        return str(config["access"])
    return ", ".join(names.get(item, item) for item in config["workflows"][:3])
