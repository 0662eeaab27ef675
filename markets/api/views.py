"""The market tools, alert rules, alerts and snapshots over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from markets import selectors, services
from markets.api.serializers import (
    AlertOutput,
    MarketToolsOutput,
    RuleInput,
    RuleOutput,
    SnapshotOutput,
    SnapshotQuery,
    SwitchInput,
)
from markets.connector import kis
from portal.common.api import body_of
from portal.common.errors import NotFound
from portal.common.rest import ListView, RestView
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


class ToolList(RestView):
    """The market tools with their parameters."""

    permissions = {"get": Permission.DATA_READ}

    @extend_schema(operation_id="markets_tools_list", responses=MarketToolsOutput)
    def get(self, request: Request) -> Response:
        tools = [
            {"name": action.name, "title": action.title._asdict(), "input_schema": action.input_schema}
            for action in kis.actions.values()
        ]
        return Response({"results": tools})


class Tool(RestView):
    """One tool's answer. Its parameters stand in the query string; lists repeat: `exclude=etf&exclude=etn`."""

    permissions = {"get": Permission.DATA_READ}

    def query_names(self, method: str) -> frozenset[str]:
        """The tool itself checks its parameters."""
        return frozenset(self.request.query_params)

    @extend_schema(
        operation_id="markets_tools_call",
        parameters=[
            OpenApiParameter("tool", str, OpenApiParameter.PATH, enum=sorted(kis.actions)),
            OpenApiParameter(
                "params",
                {"type": "object", "additionalProperties": True},
                description="The tool's parameters, each under its own name",
                style="form",
                explode=True,
            ),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, tool: str) -> Response:
        if tool not in kis.actions:
            raise NotFound("There is no such market tool.", remedy=f"Use one of: {', '.join(sorted(kis.actions))}.")
        return Response(services.ask_now(request.actor, tool, query_params(request, tool)))  # type: ignore[attr-defined]


class Rules(ListView):
    """Alert rules of the workspace."""

    permissions = {"get": Permission.DATA_READ, "post": Permission.DATA_WRITE}
    serializer_class = RuleOutput
    once = frozenset({"post"})
    orderings = {"created_at": "id", "name": "name"}

    def rows(self) -> Any:
        return selectors.rules_of(self.request.actor.workspace)  # type: ignore[attr-defined]

    @extend_schema(operation_id="markets_rules_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Alert rules of the workspace."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="markets_rules_create", request=RuleInput, responses={201: RuleOutput})
    def post(self, request: Request) -> Response:
        """Create an alert rule."""
        rule = services.rule_create(request.actor, **body_of(request, RuleInput))  # type: ignore[attr-defined]
        return Response(RuleOutput(rule).data, status=status.HTTP_201_CREATED)


class OneRule(RestView):
    """One alert rule: read, switch on or off, remove."""

    permissions = {"get": Permission.DATA_READ, "patch": Permission.DATA_WRITE, "delete": Permission.DATA_WRITE}

    @extend_schema(operation_id="markets_rules_read", responses=RuleOutput)
    def get(self, request: Request, rule_id: UUID) -> Response:
        """One alert rule."""
        return Response(RuleOutput(services.rule_of(request.actor, rule_id)).data)  # type: ignore[attr-defined]

    @extend_schema(operation_id="markets_rules_switch", request=SwitchInput, responses=RuleOutput)
    def patch(self, request: Request, rule_id: UUID) -> Response:
        """Switch an alert rule on or off."""
        is_active = body_of(request, SwitchInput)["is_active"]
        rule = services.rule_switch(request.actor, rule_id, is_active)  # type: ignore[attr-defined]
        return Response(RuleOutput(rule).data)

    @extend_schema(operation_id="markets_rules_delete", responses={204: None})
    def delete(self, request: Request, rule_id: UUID) -> Response:
        """Remove an alert rule."""
        services.rule_delete(request.actor, rule_id)  # type: ignore[attr-defined]
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(get=extend_schema(operation_id="markets_alerts_list"))
class Alerts(ListView):
    """What the rules reported."""

    permissions = {"get": Permission.DATA_READ}
    serializer_class = AlertOutput

    def rows(self) -> Any:
        return selectors.alerts_of(self.request.actor.workspace)  # type: ignore[attr-defined]


@extend_schema_view(get=extend_schema(operation_id="markets_snapshots_list"))
class Snapshots(ListView):
    """Rankings as they stood, newest first; `market` and `venue` narrow them."""

    permissions = {"get": Permission.DATA_READ}
    serializer_class = SnapshotOutput
    query = {"get": SnapshotQuery}

    def rows(self) -> Any:
        workspace = self.request.actor.workspace  # type: ignore[attr-defined]
        return selectors.snapshots_of(workspace, self.asked.get("market", ""), self.asked.get("venue", ""))
