"""Tests of a workflow over REST: recorded from runs, replayed against the draft."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.common.api import body_of
from portal.common.errors import NotFound
from portal.common.rest import RestView, WholeList, whole
from portal.workspaces.roles import Permission
from workflows import cases, selectors
from workflows.run_models import WorkflowTest


class CaseInput(serializers.Serializer[Any]):
    run = serializers.UUIDField(help_text="A run of the workflow that succeeded or failed")
    name = serializers.CharField(max_length=120)
    ignored = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, max_length=50,
        help_text="Paths of the output that may differ, such as `as_of` or `rows[].seen_at`",
    )  # fmt: skip


class CaseOutput(serializers.ModelSerializer[WorkflowTest]):
    author = serializers.CharField(source="created_by", allow_null=True, default=None)

    class Meta:
        model = WorkflowTest
        fields = (
            "id", "name", "ignored", "recorded_from", "passed", "checked_at", "message", "author", "created_at",
        )  # fmt: skip


class CasesOutput(WholeList):
    results = CaseOutput(many=True)


class Cases(RestView):
    permissions = {"get": Permission.WORKFLOW_READ, "post": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflows_tests_list", responses=CasesOutput)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """The tests with their last results."""
        workflow = selectors.get_workflow(request.actor.workspace, workflow_id)
        return Response(whole(CaseOutput(cases.tests_of(workflow), many=True).data))

    @extend_schema(operation_id="workflows_tests_create", request=CaseInput, responses={201: CaseOutput})
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Make a test of a run: its input, the answers it got, and its end as what is expected."""
        values = body_of(request, CaseInput)
        selectors.get_workflow(request.actor.workspace, workflow_id)
        run = selectors.get_execution(request.actor.workspace, values["run"])
        if run.workflow_id != workflow_id:
            raise NotFound("There is no such run of this workflow.")
        test = cases.save_test(request.actor, run, values["name"], ignored=values.get("ignored", ()))
        return Response(CaseOutput(test).data, status=201)


class CaseRun(RestView):
    permissions = {"post": Permission.WORKFLOW_EXECUTE}

    @extend_schema(operation_id="workflows_tests_run", request=None, responses=CasesOutput)
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Replay all tests against the draft; no upstream is called."""
        workflow = selectors.get_workflow(request.actor.workspace, workflow_id)
        cases.check(workflow)
        return Response(whole(CaseOutput(cases.tests_of(workflow), many=True).data))


class CaseItem(RestView):
    permissions = {"delete": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflows_tests_delete", responses={204: None})
    def delete(self, request: Request, workflow_id: UUID, test_id: UUID) -> Response:
        """Forget a test."""
        cases.delete_test(request.actor, selectors.get_workflow(request.actor.workspace, workflow_id), test_id)
        return Response(status=204)
