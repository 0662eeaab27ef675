"""Pages of workflows: list, one workflow with its picture, JSON and versions, and what its buttons do."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations.registry import catalogue, localise
from portal.common.errors import FieldProblem, Invalid
from portal.workspaces.pages import json_body, workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows import picture, selectors, services
from workflows.cases import tests_of
from workflows.catalogue import templates
from workflows.definition import InvalidDefinition, Issue, load
from workflows.models import Execution, Workflow

PAGE_SIZE = 50
MAX_IMPORT_BYTES = 1024 * 1024


def language() -> str:
    return (get_language() or "en").split("-")[0]


@require_GET
@workspace_page(Permission.WORKFLOW_READ)
def workflow_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    found = selectors.workflows_of(actor.workspace)
    if query:
        found = found.filter(name__icontains=query)
    rows = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    page = {"rows": rows, "query": query, "has_any": bool(query) or rows.paginator.count > 0}
    return render(request, "workflows/workflow_list.html", page)


def _picture(data: dict[str, Any]) -> picture.Picture | None:
    """The graph of a stored document; None when it cannot be read any more."""
    try:
        definition = load(data)
    except Invalid:
        return None
    return picture.draw(definition, picture.describe_with(catalogue(), language()))


def _readable(draft: dict[str, Any]) -> str:
    """The document as a person reads it: inputs, nodes, edges, output, in this order."""
    try:
        ordered = load(draft).as_data()
    except Invalid:
        ordered = draft
    first = ("schema_version", "inputs", "nodes", "edges", "output")
    data = {name: ordered[name] for name in first if name in ordered} | ordered
    return json.dumps(data, indent=2, ensure_ascii=False)


def _issues(data: dict[str, Any], workspace: Any) -> list[dict[str, Any]]:
    """What is wrong or risky, in the reader's language."""
    try:
        found = services.check_definition(data, workspace)
    except InvalidDefinition as error:
        found = error.issues
    except Invalid as error:
        return [_as_issue(problem) for problem in error.problems] or [_as_issue(FieldProblem("", error.message))]
    return [_described(issue) for issue in found]


def _described(issue: Issue) -> dict[str, Any]:
    return issue.as_dict(language())


def _as_issue(problem: FieldProblem) -> dict[str, Any]:
    return {"code": "schema", "severity": "error", "node": "", **problem.as_dict()}


def run_form(workflow: Workflow) -> dict[str, Any]:
    """What the run form needs: the input schema in the reader's language and values to start with."""
    last = (
        Execution.objects.for_workspace(workflow.workspace_id)
        .filter(workflow=workflow, source=Execution.Source.PAGE)
        .values_list("input", flat=True)
        .first()
    )
    template = templates().get(workflow.template)
    return {
        "schema": localise(workflow.draft.get("inputs") or {}, language()),
        "value": last if last is not None else (template.sample_input if template else {}),
        "url": reverse("workflows:workflow-run", args=[workflow.pk]),
    }


@require_GET
@workspace_page(Permission.WORKFLOW_READ)
def workflow_detail(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(actor.workspace, workflow_id)
    versions = list(workflow.versions.select_related("created_by")[:50])
    page = {
        "workflow": workflow,
        "picture": _picture(workflow.draft),
        "issues": _issues(workflow.draft, actor.workspace),
        "draft_text": _readable(workflow.draft),
        "runs": selectors.executions_of(actor.workspace).filter(workflow=workflow)[:12],
        "versions": versions,
        "servers": servers_of(workflow),
        "tests": tests_of(workflow),
        "run_form": run_form(workflow),
        "editor": {
            "check_url": reverse("workflows:workflow-check"),
            "save_url": reverse("workflows:workflow-save", args=[workflow.pk]),
            "revision": workflow.draft_revision,
            "may_edit": actor.may(Permission.WORKFLOW_UPDATE),
        },
    }
    return render(request, "workflows/workflow_detail.html", page)


def servers_of(workflow: Workflow) -> list[dict[str, Any]]:
    """Servers whose live revision has a tool of this workflow, as (name, slug, state, tool, number)."""
    from django.apps import apps

    tool_model = apps.get_model("deployments", "Tool")
    rows = (
        tool_model.objects.filter(version__workflow=workflow, revision__deployment__live_revision_id=_live())
        .select_related("revision__deployment", "version")
        .order_by("revision__deployment__name")
    )
    return [
        {
            "name": tool.revision.deployment.name,
            "slug": tool.revision.deployment.slug,
            "state": tool.revision.deployment.state,
            "tool": tool.name,
            "number": tool.version.number,
        }
        for tool in rows
    ]


def _live() -> Any:
    from django.db.models import F

    return F("revision_id")


@require_POST
@workspace_page(Permission.WORKFLOW_CREATE)
def workflow_create(request: HttpRequest, actor: Actor) -> HttpResponse:
    workflow = services.create_workflow(actor, request.POST.get("name") or _("Untitled workflow"))
    return redirect("workflows:workflow-detail", workflow.pk)


@require_POST
@workspace_page(Permission.WORKFLOW_CREATE)
def workflow_from_template(request: HttpRequest, actor: Actor, key: str) -> HttpResponse:
    """The template's workflows in this workspace; opens the first of them."""
    made = services.create_from_template(actor, key, language=language())
    if not made:
        # Its tools are bound to actions directly: there is no graph to look at, only a server to deploy.
        messages.info(request, _("This template has no graph of its own. Deploy it as a server instead."))
        return redirect("templates")
    if len(made) > 1:
        messages.success(request, _("%(count)s workflows are ready.") % {"count": len(made)})
    return redirect("workflows:workflow-detail", made[0].pk)


@require_POST
@workspace_page(Permission.WORKFLOW_CREATE)
def workflow_import(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A workflow from an exported file."""
    file = request.FILES.get("file")
    if file is None or (file.size or 0) > MAX_IMPORT_BYTES:
        messages.error(request, _("Choose an exported workflow of at most 1 MiB."))
        return redirect("workflows:workflow-list")
    try:
        document = json.loads(file.read())
    except ValueError:
        messages.error(request, _("This file is no JSON. Choose a file made by Export."))
        return redirect("workflows:workflow-list")
    try:
        workflow = services.import_workflow(actor, document if isinstance(document, dict) else {})
    except Invalid as error:
        messages.error(request, error.explain())
        return redirect("workflows:workflow-list")
    return redirect("workflows:workflow-detail", workflow.pk)


@require_GET
@workspace_page(Permission.WORKFLOW_READ)
def workflow_export(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(actor.workspace, workflow_id)
    response = JsonResponse(services.export_workflow(workflow), json_dumps_params={"indent": 2, "ensure_ascii": False})
    name = slugify(workflow.name, allow_unicode=False) or "workflow"
    response["Content-Disposition"] = f'attachment; filename="{name}.workflow.json"'
    return response


@require_POST
@workspace_page(Permission.WORKFLOW_UPDATE)
def workflow_update(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    try:
        services.update_workflow(
            actor, workflow_id, name=request.POST.get("name", ""), description=request.POST.get("description", "")
        )
    except Invalid as error:
        messages.error(request, error.explain())
    return redirect("workflows:workflow-detail", workflow_id)


@require_POST
@workspace_page(Permission.WORKFLOW_DELETE)
def workflow_delete(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    name = selectors.get_workflow(actor.workspace, workflow_id).name
    services.delete_workflow(actor, workflow_id)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": name})
    return redirect("workflows:workflow-list")


@require_POST
@workspace_page(Permission.WORKFLOW_READ)
def workflow_check(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The findings about a definition that somebody is typing, and its picture."""
    definition = json_body(request).get("definition")
    if not isinstance(definition, dict):
        return JsonResponse(
            {"issues": [_as_issue(FieldProblem("", _("A definition is a JSON object.")))], "picture": ""}
        )
    drawn = _picture(definition)
    html = render(request, "workflows/_graph.html", {"picture": drawn}).content.decode() if drawn else ""
    return JsonResponse({"issues": _issues(definition, actor.workspace), "picture": html})


@require_POST
@workspace_page(Permission.WORKFLOW_UPDATE)
def workflow_save(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    """Store the draft unless somebody else did since `base_revision`."""
    body = json_body(request)
    definition, base = body.get("definition"), body.get("base_revision")
    if not isinstance(definition, dict) or not isinstance(base, int):
        raise Invalid("Send definition (an object) and base_revision (a number).")
    workflow = services.save_draft(actor, workflow_id, definition, base_revision=base)
    return JsonResponse({"revision": workflow.draft_revision, "issues": _issues(workflow.draft, actor.workspace)})


@require_POST
@workspace_page(Permission.WORKFLOW_EXECUTE)
def workflow_run(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    """Start the draft (or a version) with an input; answers with the address of the run."""
    workflow = selectors.get_workflow(actor.workspace, workflow_id)
    body = json_body(request)
    number = body.get("version")
    version = selectors.get_version(workflow, number) if isinstance(number, int) else None
    value = body.get("input")
    outcome = services.start_execution(actor, workflow, value if isinstance(value, dict) else {}, version=version)
    address = reverse("workflows:execution-detail", args=[outcome.execution_id])
    return JsonResponse({"id": str(outcome.execution_id), "url": address}, status=201)


@require_POST
@workspace_page(Permission.WORKFLOW_UPDATE)
def version_create(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    try:
        version = services.create_version(
            actor, workflow_id, name=request.POST.get("name", "").strip(), note=request.POST.get("note", "").strip()
        )
    except InvalidDefinition as error:
        messages.error(request, error.explain())
    else:
        messages.success(request, _("Version %(number)s is saved.") % {"number": version.number})
    return redirect(reverse("workflows:workflow-detail", args=[workflow_id]) + "#view=versions")


@require_POST
@workspace_page(Permission.WORKFLOW_UPDATE)
def version_restore(request: HttpRequest, actor: Actor, workflow_id: UUID, number: int) -> HttpResponse:
    services.restore_version(actor, workflow_id, number)
    messages.success(request, _("Version %(number)s is the draft again.") % {"number": number})
    return redirect("workflows:workflow-detail", workflow_id)


@require_GET
@workspace_page(Permission.WORKFLOW_READ)
def connector_icon(request: HttpRequest, actor: Actor, connector_id: str) -> HttpResponse:
    """A connector's own picture, as an image so that nothing in it can run."""
    from integrations.registry import connector_for, icon_file

    file = icon_file(connector_for(connector_id, actor.workspace))
    if file is None:
        return redirect("/static/icons/connector.svg")
    response = HttpResponse(file.read_bytes(), content_type="image/svg+xml")
    response["Cache-Control"] = "private, max-age=86400"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response
