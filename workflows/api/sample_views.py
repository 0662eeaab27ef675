"""Pinned results and kept inputs of a workflow over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.common.api import body_of
from portal.common.rest import RestView, WholeList, whole
from portal.workspaces.roles import Permission
from workflows import samples, selectors
from workflows.models import NodePin, SavedInput


class PinInput(serializers.Serializer[Any]):
    output = serializers.JSONField(allow_null=True)
    port = serializers.CharField(required=False, max_length=64)


class PinOutput(serializers.ModelSerializer[NodePin]):
    saved_by = serializers.CharField(allow_null=True, default=None)

    class Meta:
        model = NodePin
        fields = ("node", "output", "port", "saved_by", "created_at")


class PinsOutput(WholeList):
    results = PinOutput(many=True)


class KeptInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    input = serializers.DictField()


class KeptInputOutput(serializers.ModelSerializer[SavedInput]):
    class Meta:
        model = SavedInput
        fields = ("id", "name", "input", "created_at")


class KeptInputsOutput(WholeList):
    results = KeptInputOutput(many=True)


class Pins(RestView):
    """The pinned results of a workflow. They are payload: whoever may not read those of runs does not read these."""

    permissions = {"get": Permission.EXECUTION_PAYLOAD}

    @extend_schema(operation_id="workflows_pins_list", responses=PinsOutput)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        workflow = selectors.get_workflow(request.actor.workspace, workflow_id)
        return Response(whole(PinOutput(samples.pins_of(workflow), many=True).data))


class PinItem(RestView):
    permissions = {"put": Permission.WORKFLOW_UPDATE, "delete": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflows_pins_save", request=PinInput, responses=PinOutput)
    def put(self, request: Request, workflow_id: UUID, node: str) -> Response:
        """Pin a result to a node: test runs take it instead of running the node."""
        values = body_of(request, PinInput)
        pin = samples.pin_output(request.actor, workflow_id, node, values["output"], port=values.get("port", "out"))
        return Response(PinOutput(pin).data)

    @extend_schema(operation_id="workflows_pins_delete", responses={204: None})
    def delete(self, request: Request, workflow_id: UUID, node: str) -> Response:
        """Take the pinned result off a node."""
        samples.unpin_output(request.actor, workflow_id, node)
        return Response(status=204)


class KeptInputs(RestView):
    permissions = {"get": Permission.EXECUTION_PAYLOAD, "post": Permission.WORKFLOW_UPDATE}
    once = frozenset({"post"})

    @extend_schema(operation_id="workflows_inputs_list", responses=KeptInputsOutput)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """Inputs kept for later test runs."""
        workflow = selectors.get_workflow(request.actor.workspace, workflow_id)
        return Response(whole(KeptInputOutput(samples.saved_inputs_of(workflow), many=True).data))

    @extend_schema(operation_id="workflows_inputs_save", request=KeptInput, responses={201: KeptInputOutput})
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Keep an input under a name."""
        kept = samples.save_input(request.actor, workflow_id, **body_of(request, KeptInput))
        return Response(KeptInputOutput(kept).data, status=201)


class KeptInputItem(RestView):
    permissions = {"delete": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="workflows_inputs_delete", responses={204: None})
    def delete(self, request: Request, workflow_id: UUID, input_id: UUID) -> Response:
        """Forget a kept input."""
        samples.delete_input(request.actor, workflow_id, input_id)
        return Response(status=204)
