"""Workflows, drafts and versions over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.registry import catalogue_of
from portal.common.api import PreconditionFailed, body_of, etag, idempotency_key, revision_from
from portal.common.bridge import run_async
from portal.common.errors import Conflict
from portal.common.openapi import ONCE
from portal.common.rest import ListView, RestView
from portal.workspaces.roles import Permission
from workflows import dispatch, selectors, services
from workflows.api.serializers import (
    DefinitionInput,
    DraftOutput,
    IssuesOutput,
    OutcomeOutput,
    RunInput,
    VersionDetail,
    VersionInput,
    VersionOutput,
    WorkflowDocument,
    WorkflowInput,
    WorkflowOutput,
    WorkflowPatch,
    issues_data,
)
from workflows.definition import infer_output_schema, load
from workflows.models import Execution, Workflow
from workflows.partial import Part

IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True, description="ETag of the draft")


class WorkflowQuery(serializers.Serializer[Any]):
    search = serializers.CharField(required=False, max_length=120, help_text="Part of the name")
    label = serializers.CharField(required=False, max_length=40, help_text="Only workflows with this label")
    template = serializers.CharField(required=False, max_length=64, help_text="Only those made from this template")


def _language() -> str:
    return get_language() or "en"


class Workflows(ListView[Workflow]):
    """The workspace's workflows."""

    permissions = {"get": Permission.WORKFLOW_READ, "post": Permission.WORKFLOW_CREATE}
    serializer_class = WorkflowOutput
    query = {"get": WorkflowQuery}
    once = frozenset({"post"})
    orderings = {"created_at": "id", "name": "name", "saved_at": "draft_saved_at"}

    def rows(self) -> Any:
        found = selectors.workflows_of(self.request.actor.workspace)
        if search := self.asked.get("search"):
            found = found.filter(name__icontains=search)
        if label := self.asked.get("label"):
            found = found.filter(labels__contains=[label])
        if template := self.asked.get("template"):
            found = found.filter(template=template)
        return found

    @extend_schema(operation_id="workflows_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The workspace's workflows with their last run and newest version."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="workflows_create", request=WorkflowInput, responses={201: WorkflowOutput})
    def post(self, request: Request) -> Response:
        """Create a workflow, empty, from a definition or from a template."""
        values = body_of(request, WorkflowInput)
        if template := values.get("template"):
            made = services.create_from_template(request.actor, template, language=_language())
            return Response(WorkflowOutput(made[0]).data, status=201)
        workflow = services.create_workflow(
            request.actor,
            values["name"],
            description=values.get("description", ""),
            definition=values.get("definition"),
        )
        return Response(WorkflowOutput(workflow).data, status=201)


class WorkflowItem(RestView):
    permissions = {
        "get": Permission.WORKFLOW_READ,
        "patch": Permission.WORKFLOW_UPDATE,
        "delete": Permission.WORKFLOW_DELETE,
    }

    @extend_schema(operation_id="workflows_read", responses=WorkflowOutput)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """One workflow."""
        return Response(WorkflowOutput(selectors.read_workflow(request.actor.workspace, workflow_id)).data)

    @extend_schema(operation_id="workflows_update", request=WorkflowPatch, responses=WorkflowOutput)
    def patch(self, request: Request, workflow_id: UUID) -> Response:
        """Rename, describe or label a workflow; the draft is not touched."""
        services.update_workflow(request.actor, workflow_id, **body_of(request, WorkflowPatch))
        return Response(WorkflowOutput(selectors.read_workflow(request.actor.workspace, workflow_id)).data)

    @extend_schema(operation_id="workflows_delete", responses={204: None})
    def delete(self, request: Request, workflow_id: UUID) -> Response:
        """Delete a workflow with its versions; 409 while a server serves one of them."""
        services.delete_workflow(request.actor, workflow_id)
        return Response(status=204)


class Draft(RestView):
    """The draft with its ETag; a write names the ETag it read, so that nobody is overwritten silently."""

    permissions = {"get": Permission.WORKFLOW_READ, "put": Permission.WORKFLOW_UPDATE}

    def _answer(self, workflow: Workflow) -> Response:
        data = {
            "revision": workflow.draft_revision,
            "saved_at": workflow.draft_saved_at,
            "saved_by": str(workflow.draft_saved_by) if workflow.draft_saved_by else None,
            "definition": workflow.draft,
            "issues": issues_data(services.check_definition(workflow.draft, workflow.workspace_id), _language()),
        }
        return Response(data, headers={"ETag": etag(workflow.draft_revision)})

    @extend_schema(operation_id="workflows_draft_read", responses=DraftOutput)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """The draft with its findings; its ETag is what a write must name."""
        return self._answer(selectors.get_workflow(request.actor.workspace, workflow_id))

    @extend_schema(
        operation_id="workflows_draft_save", request=DefinitionInput, responses=DraftOutput, parameters=[IF_MATCH]
    )
    def put(self, request: Request, workflow_id: UUID) -> Response:
        """Save the draft over the state named by If-Match, so that nobody is overwritten silently."""
        base, values = revision_from(request), body_of(request, DefinitionInput)
        try:
            workflow = services.save_draft(request.actor, workflow_id, values["definition"], base_revision=base)
        except Conflict as error:
            raise PreconditionFailed(error.message, remedy=error.remedy, details=error.details) from None
        return self._answer(workflow)


class Validate(RestView):
    """Check a definition without storing it."""

    permissions = {"post": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="workflows_validate", request=DefinitionInput, responses=IssuesOutput)
    def post(self, request: Request) -> Response:
        definition = load(body_of(request, DefinitionInput)["definition"])
        issues = services.check_definition(definition.as_data(), request.actor.workspace)
        valid = not any(issue.severity == "error" for issue in issues)
        schema = infer_output_schema(definition, catalogue_of(request.actor.workspace)) if valid else {}
        return Response({"valid": valid, "issues": issues_data(issues, _language()), "output_schema": schema})


class Versions(ListView[Any]):
    permissions = {"get": Permission.WORKFLOW_READ, "post": Permission.WORKFLOW_UPDATE}
    serializer_class = VersionOutput
    once = frozenset({"post"})
    orderings = {"number": "number"}
    default_ordering = "-number"

    def rows(self) -> Any:
        workflow = selectors.get_workflow(self.request.actor.workspace, self.kwargs["workflow_id"])
        return workflow.versions.defer("definition")

    @extend_schema(operation_id="workflows_versions_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The versions of a workflow, newest first, without their definitions."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="workflows_versions_create", request=VersionInput, responses={201: VersionOutput})
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Freeze the draft as a version; an unchanged draft gives the newest version again."""
        version = services.create_version(request.actor, workflow_id, **body_of(request, VersionInput))
        return Response(VersionOutput(version).data, status=201)


class VersionItem(RestView):
    """One version with its definition."""

    permissions = {"get": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="workflows_versions_read", responses=VersionDetail)
    def get(self, request: Request, workflow_id: UUID, number: int) -> Response:
        workflow = selectors.get_workflow(request.actor.workspace, workflow_id)
        return Response(VersionDetail(selectors.get_version(workflow, number)).data)


class RestoreVersion(RestView):
    """Make an old version the draft again."""

    permissions = {"post": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflows_versions_restore", request=None, responses=WorkflowOutput)
    def post(self, request: Request, workflow_id: UUID, number: int) -> Response:
        services.restore_version(request.actor, workflow_id, number)
        return Response(WorkflowOutput(selectors.read_workflow(request.actor.workspace, workflow_id)).data)


class Export(RestView):
    """A workflow as a portable document: no ids, no credentials."""

    permissions = {"get": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="workflows_export", responses=WorkflowDocument)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        return Response(services.export_workflow(selectors.get_workflow(request.actor.workspace, workflow_id)))


class Import(RestView):
    """Create a workflow from an exported document."""

    permissions = {"post": Permission.WORKFLOW_CREATE}
    once = frozenset({"post"})

    @extend_schema(operation_id="workflows_import", request=WorkflowDocument, responses={201: WorkflowOutput})
    def post(self, request: Request) -> Response:
        document = body_of(request, WorkflowDocument)
        return Response(WorkflowOutput(services.import_workflow(request.actor, document)).data, status=201)


class Run(RestView):
    """Start a run of the draft or of a version, and wait for its end if asked to."""

    permissions = {"post": Permission.WORKFLOW_EXECUTE}

    @extend_schema(
        operation_id="workflows_run",
        request=RunInput,
        parameters=[ONCE],
        responses={200: OutcomeOutput, 202: OutcomeOutput},
    )
    def post(self, request: Request, workflow_id: UUID) -> Response:
        values = body_of(request, RunInput)
        workflow = selectors.get_workflow(request.actor.workspace, workflow_id)
        version = selectors.get_version(workflow, values["version"]) if values.get("version") else None
        outcome = services.start_execution(
            request.actor,
            workflow,
            values.get("input"),
            version=version,
            source=Execution.Source.API,
            idempotency_key=idempotency_key(request),
            part=_part(values),
        )
        if wait := values.get("wait"):
            outcome = _wait(outcome, wait)
        headers = {"Idempotency-Replayed": "true"} if outcome.replayed else None
        return Response(OutcomeOutput(outcome).data, status=200 if outcome.is_done else 202, headers=headers)


def _part(values: dict[str, Any]) -> Part | None:
    chosen = {name: values[name] for name in ("target", "start", "reuse", "pins") if values.get(name)}
    return Part(**chosen) if chosen else None


def _wait(outcome: dispatch.Outcome, seconds: float) -> dispatch.Outcome:
    """Wait without polling; the present state when the time is up."""
    return run_async(lambda: dispatch.wait_for_end(outcome, seconds))
