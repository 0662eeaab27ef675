"""A workspace's own connectors over REST: made from a document or a server, chosen, edited, refreshed, deleted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import WorkspaceConnector
from integrations.own import operations, services
from portal.common.api import body_of
from portal.common.rest import ListView, RestView
from portal.workspaces.roles import Permission


class OwnActionOutput(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="Id of the action, as nodes and tools name it")
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    effect = serializers.ChoiceField(["read", "write", "destroy"])
    source = serializers.CharField(help_text="The operation or tool behind it")  # type: ignore[assignment]
    checks_answer = serializers.BooleanField()
    gone = serializers.BooleanField(help_text="No longer in the document or on the server")


class OwnConnectorOutput(serializers.ModelSerializer[WorkspaceConnector]):
    """A connector that the workspace made for itself."""

    connector = serializers.CharField(source="key", help_text="Id of the connector, as connections name it")
    sign_in = serializers.SerializerMethodField(help_text="How the service is signed in to")
    sign_ins = serializers.SerializerMethodField(help_text="The ways that the document offers, by number")
    actions = serializers.SerializerMethodField()

    class Meta:
        model = WorkspaceConnector
        fields = (
            "id", "connector", "kind", "title", "description", "address", "base_url", "sign_in", "sign_ins", "actions",
            "revision", "refreshed_at", "refresh_error", "created_at", "updated_at",
        )  # fmt: skip

    def get_sign_in(self, row: WorkspaceConnector) -> str:
        return services.spec_of(row).sign.kind

    def get_sign_ins(self, row: WorkspaceConnector) -> list[str]:
        return [sign.kind for sign in services.spec_of(row).signs]

    @extend_schema(responses=OwnActionOutput(many=True))
    def get_actions(self, row: WorkspaceConnector) -> list[dict[str, Any]]:
        names = ("name", "title", "description", "effect", "source", "checks_answer", "gone")
        return [
            {"id": f"{row.key}.{action.name}", **{name: getattr(action, name) for name in names}}
            for action in services.spec_of(row).actions
        ]


class OwnConnectorInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(["openapi", "mcp"])
    title = serializers.CharField(max_length=120, required=False, default="")
    address = serializers.CharField(
        max_length=2000, required=False, default="", help_text="Of the document, or of the MCP server"
    )
    document = serializers.CharField(
        max_length=4 * 1024 * 1024, required=False, default="", help_text="The OpenAPI document itself, JSON or YAML"
    )
    sign_in = serializers.ChoiceField(
        ["none", "bearer", "header", "oauth"], required=False, default="none", help_text="Of an MCP server"
    )
    header = serializers.CharField(
        max_length=120, required=False, default="", help_text="Name of the header, for header"
    )


class OwnConnectorChange(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    base_url = serializers.CharField(max_length=2000, required=False)
    sign_in = serializers.IntegerField(required=False, min_value=-1, help_text="Number of the way; -1 for none")


class SourcesInput(serializers.Serializer[Any]):
    sources = serializers.ListField(
        child=serializers.CharField(max_length=2000),
        max_length=64,
        help_text="Operations such as `GET /pets`, or tools",
    )


class SourceOutput(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    chosen = serializers.BooleanField()


class SourcesOutput(serializers.Serializer[Any]):
    results = SourceOutput(many=True)


class OwnActionChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=64, required=False)
    title = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    effect = serializers.ChoiceField(["read", "write", "destroy"], required=False)
    checks_answer = serializers.BooleanField(required=False)


def sources_of(row: WorkspaceConnector) -> list[dict[str, Any]]:
    """What could become an action: the document's operations, or the server's tools at the last look."""
    spec = services.spec_of(row)
    chosen = {action.source for action in spec.actions}
    if row.kind == WorkspaceConnector.Kind.MCP:
        return [
            {
                "source": tool["name"],
                "name": operations.snake(tool["name"]),
                "title": tool.get("title") or tool["name"],
                "description": operations.plain(tool.get("description"), 300),
                "chosen": tool["name"] in chosen,
            }
            for tool in spec.tools
        ]
    return [
        {
            "source": item.source,
            "name": item.name,
            "title": item.title,
            "description": item.description,
            "chosen": item.source in chosen,
        }
        for item in operations.listed(row.document or {"paths": {}})
    ]


class OwnConnectors(ListView[WorkspaceConnector]):
    """Connectors that the workspace made for itself."""

    permissions = {"get": Permission.CONNECTION_READ, "post": Permission.CONNECTION_MANAGE}
    serializer_class = OwnConnectorOutput
    once = frozenset({"post"})
    orderings = {"created_at": "id", "title": "title"}

    def rows(self) -> Any:
        return WorkspaceConnector.objects.for_workspace(self.request.actor.workspace).defer("document").order_by("-id")

    @extend_schema(operation_id="own_connectors_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The connectors that the workspace made from OpenAPI documents and MCP servers."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="own_connectors_create", request=OwnConnectorInput, responses={201: OwnConnectorOutput})
    def post(self, request: Request) -> Response:
        """Make a connector from a document or another MCP server; its actions are chosen afterwards."""
        values = body_of(request, OwnConnectorInput)
        if values["kind"] == "mcp":
            row = services.create_from_server(
                request.actor,
                address=values["address"],
                title=values["title"],
                kind=values["sign_in"],
                header=values["header"],
            )
        else:
            content = values["document"].encode() or None
            row = services.create_from_document(
                request.actor, title=values["title"], address=values["address"], content=content
            )
        return Response(OwnConnectorOutput(row).data, status=201)


class OwnConnectorItem(RestView):
    permissions = {
        "get": Permission.CONNECTION_READ,
        "patch": Permission.CONNECTION_MANAGE,
        "delete": Permission.CONNECTION_MANAGE,
    }

    @extend_schema(operation_id="own_connectors_read", responses=OwnConnectorOutput)
    def get(self, request: Request, own_id: UUID) -> Response:
        """One connector with its actions."""
        return Response(OwnConnectorOutput(services.get(request.actor.workspace, own_id)).data)

    @extend_schema(operation_id="own_connectors_change", request=OwnConnectorChange, responses=OwnConnectorOutput)
    def patch(self, request: Request, own_id: UUID) -> Response:
        """Change its name, description, base address or way to sign in."""
        values = body_of(request, OwnConnectorChange)
        row = services.edit(
            request.actor,
            services.get(request.actor.workspace, own_id),
            title=values.get("title"),
            description=values.get("description"),
            base_url=values.get("base_url"),
            sign=values.get("sign_in"),
        )
        return Response(OwnConnectorOutput(row).data)

    @extend_schema(operation_id="own_connectors_delete", responses={204: None})
    def delete(self, request: Request, own_id: UUID) -> Response:
        """Delete it with its connections; workflows that use it say so."""
        services.delete(request.actor, services.get(request.actor.workspace, own_id))
        return Response(status=204)


class OwnSources(RestView):
    """What could become an action of the connector."""

    permissions = {"get": Permission.CONNECTION_READ, "post": Permission.CONNECTION_MANAGE}

    @extend_schema(operation_id="own_connectors_sources", responses=SourcesOutput)
    def get(self, request: Request, own_id: UUID) -> Response:
        """Operations of the document, or tools of the server."""
        return Response({"results": sources_of(services.get(request.actor.workspace, own_id))})

    @extend_schema(operation_id="own_connectors_choose", request=SourcesInput, responses=OwnConnectorOutput)
    def post(self, request: Request, own_id: UUID) -> Response:
        """Make actions of some."""
        sources = body_of(request, SourcesInput)["sources"]
        row = services.add_actions(request.actor, services.get(request.actor.workspace, own_id), sources)
        return Response(OwnConnectorOutput(row).data)


class OwnActionItem(RestView):
    permissions = {"patch": Permission.CONNECTION_MANAGE, "delete": Permission.CONNECTION_MANAGE}

    @extend_schema(operation_id="own_connectors_action_change", request=OwnActionChange, responses=OwnConnectorOutput)
    def patch(self, request: Request, own_id: UUID, own_action: str) -> Response:
        """Change the words of an action."""
        values = body_of(request, OwnActionChange)
        row = services.edit_action(request.actor, services.get(request.actor.workspace, own_id), own_action, values)
        return Response(OwnConnectorOutput(row).data)

    @extend_schema(operation_id="own_connectors_action_delete", responses={204: None})
    def delete(self, request: Request, own_id: UUID, own_action: str) -> Response:
        """Take an action out of the connector."""
        services.remove_action(request.actor, services.get(request.actor.workspace, own_id), own_action)
        return Response(status=204)


class OwnRefresh(RestView):
    permissions = {"post": Permission.CONNECTION_MANAGE}

    @extend_schema(operation_id="own_connectors_refresh", request=None, responses=OwnConnectorOutput)
    def post(self, request: Request, own_id: UUID) -> Response:
        """Read the document or the tools again; chosen actions keep their words."""
        row = services.refresh(request.actor, services.get(request.actor.workspace, own_id))
        return Response(OwnConnectorOutput(row).data)
