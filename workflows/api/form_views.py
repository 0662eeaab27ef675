"""What the forms of the canvas ask over REST: choices, previews of expressions, files."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from portal.common.api import body_of
from portal.common.rest import RestView, WholeList, whole
from portal.workspaces.roles import Permission
from workflows import form_help, selectors


class OptionsInput(serializers.Serializer[Any]):
    action = serializers.CharField(max_length=130)
    field = serializers.CharField(max_length=64)
    query = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="Part of the label")
    params = serializers.DictField(required=False, help_text="The other fields as they are filled in")
    connection = serializers.UUIDField(required=False, allow_null=True)


class OptionOutput(serializers.Serializer[Any]):
    value = serializers.CharField()
    label = serializers.CharField()


class OptionsOutput(WholeList):
    results = OptionOutput(many=True)


class PreviewInput(serializers.Serializer[Any]):
    value = serializers.JSONField(help_text="The parameter with its expressions")
    run = serializers.UUIDField(required=False, allow_null=True, help_text="The run whose results are used")
    level = serializers.ListField(child=serializers.CharField(max_length=64), required=False, max_length=8)


class PreviewOutput(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    value = serializers.JSONField(allow_null=True)
    shown = serializers.CharField(allow_blank=True, help_text="The value as JSON text, cut when it is long")
    type = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    remedy = serializers.CharField(allow_blank=True)
    position = serializers.IntegerField(allow_null=True)


class FileInput(serializers.Serializer[Any]):
    file = serializers.FileField()


class FieldOptions(RestView):
    permissions = {"post": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflows_options", request=OptionsInput, responses=OptionsOutput)
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """The choices of a field of an action, from its upstream or from the workspace."""
        workflow = selectors.get_workflow(request.actor.workspace, workflow_id)
        values = body_of(request, OptionsInput)
        connection = values.get("connection")
        found = form_help.options_for(
            request.actor,
            workflow,
            values["action"],
            values["field"],
            query=values.get("query", ""),
            params=values.get("params"),
            connection=str(connection) if connection else None,
        )
        return Response(whole([{"value": option.value, "label": option.label} for option in found]))


class ExpressionPreview(RestView):
    permissions = {"post": Permission.EXECUTION_PAYLOAD}

    @extend_schema(operation_id="workflows_preview", request=PreviewInput, responses=PreviewOutput)
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """The value of a parameter with the results of a run; what is wrong with it otherwise."""
        workflow = selectors.get_workflow(request.actor.workspace, workflow_id)
        values = body_of(request, PreviewInput)
        found = form_help.preview(
            request.actor, workflow, values["value"], run=values.get("run"), level=tuple(values.get("level", ()))
        )
        return Response(asdict(found))


class Files(RestView):
    permissions = {"post": Permission.WORKFLOW_EXECUTE}
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="workflows_files_create",
        request={"multipart/form-data": FileInput},
        responses={201: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Store a file for a file field; the answer is the reference that the field takes."""
        selectors.get_workflow(request.actor.workspace, workflow_id)
        file = body_of(request, FileInput)["file"]
        kept = form_help.keep_file(request.actor, file.name, file.read(), file.content_type or "")
        return Response(kept, status=201)
