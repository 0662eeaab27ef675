"""The action catalogue and the workspace's connections over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations import services
from integrations.api.serializers import (
    ConnectionInput,
    ConnectionOutput,
    ConnectionQuery,
    CredentialInput,
    CurlInput,
    CurlOutput,
    DeletionQuery,
    IntegrationsOutput,
    NodeOutput,
    NodeQuery,
    NodesOutput,
    UseOutput,
    UsesOutput,
)
from integrations.connection_health import check_connection
from integrations.connectors.http.curl import read_curl
from integrations.models import Connection
from integrations.registry import action_for, catalogue_of, connectors_of, describe_action, describe_connector
from integrations.uses import require_unused, uses
from portal.common.api import body_of
from portal.common.errors import NotFound
from portal.common.rest import ListView, RestView, whole
from portal.workspaces.roles import Permission


def _language() -> str:
    return get_language() or "en"


class Nodes(RestView):
    """Every action that a workflow can use, with its schemas."""

    permissions = {"get": Permission.WORKFLOW_READ}
    query = {"get": NodeQuery}

    @extend_schema(operation_id="nodes_list", responses=NodesOutput)
    def get(self, request: Request) -> Response:
        connector, search = self.asked.get("connector"), self.asked.get("search", "").lower()
        found = [
            describe_action(action, _language())
            for action in catalogue_of(request.actor.workspace).values()
            if connector in (None, "", action.connector.id)
        ]
        if search:
            found = [item for item in found if search in f"{item['id']} {item['title']} {item['description']}".lower()]
        if effect := self.asked.get("effect"):
            found = [item for item in found if item["effect"] == effect]
        return Response(whole(found))


class NodeItem(RestView):
    """One action with its input and output schema."""

    permissions = {"get": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="nodes_read", responses=NodeOutput)
    def get(self, request: Request, action_id: str) -> Response:
        return Response(describe_action(action_for(action_id, request.actor.workspace), _language()))


class Integrations(RestView):
    """Every connector with the schema of its credential."""

    permissions = {"get": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="integrations_list", responses=IntegrationsOutput)
    def get(self, request: Request) -> Response:
        found = []
        for connector in connectors_of(request.actor.workspace).values():
            entry = describe_connector(connector, _language())
            entry["actions"] = [action["id"] for action in entry["actions"]]
            entry["credential_schema"] = connector.credential_model.model_json_schema()
            found.append(entry)
        return Response(whole(found))


class Connections(ListView[Connection]):
    """The workspace's connections and one's own; values are never shown."""

    permissions = {"get": Permission.CONNECTION_READ, "post": Permission.CONNECTION_MANAGE}
    serializer_class = ConnectionOutput
    query = {"get": ConnectionQuery}
    once = frozenset({"post"})
    orderings = {"created_at": "id", "name": "name", "connector": "connector"}

    def rows(self) -> Any:
        found = Connection.objects.for_workspace(self.request.actor.workspace)
        wanted = {name: self.asked[name] for name in ("connector", "health") if name in self.asked}
        return found.filter(Q(owner=None) | Q(owner=self.request.user), **wanted).order_by("-id")

    @extend_schema(operation_id="connections_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The workspace's connections and your own; values are never shown."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="connections_create", request=ConnectionInput, responses={201: ConnectionOutput})
    def post(self, request: Request) -> Response:
        """Store a credential, encrypted."""
        values = body_of(request, ConnectionInput)
        connection = services.create_connection(
            request.actor, values["connector"], values["name"], values["values"], personal=values["personal"]
        )
        return Response(ConnectionOutput(connection).data, status=201)


def _get(request: Request, connection_id: UUID) -> Connection:
    found = Connection.objects.for_workspace(request.actor.workspace).filter(pk=connection_id)
    connection = found.filter(Q(owner=None) | Q(owner=request.user)).first()
    if connection is None:
        raise NotFound("There is no such connection.")
    return connection


class ConnectionItem(RestView):
    permissions = {
        "get": Permission.CONNECTION_READ,
        "put": Permission.CONNECTION_MANAGE,
        "delete": Permission.CONNECTION_MANAGE,
    }
    query = {"delete": DeletionQuery}

    @extend_schema(operation_id="connections_read", responses=ConnectionOutput)
    def get(self, request: Request, connection_id: UUID) -> Response:
        """One connection, without its values."""
        return Response(ConnectionOutput(_get(request, connection_id)).data)

    @extend_schema(operation_id="connections_replace", request=CredentialInput, responses=ConnectionOutput)
    def put(self, request: Request, connection_id: UUID) -> Response:
        """Put new values into a connection; everything that uses it goes on with them."""
        values = body_of(request, CredentialInput)["values"]
        connection = services.replace_credential(request.actor, _get(request, connection_id), values)
        return Response(ConnectionOutput(connection).data)

    @extend_schema(operation_id="connections_delete", responses={204: None})
    def delete(self, request: Request, connection_id: UUID) -> Response:
        """Delete a connection with its values; one that is in use only with `anyway`, else 409 names by what."""
        connection = _get(request, connection_id)
        if not self.asked.get("anyway"):
            require_unused(connection)
        services.delete_connection(request.actor, connection)
        return Response(status=204)


class ConnectionUses(RestView):
    """What uses a connection: drafts, triggers and live servers."""

    permissions = {"get": Permission.CONNECTION_READ}

    @extend_schema(operation_id="connections_uses_list", responses=UsesOutput)
    def get(self, request: Request, connection_id: UUID) -> Response:
        connection = _get(request, connection_id)
        return Response(whole(UseOutput(uses(request.actor.workspace, [connection])[connection.pk], many=True).data))


class ConnectionTest(RestView):
    """Call the service with the stored credential and tell how it went."""

    permissions = {"post": Permission.CONNECTION_MANAGE}

    @extend_schema(operation_id="connections_test", request=None, responses=ConnectionOutput)
    def post(self, request: Request, connection_id: UUID) -> Response:
        return Response(ConnectionOutput(check_connection(request.actor, _get(request, connection_id))).data)


class CurlLine(RestView):
    """Read a curl line into parameters of the HTTP connector; nothing is run or sent."""

    permissions = {"post": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="curl_read", request=CurlInput, responses=CurlOutput)
    def post(self, request: Request) -> Response:
        found = read_curl(body_of(request, CurlInput)["line"])
        return Response({"params": found.params, "credential": found.credential, "notes": found.notes})
