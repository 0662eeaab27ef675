"""The market tools, alert rules, alerts and snapshots over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from markets import selectors, services
from markets.api.serializers import AlertOutput, RuleInput, RuleOutput, SnapshotOutput, SwitchInput
from markets.connector import kis
from markets.models import Alert, AlertRule, Snapshot
from portal.common.errors import NotFound
from portal.workspaces.roles import Permission


def query_params(request: Request, tool: str) -> dict[str, Any]:
    """The query string as a tool's parameters: repeated names become lists where the tool takes one."""
    properties = kis.actions[tool].input_schema["properties"]
    params: dict[str, Any] = {}
    for name in request.query_params:
        values = request.query_params.getlist(name)
        is_list = properties.get(name, {}).get("type") == "array"
        params[name] = [value for value in values if value] if is_list else values[-1]
    return params


class ToolList(APIView):
    """The market tools with their parameters."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="markets_tools_list", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        tools = [
            {"name": action.name, "title": action.title._asdict(), "input_schema": action.input_schema}
            for action in kis.actions.values()
        ]
        return Response({"results": tools})


class Tool(APIView):
    """One tool's answer; parameters as in the query string, `exclude=etf&exclude=etn` for lists."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(
        operation_id="markets_tools_call",
        parameters=[OpenApiParameter("tool", str, OpenApiParameter.PATH, enum=sorted(kis.actions))],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, tool: str) -> Response:
        if tool not in kis.actions:
            raise NotFound("There is no such market tool.", remedy=f"Use one of: {', '.join(sorted(kis.actions))}.")
        return Response(services.ask_now(request.actor, tool, query_params(request, tool)))  # type: ignore[attr-defined]


class Rules(ListAPIView):
    """Alert rules of the workspace."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.DATA_WRITE}
    serializer_class = RuleOutput
    queryset = AlertRule.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return selectors.rules_of(self.request.actor.workspace)  # type: ignore[attr-defined]

    @extend_schema(request=RuleInput, responses={201: RuleOutput})
    def post(self, request: Request) -> Response:
        data = RuleInput(data=request.data)
        data.is_valid(raise_exception=True)
        rule = services.rule_create(request.actor, **data.validated_data)  # type: ignore[attr-defined]
        return Response(RuleOutput(rule).data, status=status.HTTP_201_CREATED)


class OneRule(APIView):
    """One alert rule: read, switch on or off, remove."""

    permissions = {"get": Permission.DATA_READ, "patch": Permission.DATA_WRITE, "delete": Permission.DATA_WRITE}

    @extend_schema(responses=RuleOutput)
    def get(self, request: Request, rule_id: UUID) -> Response:
        return Response(RuleOutput(services.rule_of(request.actor, rule_id)).data)  # type: ignore[attr-defined]

    @extend_schema(request=SwitchInput, responses=RuleOutput)
    def patch(self, request: Request, rule_id: UUID) -> Response:
        data = SwitchInput(data=request.data)
        data.is_valid(raise_exception=True)
        rule = services.rule_switch(request.actor, rule_id, data.validated_data["is_active"])  # type: ignore[attr-defined]
        return Response(RuleOutput(rule).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, rule_id: UUID) -> Response:
        services.rule_delete(request.actor, rule_id)  # type: ignore[attr-defined]
        return Response(status=status.HTTP_204_NO_CONTENT)


class Alerts(ListAPIView):
    """What the rules reported."""

    permissions = {"get": Permission.DATA_READ}
    serializer_class = AlertOutput
    queryset = Alert.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return selectors.alerts_of(self.request.actor.workspace)  # type: ignore[attr-defined]


class Snapshots(ListAPIView):
    """Rankings as they stood, newest first; `market` and `venue` narrow them."""

    permissions = {"get": Permission.DATA_READ}
    serializer_class = SnapshotOutput
    queryset = Snapshot.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        query = self.request.query_params
        workspace = self.request.actor.workspace  # type: ignore[attr-defined]
        return selectors.snapshots_of(workspace, query.get("market", ""), query.get("venue", ""))
