"""What is done with runs as data: two compared, one as a file or as a test, filters of the list kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations.registry import catalogue
from portal.common.errors import NotFound, PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows import payloads, picture, selectors
from workflows.bundles import MAX_BYTES, export_run, import_run
from workflows.cases import check, delete_test, save_test
from workflows.definition import Definition, load
from workflows.differences import Ran, compare_graphs, compare_runs, first_difference, json_changes
from workflows.models import Execution
from workflows.run_filters import delete_filter, save_filter
from workflows.run_views import name_of, queue_seconds_of, seconds_of
from workflows.views import language


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such run.", remedy="Choose two runs to compare.") from None


def _ran(run: Execution) -> dict[str, Ran]:
    return {
        record.path: Ran(record.state, record.output, record.error, record.milliseconds)
        for record in selectors.node_runs_of(run)
    }


def _definition(run: Execution) -> Definition:
    try:
        return load(selectors.definition_of(run))
    except PortalError:
        return Definition()


@require_GET
@workspace_page(Permission.EXECUTION_PAYLOAD)
def execution_compare(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Two runs beside each other: graph overlaid, nodes, and the fields of the chosen or first differing node."""
    runs = [selectors.get_execution(actor.workspace, _id(request.GET.get(side, ""))) for side in ("a", "b")]
    for run in runs:
        payloads.require(actor, run, "comparison")
        run.seconds, run.queue_seconds, run.name = seconds_of(run), queue_seconds_of(run), name_of(run)
    graphs = [_definition(run) for run in runs]
    change = compare_graphs(*graphs)
    nodes = compare_runs(_ran(runs[0]), _ran(runs[1]), [node.id for node in change.merged.nodes])
    wanted = request.GET.get("node", "")
    chosen = next((node for node in nodes if node.path == wanted), None) or first_difference(nodes)
    statuses = {node.path: node.status for node in nodes}
    edited = {node.id for node in change.changed}
    page = {
        "a": runs[0],
        "b": runs[1],
        "nodes": nodes,
        "chosen": chosen,
        "edited": edited,
        "input_changes": json_changes(runs[0].input, runs[1].input),
        "output_changes": json_changes(runs[0].output, runs[1].output),
        "graph_change": change,
        "picture": _marked(change.merged, statuses),
        "counts": {name: sum(node.status == name for node in nodes) for name in ("same", "different")},
    }
    return render(request, "workflows/execution_compare.html", page)


def _marked(definition: Definition, statuses: dict[str, str]) -> picture.Picture | None:
    """The picture with a mark on each node."""
    if not definition.nodes:
        return None
    drawn = picture.draw(definition, picture.describe_with(catalogue(), language()))
    return replace(drawn, boxes=tuple(replace(box, mark=statuses.get(box.id, "")) for box in drawn.boxes))


@require_GET
@workspace_page(Permission.EXECUTION_PAYLOAD)
def execution_export(request: HttpRequest, actor: Actor, execution_id: UUID) -> HttpResponse:
    """The run as one JSON file."""
    run = selectors.get_execution(actor.workspace, execution_id)
    response = JsonResponse(export_run(actor, run), json_dumps_params={"indent": 1, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="{str(run.pk)[-12:]}.run.json"'
    return response


@require_POST
@workspace_page(Permission.WORKFLOW_EXECUTE)
def execution_import(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A run from an exported file."""
    file = request.FILES.get("file")
    if file is None or (file.size or 0) > MAX_BYTES:
        messages.error(request, _("Choose an exported run of at most 20 MiB."))
        return redirect("workflows:execution-list")
    try:
        run = import_run(actor, json.loads(file.read()))
    except ValueError:
        messages.error(request, _("This file is no JSON. Choose a file made by Export."))
        return redirect("workflows:execution-list")
    except PortalError as error:
        messages.error(request, error.explain())
        return redirect("workflows:execution-list")
    return redirect("workflows:execution-detail", run.pk)


@require_POST
@workspace_page(Permission.WORKFLOW_UPDATE)
def test_save(request: HttpRequest, actor: Actor, execution_id: UUID) -> HttpResponse:
    """Keep a run as a test of its workflow."""
    run = selectors.get_execution(actor.workspace, execution_id)
    try:
        test = save_test(
            actor, run, request.POST.get("name", ""), ignored=request.POST.get("ignored", "").replace(",", "\n").split()
        )
    except PortalError as error:
        messages.error(request, error.explain())
        return redirect("workflows:execution-detail", execution_id)
    messages.success(request, _("“%(name)s” is a test now. It runs before every deploy.") % {"name": test.name})
    return redirect(_tests_page(test.workflow_id))


def _tests_page(workflow_id: Any) -> str:
    return reverse("workflows:workflow-detail", args=[workflow_id]) + "#view=tests"


@require_POST
@workspace_page(Permission.WORKFLOW_EXECUTE)
def tests_run(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    """Replay all tests against the draft."""
    workflow = selectors.get_workflow(actor.workspace, workflow_id)
    try:
        verdicts = check(workflow)
    except PortalError as error:
        messages.error(request, error.explain())
        return redirect(_tests_page(workflow_id))
    failed = sum(not verdict.passed for verdict in verdicts)
    if failed:
        messages.error(request, _("%(failed)s of %(count)s tests fail.") % {"failed": failed, "count": len(verdicts)})
    else:
        messages.success(request, _("All %(count)s tests pass.") % {"count": len(verdicts)})
    return redirect(_tests_page(workflow_id))


@require_POST
@workspace_page(Permission.WORKFLOW_UPDATE)
def test_delete(request: HttpRequest, actor: Actor, workflow_id: UUID, test_id: UUID) -> HttpResponse:
    delete_test(actor, selectors.get_workflow(actor.workspace, workflow_id), test_id)
    return redirect(_tests_page(workflow_id))


@require_POST
@workspace_page(Permission.EXECUTION_READ)
def filter_save(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep the filters and columns of the list under a name."""
    try:
        kept = save_filter(actor, request.POST.get("name", ""), request.POST.get("query", ""))
    except PortalError as error:
        messages.error(request, error.explain())
        return redirect("workflows:execution-list")
    return redirect(reverse("workflows:execution-list") + "?" + kept.query)


@require_POST
@workspace_page(Permission.EXECUTION_READ)
def filter_delete(request: HttpRequest, actor: Actor, filter_id: UUID) -> HttpResponse:
    delete_filter(actor, filter_id)
    return redirect("workflows:execution-list")
