"""Deployments, revisions, tools and keys over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import canary, selectors, services
from deployments.api.serializers import (
    DeploymentInput,
    DeploymentOutput,
    DeploymentPatch,
    DeploymentQuery,
    KeyInput,
    KeyOutput,
    NewDeploymentOutput,
    NewKeyOutput,
    RevisionInput,
    RevisionOutput,
    TemplatesOutput,
    ToolOutput,
    ToolsOutput,
    TrialInput,
    TrialOutput,
    WorkflowDeployInput,
)
from deployments.contracts import Contract, contract_of_action, contract_of_version, tool_name
from deployments.models import Deployment
from portal.common.api import body_of
from portal.common.errors import FieldProblem, Invalid
from portal.common.rest import ListView, RestView, whole
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows.catalogue import templates
from workflows.selectors import get_version, get_workflow
from workflows.services import create_version

READ, MANAGE = Permission.DEPLOYMENT_READ, Permission.DEPLOYMENT_MANAGE


def contracts_from(actor: Actor, tools: list[dict[str, Any]]) -> list[Contract]:
    """The contracts that a request asks for; problems name the tool by its place in the list."""
    contracts = []
    for place, tool in enumerate(tools):
        if bool(tool.get("workflow")) == bool(tool.get("action")):
            problem = FieldProblem(f"tools[{place}]", "Name a workflow or an action.", "Send exactly one of them.")
            raise Invalid("A tool has no binding.", problems=[problem])
        if tool.get("action"):
            contracts.append(
                contract_of_action(
                    tool["action"],
                    name=tool.get("name", ""),
                    title=tool.get("title", ""),
                    description=tool.get("description", ""),
                    connection_id=tool.get("connection"),
                    fixed_params=tool.get("fixed_params"),
                )
            )
            continue
        workflow = get_workflow(actor.workspace, tool["workflow"])
        number = tool.get("version")
        version = get_version(workflow, number) if number else create_version(actor, workflow.pk)
        title = tool.get("title") or workflow.name
        contracts.append(
            contract_of_version(
                version,
                name=tool.get("name") or tool_name(workflow.name),
                title=title,
                description=tool.get("description") or workflow.description,
            )
        )
    return contracts


class Templates(RestView):
    """What can be deployed at once, without any key."""

    permissions = {"get": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="templates_list", responses=TemplatesOutput)
    def get(self, request: Request) -> Response:
        language = get_language() or "en"
        found = [
            {
                "key": template.key,
                "title": template.title.in_language(language),
                "description": template.description.in_language(language),
                "audience": template.audience.in_language(language),
                "go_live": template.go_live.in_language(language),
                "tools": [tool.name for tool in template.tools],
                "sample_input": template.sample_input,
            }
            for template in templates().values()
        ]
        return Response(whole(found))


class Deployments(ListView[Deployment]):
    permissions = {"get": READ, "post": MANAGE}
    serializer_class = DeploymentOutput
    query = {"get": DeploymentQuery}
    once = frozenset({"post"})
    orderings = {"created_at": "id", "name": "name", "slug": "slug"}

    def rows(self) -> Any:
        found = selectors.deployments_of(self.request.actor.workspace)
        if search := self.asked.get("search"):
            found = found.filter(Q(name__icontains=search) | Q(slug__icontains=search))
        return found.filter(**{name: self.asked[name] for name in ("state", "template") if name in self.asked})

    @extend_schema(operation_id="deployments_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The workspace's MCP servers."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="deployments_create", request=DeploymentInput, responses={201: NewDeploymentOutput})
    def post(self, request: Request) -> Response:
        """Deploy a server from tools or from a template; the first key is in this answer only."""
        values = body_of(request, DeploymentInput)
        if template := values.get("template"):
            deployment, _, key = services.deploy_template(
                request.actor, template, slug=values.get("slug", ""), language=get_language() or "en"
            )
        else:
            if not values.get("name"):
                raise Invalid("The server has no name.", problems=[FieldProblem("name", "Give a name.")])
            contracts = contracts_from(request.actor, values.get("tools") or [])
            if not contracts:
                raise Invalid("A server needs a tool.", problems=[FieldProblem("tools", "Choose a tool.")])
            deployment = services.create_deployment(
                request.actor,
                values["name"],
                slug=values.get("slug", ""),
                description=values.get("description", ""),
                instructions=values.get("instructions", ""),
            )
            services.deploy(request.actor, deployment, contracts)
            _, key = services.create_key(request.actor, deployment, "First key")
        deployment.key = key  # type: ignore[attr-defined]
        return Response(NewDeploymentOutput(deployment).data, status=201)


class DeploymentItem(RestView):
    permissions = {"get": READ, "patch": MANAGE}

    @extend_schema(operation_id="deployments_read", responses=DeploymentOutput)
    def get(self, request: Request, slug: str) -> Response:
        """One server."""
        return Response(DeploymentOutput(selectors.get_deployment(request.actor.workspace, slug)).data)

    @extend_schema(operation_id="deployments_update", request=DeploymentPatch, responses=DeploymentOutput)
    def patch(self, request: Request, slug: str) -> Response:
        """Change words, limits or origins, or pause, resume or retire the server."""
        values = body_of(request, DeploymentPatch)
        deployment = selectors.get_deployment(request.actor.workspace, slug)
        state = values.pop("state", None)
        if values:
            services.update_deployment(request.actor, deployment, **values)
        if state and state != deployment.state:
            services.set_state(request.actor, deployment, state)
        return Response(DeploymentOutput(selectors.get_deployment(request.actor.workspace, slug)).data)


class Revisions(ListView[Any]):
    permissions = {"get": READ, "post": MANAGE}
    serializer_class = RevisionOutput
    once = frozenset({"post"})
    orderings = {"number": "number"}
    default_ordering = "-number"

    def rows(self) -> Any:
        return selectors.get_deployment(self.request.actor.workspace, self.kwargs["slug"]).revisions.all()

    @extend_schema(operation_id="deployments_revisions_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The revisions of a server, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="deployments_deploy", request=RevisionInput, responses={201: RevisionOutput})
    def post(self, request: Request, slug: str) -> Response:
        """Make a revision, probe it with a real client, and switch to it; `canary_percent` puts it on trial first."""
        values = body_of(request, RevisionInput)
        deployment = selectors.get_deployment(request.actor.workspace, slug)
        contracts = contracts_from(request.actor, values["tools"])
        revision = services.deploy(
            request.actor,
            deployment,
            contracts,
            note=values.get("note", ""),
            canary_percent=values.get("canary_percent", 0),
        )
        return Response(RevisionOutput(revision).data, status=201)


class Rollback(RestView):
    """Make a revision the live one again; URL and keys stay."""

    permissions = {"post": MANAGE}

    @extend_schema(operation_id="deployments_rollback", request=None, responses=RevisionOutput)
    def post(self, request: Request, slug: str, number: int) -> Response:
        deployment = selectors.get_deployment(request.actor.workspace, slug)
        return Response(RevisionOutput(services.activate(request.actor, deployment, number)).data)


class Canary(RestView):
    """A revision on trial gets a share of the calls, and steps back by itself when it fails more than the live one."""

    permissions = {"get": READ, "put": MANAGE, "delete": MANAGE}

    def _answer(self, request: Request, slug: str) -> Response:
        deployment = selectors.get_deployment(request.actor.workspace, slug)
        on_trial = deployment.canary_revision_id is not None
        found = {
            "canary": deployment if on_trial else None,
            "score": canary.score_of(deployment) if on_trial else None,
            "result": deployment.canary_result,
        }
        return Response(TrialOutput(found).data)

    @extend_schema(operation_id="deployments_canary_read", responses=TrialOutput)
    def get(self, request: Request, slug: str) -> Response:
        """The trial that runs, its score so far, and how the last one ended."""
        return self._answer(request, slug)

    @extend_schema(operation_id="deployments_canary_start", request=TrialInput, responses=TrialOutput)
    def put(self, request: Request, slug: str) -> Response:
        """Give a probed revision a share of the calls, in place of an earlier trial."""
        values = body_of(request, TrialInput)
        deployment = selectors.get_deployment(request.actor.workspace, slug)
        canary.start_canary(request.actor, deployment, values["revision"], values["percent"])
        return self._answer(request, slug)

    @extend_schema(operation_id="deployments_canary_stop", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """End the trial; all calls go to the live revision."""
        canary.stop_canary(request.actor, selectors.get_deployment(request.actor.workspace, slug))
        return Response(status=204)


class Tools(RestView):
    """The tools of the live revision with their contracts."""

    permissions = {"get": READ}

    @extend_schema(operation_id="deployments_tools_list", responses=ToolsOutput)
    def get(self, request: Request, slug: str) -> Response:
        deployment = selectors.get_deployment(request.actor.workspace, slug)
        tools = deployment.live_revision.tools.all() if deployment.live_revision else []
        return Response(whole(ToolOutput(tools, many=True).data))


class Keys(ListView[Any]):
    permissions = {"get": READ, "post": MANAGE}
    serializer_class = KeyOutput
    once = frozenset({"post"})

    def rows(self) -> Any:
        return selectors.get_deployment(self.request.actor.workspace, self.kwargs["slug"]).keys.all()

    @extend_schema(operation_id="deployments_keys_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The keys of a server; secrets are never shown again."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="deployments_keys_create", request=KeyInput, responses={201: NewKeyOutput})
    def post(self, request: Request, slug: str) -> Response:
        """Create a key; its secret is in this answer only."""
        values = body_of(request, KeyInput)
        deployment = selectors.get_deployment(request.actor.workspace, slug)
        key, secret = services.create_key(request.actor, deployment, **values)
        key.key = secret  # type: ignore[attr-defined]
        return Response(NewKeyOutput(key).data, status=201)


class KeyItem(RestView):
    """Revoke a key; whoever still uses it is refused."""

    permissions = {"delete": MANAGE}

    @extend_schema(operation_id="deployments_keys_revoke", responses={204: None})
    def delete(self, request: Request, slug: str, key_id: UUID) -> Response:
        services.revoke_key(request.actor, selectors.get_deployment(request.actor.workspace, slug), key_id)
        return Response(status=204)


class RotateKey(RestView):
    """A new key of the same label; the old one works on for a day."""

    permissions = {"post": MANAGE}
    once = frozenset({"post"})

    @extend_schema(operation_id="deployments_keys_rotate", request=None, responses={201: NewKeyOutput})
    def post(self, request: Request, slug: str, key_id: UUID) -> Response:
        deployment = selectors.get_deployment(request.actor.workspace, slug)
        key, secret = services.rotate_key(request.actor, deployment, key_id)
        key.key = secret  # type: ignore[attr-defined]
        return Response(NewKeyOutput(key).data, status=201)


class DeployWorkflow(RestView):
    """From a workflow's draft to a live tool in one call; `key` is null where the server existed already."""

    permissions = {"post": MANAGE}
    once = frozenset({"post"})

    @extend_schema(operation_id="workflows_deploy", request=WorkflowDeployInput, responses={201: NewDeploymentOutput})
    def post(self, request: Request, workflow_id: UUID) -> Response:
        values = body_of(request, WorkflowDeployInput)
        workflow = get_workflow(request.actor.workspace, workflow_id)
        slug = values.pop("deployment", None)
        deployment = selectors.get_deployment(request.actor.workspace, slug) if slug else None
        deployed, _ = services.deploy_workflow(request.actor, workflow, deployment=deployment, **values)
        if deployment is None:
            _, deployed.key = services.create_key(request.actor, deployed, "First key")  # type: ignore[attr-defined]
        return Response(NewDeploymentOutput(deployed).data, status=201)
