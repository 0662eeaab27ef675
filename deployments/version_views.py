"""Two versions of a workflow beside each other: graph, fields, and what the change means for callers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from deployments.version_contracts import compare_contracts, live_tools, recent_callers
from integrations.registry import catalogue
from portal.common.errors import Invalid, NotFound
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from workflows import picture, selectors
from workflows.definition import Definition, load
from workflows.differences import compare_graphs
from workflows.models import Workflow, WorkflowVersion
from workflows.views import language

DRAFT = "draft"


def _side(workflow: Workflow, name: str) -> tuple[Definition, WorkflowVersion | None]:
    """A version by its number, or the draft."""
    if name == DRAFT:
        return load(workflow.draft), None
    if not name.isdigit() or len(name) > 8:
        raise NotFound("There is no such version.")
    version = selectors.get_version(workflow, int(name))
    return load(version.definition), version


def _usual_sides(workflow: Workflow) -> tuple[str, str]:
    """What people want to see first: the live version (or the newest) against the draft."""
    live = next((tool.version.number for tool in live_tools(workflow)), None)
    newest = workflow.versions.values_list("number", flat=True).first()
    number = live or newest
    if number is None:
        raise NotFound("This workflow has no version to compare with yet.")
    return str(number), DRAFT


@require_GET
@workspace_page(Permission.WORKFLOW_READ)
def version_compare(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(actor.workspace, workflow_id)
    names = (request.GET.get("old", ""), request.GET.get("new", ""))
    if not all(names):
        names = _usual_sides(workflow)
    (old, old_version), (new, new_version) = (_side(workflow, name) for name in names)
    change = compare_graphs(old, new)
    verdict, changes = compare_contracts(workflow, old, new)
    page = {
        "workflow": workflow,
        "old": names[0],
        "new": names[1],
        "old_version": old_version,
        "new_version": new_version,
        "choices": (choices := _choices(workflow)),
        "old_label": dict(choices).get(names[0], names[0]),
        "new_label": dict(choices).get(names[1], names[1]),
        "change": change,
        "picture": _marked(change.merged, dict(change.statuses)),
        "verdict": verdict,
        "contract_changes": changes,
        "tools": live_tools(workflow),
        "callers": recent_callers(workflow),
    }
    return render(request, "deployments/version_compare.html", page)


def _choices(workflow: Workflow) -> list[tuple[str, str]]:
    versions = workflow.versions.values_list("number", "name")[:100]
    named = [(str(number), f"v{number}" + (f" · {name}" if name else "")) for number, name in versions]
    return [(DRAFT, _("Draft")), *named]


def _marked(definition: Definition, statuses: dict[str, Any]) -> picture.Picture | None:
    if not definition.nodes:
        return None
    drawn = picture.draw(definition, picture.describe_with(catalogue(), language()))
    return replace(drawn, boxes=tuple(replace(box, mark=statuses.get(box.id, "")) for box in drawn.boxes))


@require_POST
@workspace_page(Permission.WORKFLOW_UPDATE)
def version_name(request: HttpRequest, actor: Actor, workflow_id: UUID, number: int) -> HttpResponse:
    """Name a version or describe what changed; its definition never changes. A named version is never pruned."""
    workflow = selectors.get_workflow(actor.workspace, workflow_id)
    version = selectors.get_version(workflow, number)
    name, note = request.POST.get("name", "").strip(), request.POST.get("note", "").strip()
    if len(name) > 120 or len(note) > 2000:
        raise Invalid("The name or the note is too long.", remedy="Use at most 120 and 2,000 characters.")
    before = {"name": version.name, "note": version.note}
    version.name, version.note = name, note
    version.save(update_fields=["name", "note"])
    audit(actor, "workflow.version_named", workflow, before=before, after={"number": number, "name": name})
    return redirect(reverse("workflows:workflow-detail", args=[workflow_id]) + "#view=versions")
