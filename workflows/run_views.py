"""Pages of one run: live log, result, data of nodes, and what its buttons do."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from integrations.registry import catalogue, localise
from portal.common.errors import Invalid, PortalError
from portal.templatetags.portal import STATES
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows import payloads, picture, selectors, services
from workflows.definition import load
from workflows.differences import json_changes
from workflows.explain import explain
from workflows.models import Execution, NodeRun
from workflows.views import language

SOURCES = {
    "page": gettext_lazy("Page"),
    "api": gettext_lazy("REST API"),
    "mcp": gettext_lazy("MCP client"),
    "schedule": gettext_lazy("Schedule"),
    "webhook": gettext_lazy("Webhook"),
    "signal": gettext_lazy("Event"),
    "workflow": gettext_lazy("Workflow"),
    "form": gettext_lazy("Form"),
    "email": gettext_lazy("E-mail"),
}


def seconds_of(run: Execution) -> float | None:
    """How long a run took, in seconds, from its start in a worker."""
    if run.started_at is None or run.finished_at is None:
        return None
    return max(0.0, (run.finished_at - run.started_at).total_seconds())


def queue_seconds_of(run: Execution) -> float | None:
    return max(0.0, (run.started_at - run.created_at).total_seconds()) if run.started_at else None


def name_of(run: Execution) -> str:
    return str(run.workflow or run.tool or _("Single action"))


def _drawn(run: Execution) -> picture.Picture | None:
    try:
        definition = load(selectors.definition_of(run))
    except PortalError:
        return None
    return picture.draw(definition, picture.describe_with(catalogue(), language()))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@require_GET
@workspace_page(Permission.EXECUTION_READ)
def execution_detail(request: HttpRequest, actor: Actor, execution_id: UUID) -> HttpResponse:
    run = selectors.get_execution(actor.workspace, execution_id)
    drawn = _drawn(run)
    page = {
        "run": run,
        "name": name_of(run),
        "source": SOURCES.get(run.source, run.source),
        "seconds": seconds_of(run),
        "queue_seconds": queue_seconds_of(run),
        "picture": drawn,
        "nodes": [box.id for box in drawn.boxes] if drawn else [],
        "may_see_payload": payloads.opened(actor, run, "run"),
        "runs_to_compare": _neighbours(run),
        "approvals": [item for item in run.waiting or [] if item.get("kind") == "approval"]
        if run.state == Execution.State.WAITING
        else [],
        "server": _server(run),
        "explanation": explained_failure(run),
        "again": _again_form(run) if actor.may(Permission.WORKFLOW_EXECUTE) and payloads.may_open(actor, run) else None,
        "good_run": _last_good(run),
        "run_data": {
            "id": str(run.pk),
            "socket": f"/ws/executions/{run.pk}",
            "state": run.state,
            "created_at": _iso(run.created_at),
            "started_at": _iso(run.started_at),
            "finished_at": _iso(run.finished_at),
            "events_url": f"/api/v1/executions/{run.pk}/events",
            "result_url": reverse("workflows:execution-result", args=[run.pk]),
        },
        "state_words": {state: str(word) for state, (_glyph, word) in STATES.items()},
        "state_glyphs": {state: glyph for state, (glyph, _word) in STATES.items()},
    }
    return render(request, "workflows/execution_detail.html", page)


def explained_failure(run: Execution) -> Any:
    """Why a failed run failed, in the reader's language; None for others."""
    return explain(run.pk, _=_) if run.state == Execution.State.FAILED and run.error else None


def _again_form(run: Execution) -> dict[str, Any] | None:
    """The form to run the same version again with an edited input."""
    if run.workflow is None:
        return None
    return {
        "schema": localise(selectors.definition_of(run).get("inputs") or {}, language()),
        "value": run.input,
        "url": reverse("workflows:workflow-run", args=[run.workflow.pk]),
        "version": run.version.number if run.version else None,
    }


def _neighbours(run: Execution) -> list[Execution]:
    """Other runs of the same workflow, newest first."""
    if run.workflow is None:
        return []
    return list(selectors.executions_of(run.workspace).filter(workflow=run.workflow).exclude(pk=run.pk)[:20])


def _last_good(run: Execution) -> Execution | None:
    """The last run of the same workflow that succeeded before this one: what to compare with first."""
    if run.workflow is None:
        return None
    found: Execution | None = (
        selectors.executions_of(run.workspace)
        .filter(workflow=run.workflow, state=Execution.State.SUCCEEDED, pk__lt=run.pk)
        .first()
    )
    return found


def _server(run: Execution) -> Any:
    from django.apps import apps

    if run.deployment_id is None:
        return None
    return apps.get_model("deployments", "Deployment").objects.filter(pk=run.deployment_id).first()


@require_GET
@workspace_page(Permission.EXECUTION_READ)
def execution_result(request: HttpRequest, actor: Actor, execution_id: UUID) -> HttpResponse:
    """The fragment with result or error, fetched when a watched run ends."""
    run = selectors.get_execution(actor.workspace, execution_id)
    page = {
        "run": run,
        "may_see_payload": payloads.opened(actor, run, "result"),
        "explanation": explained_failure(run),
        "good_run": _last_good(run) if run.state == Execution.State.FAILED else None,
    }
    return render(request, "workflows/_result.html", page)


@require_GET
@workspace_page(Permission.EXECUTION_READ)
def execution_node(request: HttpRequest, actor: Actor, execution_id: UUID) -> HttpResponse:
    """The fragment with what one node gave (`view=output`), was given (`input`), or gave in another run (`diff`)."""
    run = selectors.get_execution(actor.workspace, execution_id)
    node = request.GET.get("node", "")
    payloads.require(actor, run, f"node {node[:60]}")
    records = selectors.node_runs_of(run).filter(Q(path=node) | Q(path__startswith=f"{node}["))
    record: NodeRun | None = next((item for item in records if item.path == node), None)
    view = request.GET.get("view", "output")
    page: dict[str, Any] = {"run": run, "node": node, "record": record, "view": view}
    if view == "input" and node:
        page |= _given_to(run, node)
    elif view == "diff" and record is not None:
        page |= _difference(actor, record, request.GET.get("other", ""))
    else:
        page["items"] = [item for item in records[:200] if item.path != node]
    return render(request, "workflows/_node_data.html", page)


def _given_to(run: Execution, node: str) -> dict[str, Any]:
    """The settings of a node, and what the nodes before it had given."""
    try:
        definition = load(selectors.definition_of(run))
    except PortalError:
        return {"given": [], "params": None}
    found = next((one for one in definition.nodes if one.id == node), None)
    sources = list(dict.fromkeys(edge.source for edge in definition.edges if edge.target == node))
    outputs = dict(selectors.node_runs_of(run).filter(path__in=sources).values_list("path", "output"))
    return {
        "given": [(source, outputs.get(source)) for source in sources if source in outputs],
        "params": found.params if found else None,
        "is_first": not sources,
    }


def _difference(actor: Actor, record: NodeRun, other_id: str) -> dict[str, Any]:
    """What the node gave in another run of the workspace, against this one."""
    try:
        other = selectors.get_execution(actor.workspace, UUID(other_id))
    except ValueError:
        return {"other": None}
    payloads.require(actor, other, f"node {record.path[:60]}")
    theirs = selectors.node_runs_of(other).filter(path=record.path).first()
    changes = json_changes(theirs.output, record.output) if theirs is not None else []
    return {"other": other, "theirs": theirs, "changes": changes}


@require_POST
@workspace_page(Permission.WORKFLOW_EXECUTE)
def execution_cancel(request: HttpRequest, actor: Actor, execution_id: UUID) -> HttpResponse:
    run = selectors.get_execution(actor.workspace, execution_id)
    if not services.cancel_execution(actor, run):
        messages.info(request, _("The run had ended already."))
    return redirect("workflows:execution-detail", execution_id)


@require_POST
@workspace_page(Permission.WORKFLOW_EXECUTE)
def execution_resume(request: HttpRequest, actor: Actor, execution_id: UUID) -> HttpResponse:
    services.resume_execution(actor, execution_id)
    return redirect("workflows:execution-detail", execution_id)


@require_POST
@workspace_page(Permission.WORKFLOW_EXECUTE)
def execution_again(request: HttpRequest, actor: Actor, execution_id: UUID) -> HttpResponse:
    """A new run of the same version (or of today's draft) with the same input."""
    run = selectors.get_execution(actor.workspace, execution_id)
    payloads.require(actor, run, "input")
    if run.workflow is None:
        raise Invalid("Only runs of a workflow can be repeated here.", remedy="Call the tool from the playground.")
    outcome = services.start_execution(actor, run.workflow, run.input, version=run.version)
    return redirect("workflows:execution-detail", outcome.execution_id)


@require_POST
@workspace_page(Permission.WORKFLOW_EXECUTE)
def execution_decide(request: HttpRequest, actor: Actor, execution_id: UUID) -> HttpResponse:
    """Approve or refuse what a node waits for."""
    services.decide(
        actor,
        execution_id,
        request.POST.get("path", ""),
        approved=request.POST.get("decision") == "approve",
        comment=request.POST.get("comment", "").strip(),
    )
    return redirect("workflows:execution-detail", execution_id)
