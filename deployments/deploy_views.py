"""Deploying: the dialog of a workflow, one click for a template, and changes to a server's tools."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from deployments import selectors, services, usage
from deployments.canary import SHARES
from deployments.connect import KEY, clients_of
from deployments.contracts import (
    Contract,
    annotations_of,
    compare,
    contract_of_action,
    input_schema,
    output_schema,
    tool_name,
)
from deployments.lint import Finding, lint, score, suggest, tokens_of
from deployments.models import Deployment
from deployments.views import explained
from integrations.registry import catalogue, connectors_of
from portal.common.errors import NotFound, PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows.cases import check, tests_of
from workflows.catalogue import templates
from workflows.definition import load
from workflows.models import Workflow
from workflows.selectors import get_workflow, workflows_of
from workflows.services import check_definition, save_draft


@dataclass(frozen=True, slots=True)
class Proposal:
    """The tool that the dialog is about to make, and the server it is for."""

    server: Deployment | None
    name: str
    description: str
    contract: Contract
    contracts: list[Contract]


#: Before the id of a workflow in the choices of a new tool.
WORKFLOW = "workflow:"


def _language() -> str:
    return (get_language() or "en").split("-")[0]


def _propose(actor: Actor, workflow: Workflow, values: Any) -> Proposal:
    """The contract as it would be deployed, from the draft and what is typed so far."""
    slug = values.get("server", "")
    server = selectors.get_deployment(actor.workspace, slug) if slug else None
    own = set(workflow.versions.values_list("pk", flat=True))
    known = services.contracts_of(server.live_revision) if server else []
    current = next((item for item in known if item.version_id in own), None)
    template = templates().get(workflow.template)
    from_template = template.tools[0].name if template and len(template.tools) == 1 else ""
    name = values.get("tool_name", "").strip() or (
        current.name if current else from_template or tool_name(workflow.name)
    )
    description = values.get("description") or workflow.description or (current.description if current else "")
    definition = load(workflow.draft)
    actions = [catalogue().get(node.action) for node in definition.every_node()]
    contract = Contract(
        name=name,
        title=workflow.name,
        description=description,
        input_schema=input_schema(definition),
        output_schema=output_schema(definition),
        annotations=annotations_of(
            (action.effect for action in actions if action), idempotent=all(a.is_idempotent for a in actions if a)
        ),
    )
    others = [item for item in known if item.version_id not in own]
    return Proposal(server, name, description, contract, [*others, contract])


def _words(finding: Finding) -> str:
    """A finding as a sentence in the reader's language."""
    names = {"names": ", ".join(finding.names)}
    return {
        "vague_name": _("The tool name says little. Name what it returns, such as ranked_stocks."),
        "short_description": _("The description is short. Say what comes back and when to call it."),
        "bare_inputs": _("Inputs without a description: %(names)s.") % names,
        "unknown_output": _("Nothing is known of the result. Name its fields under Output of the workflow."),
        "overlap": _("Its description reads like that of %(names)s; models will mix them up.") % names,
        "many_tokens": _("The tool list is long. Spread the tools over several servers."),
    }[finding.code]


def _shown_fix(finding: Finding) -> str:
    """What a click would write, for its tooltip."""
    fix = finding.fix
    return ", ".join(f"{name}: {text}" for name, text in fix.items()) if isinstance(fix, dict) else str(fix or "")


def _mended(actor: Actor, workflow: Workflow, values: Any, code: str) -> tuple[Workflow, Any]:
    """Apply a one-click fix: to what is typed in the dialog, or to the inputs of the draft."""
    suggestions = suggest(load(workflow.draft), catalogue(), title=workflow.name, language=_language())
    values = values.copy()
    if code == "vague_name" and suggestions["name"]:
        values["tool_name"] = suggestions["name"]
    elif code == "short_description" and suggestions["description"]:
        values["description"] = suggestions["description"]
    elif code == "bare_inputs":
        draft = json.loads(json.dumps(workflow.draft))
        for name, text in suggestions["inputs"].items():
            schema = draft.get("inputs", {}).get("properties", {}).get(name)
            if isinstance(schema, dict) and not schema.get("description"):
                schema["description"] = text
        workflow = save_draft(actor, workflow.pk, draft, base_revision=workflow.draft_revision)
    return workflow, values


def _inputs(contract: Contract) -> list[dict[str, Any]]:
    needed = contract.input_schema.get("required", [])
    return [
        {
            "name": name,
            "type": value.get("type") or ("enum" if "enum" in value else "any"),
            "required": name in needed,
            "default": value.get("default"),
            "example": next(iter(value.get("examples") or []), None),
            "description": value.get("description", ""),
        }
        for name, value in contract.input_schema.get("properties", {}).items()
    ]


def _dialog(
    request: HttpRequest, actor: Actor, workflow: Workflow, values: Any, errors: list[str], status: int = 200
) -> HttpResponse:
    proposal = _propose(actor, workflow, values)
    live = services.contracts_of(proposal.server.live_revision) if proposal.server else []
    verdict, changes = compare(live, proposal.contracts) if live else ("none", [])
    servers = [row for row in selectors.deployments_of(actor.workspace) if row.state != Deployment.State.RETIRED]
    problems = [issue for issue in check_definition(workflow.draft, actor.workspace) if issue.severity == "error"]
    suggestions = suggest(load(workflow.draft), catalogue(), title=workflow.name, language=_language())
    others = [item for item in proposal.contracts if item is not proposal.contract]
    findings = lint(proposal.contract, others, suggestions=suggestions)
    if request.method == "GET" and not problems:
        check(workflow)
    tests = tests_of(workflow)
    page = {
        "workflow": workflow,
        "proposal": proposal,
        "servers": servers,
        "inputs": _inputs(proposal.contract),
        "outputs": list((proposal.contract.output_schema or {}).get("properties", {})),
        "hints": proposal.contract.annotations,
        "verdict": verdict,
        "changes": changes,
        "advice": [(finding.code, _words(finding), _shown_fix(finding)) for finding in findings],
        "score": score(findings),
        "tests": tests,
        "failing": [test for test in tests if test.passed is False],
        "skip_tests": values.get("skip_tests", ""),
        "tokens": tokens_of(proposal.contracts),
        "tool_count": len(proposal.contracts),
        "affected": usage.by_client(proposal.server, hours=720)
        if proposal.server and verdict in ("breaking", "risky")
        else [],
        "errors": errors,
        "problems": [issue.as_dict(_language()) for issue in problems],
        "note": values.get("note", ""),
        "shares": SHARES if proposal.server and verdict != "breaking" else (),
        "share": values.get("share", ""),
    }
    return render(request, "deployments/_deploy_form.html", page, status=status)


@require_http_methods(["GET", "POST"])
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def deploy_form(request: HttpRequest, actor: Actor, workflow_id: UUID) -> HttpResponse:
    """The dialog; a POST with `go` deploys, one without only looks at what is typed."""
    workflow = get_workflow(actor.workspace, workflow_id)
    values = request.POST if request.method == "POST" else request.GET
    if request.method == "GET" or "go" not in request.POST:
        if "server" not in values:
            values = {"server": _usual_server(actor, workflow)}
        if request.POST.get("fix"):
            workflow, values = _mended(actor, workflow, request.POST, request.POST["fix"])
        return _dialog(request, actor, workflow, values, [])
    slug = request.POST.get("server", "")
    server = selectors.get_deployment(actor.workspace, slug) if slug else None
    try:
        deployment, revision = services.deploy_workflow(
            actor,
            workflow,
            deployment=server,
            tool_name=request.POST.get("tool_name", "").strip(),
            description=request.POST.get("description", "").strip(),
            note=request.POST.get("note", "").strip(),
            with_tests=not request.POST.get("skip_tests"),
            canary_percent=_share(request.POST.get("share", "")),
        )
    except PortalError as error:
        return _dialog(request, actor, workflow, request.POST, explained(error), status=422)
    secret = "" if server else services.create_key(actor, deployment, _("First key"))[1]
    return _deployed(request, deployment, revision, secret)


def _share(text: str) -> int:
    """The percent of calls to begin with; 0 for all of them at once."""
    return int(text) if text in {str(share) for share in SHARES} else 0


def _usual_server(actor: Actor, workflow: Workflow) -> str:
    """The server that serves this workflow already, so that deploying again updates it."""
    found = (
        Deployment.objects.for_workspace(actor.workspace)
        .filter(live_revision__tools__version__workflow=workflow)
        .exclude(state=Deployment.State.RETIRED)
        .first()
    )
    return found.slug if found else ""


def _deployed(request: HttpRequest, deployment: Deployment, revision: Any, secret: str) -> HttpResponse:
    page = {
        "deployment": deployment,
        "revision": revision,
        "secret": secret,
        "clients": clients_of(deployment),
        "server_data": {"slug": deployment.slug, "url": deployment.url, "placeholder": KEY, "key": secret},
    }
    response = render(request, "deployments/_deployed.html", page)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def deploy_from_template(request: HttpRequest, actor: Actor, key: str) -> HttpResponse:
    """Everything at once: the template's workflows, a server, and a first key shown in the answer."""
    try:
        deployment, revision, secret = services.deploy_template(
            actor, key, language=_language(), key_label=_("First key")
        )
    except NotFound:
        raise
    except PortalError as error:
        return render(request, "deployments/_deploy_failed.html", {"errors": explained(error)}, status=422)
    return _deployed(request, deployment, revision, secret)


# Tools of a server -------------------------------------------------------------------------------------------


def _tools_page(slug: str) -> HttpResponse:
    return redirect(reverse("deployments:deployment-detail", args=[slug]) + "#view=tools")


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def tool_add(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """Serve an action of the catalogue directly, or a workflow (`workflow:<id>`), as one more tool."""
    deployment = selectors.get_deployment(actor.workspace, slug)
    chosen = request.POST.get("action", "")
    try:
        if chosen.startswith(WORKFLOW):
            workflow = _workflow(actor, chosen.removeprefix(WORKFLOW))
            note = _("Added %(tool)s") % {"tool": workflow.name}
            services.deploy_workflow(actor, workflow, deployment=deployment, note=note)
        else:
            added = contract_of_action(chosen)
            known = services.contracts_of(deployment.live_revision)
            services.deploy(actor, deployment, [*known, added], note=_("Added %(tool)s") % {"tool": added.name})
    except NotFound:
        raise
    except PortalError as error:
        messages.error(request, error.explain())
    return _tools_page(slug)


def _workflow(actor: Actor, text: str) -> Workflow:
    try:
        return get_workflow(actor.workspace, UUID(text))
    except ValueError:
        raise NotFound("There is no such workflow.") from None


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def tool_edit(request: HttpRequest, actor: Actor, slug: str, name: str) -> HttpResponse:
    """Other words for a tool, as a new revision."""
    deployment = selectors.get_deployment(actor.workspace, slug)
    known = services.contracts_of(deployment.live_revision)
    changed = [
        replace(
            item,
            title=request.POST.get("title", item.title).strip(),
            description=request.POST.get("description", item.description).strip() or item.description,
        )
        if item.name == name
        else item
        for item in known
    ]
    services.deploy(actor, deployment, changed, note=_("Edited %(tool)s") % {"tool": name})
    return _tools_page(slug)


@require_POST
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def tool_remove(request: HttpRequest, actor: Actor, slug: str, name: str) -> HttpResponse:
    """Take a tool off the server, as a new revision."""
    deployment = selectors.get_deployment(actor.workspace, slug)
    rest = [item for item in services.contracts_of(deployment.live_revision) if item.name != name]
    services.deploy(actor, deployment, rest, note=_("Removed %(tool)s") % {"tool": name})
    return _tools_page(slug)


@require_GET
@workspace_page(Permission.DEPLOYMENT_MANAGE)
def tool_choices(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """The fragment with every action that could become a tool, by connector."""
    deployment = selectors.get_deployment(actor.workspace, slug)
    taken = {item.action for item in services.contracts_of(deployment.live_revision)}
    served = {item.version_id for item in services.contracts_of(deployment.live_revision) if item.version_id}
    groups = [
        (connector.title, [action for action in connector.actions.values() if action.id not in taken])
        for connector in connectors_of(actor.workspace).values()
    ]
    page = {
        "deployment": deployment,
        "groups": groups,
        "workflows": workflows_of(actor.workspace).exclude(versions__in=served).only("pk", "name"),
    }
    return render(request, "deployments/_tool_choices.html", page)
