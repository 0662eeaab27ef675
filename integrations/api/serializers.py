"""What goes over the wire for the catalogue and for connections. Credential values only ever come in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integrations.models import Connection
from portal.common.rest import WholeList


class NodeQuery(serializers.Serializer[Any]):
    connector = serializers.CharField(required=False, max_length=64, help_text="Only actions of this connector")
    search = serializers.CharField(required=False, max_length=120, help_text="Part of id, title or description")
    effect = serializers.ChoiceField(["read", "write", "destroy"], required=False)


class NodeOutput(serializers.Serializer[Any]):
    """An action of a connector: a node on the canvas, and a tool if a server offers it."""

    id = serializers.CharField()
    connector = serializers.CharField()
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    effect = serializers.ChoiceField(["read", "write", "destroy"])
    heavy = serializers.BooleanField(help_text="Runs on the compute queue")
    idempotent = serializers.BooleanField()
    needs_credential = serializers.BooleanField()
    scopes = serializers.ListField(child=serializers.CharField())
    timeout = serializers.FloatField(allow_null=True, help_text="Seconds")
    cache = serializers.FloatField(allow_null=True, help_text="Seconds an answer may be used again")
    dynamic_fields = serializers.ListField(child=serializers.CharField())
    example = serializers.DictField(allow_null=True)
    input_schema = serializers.DictField()
    output_schema = serializers.DictField(allow_null=True)


class NodesOutput(WholeList):
    results = NodeOutput(many=True)


class IntegrationOutput(serializers.Serializer[Any]):
    """A connector with the schema of its credential."""

    id = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    group = serializers.CharField()
    docs_url = serializers.CharField()
    auth = serializers.CharField()
    needs_credential = serializers.BooleanField()
    mode = serializers.ChoiceField(["sandbox", "live", "custom", "local"])
    actions = serializers.ListField(child=serializers.CharField())
    credential_schema = serializers.DictField()


class IntegrationsOutput(WholeList):
    results = IntegrationOutput(many=True)


class ConnectionQuery(serializers.Serializer[Any]):
    connector = serializers.CharField(required=False, max_length=64)
    health = serializers.ChoiceField(Connection.Health.choices, required=False)


class ConnectionInput(serializers.Serializer[Any]):
    connector = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=120)
    values = serializers.DictField(help_text="The fields of the connector's credential")
    personal = serializers.BooleanField(default=False, help_text="Only for yourself, not for the whole workspace")


class CredentialInput(serializers.Serializer[Any]):
    values = serializers.DictField(help_text="The fields of the connector's credential")


class ConnectionOutput(serializers.ModelSerializer[Connection]):
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Connection
        fields = (
            "id", "connector", "name", "owner", "account", "scopes", "expires_at", "health", "health_message",
            "checked_at", "created_at", "updated_at",
        )  # fmt: skip


class UseOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(["workflow", "server", "trigger"])
    name = serializers.CharField()
    url = serializers.CharField(help_text="Path of its page")
    named = serializers.BooleanField(help_text="It names this connection; false: it takes any of this connector")


class UsesOutput(WholeList):
    results = UseOutput(many=True)


class DeletionQuery(serializers.Serializer[Any]):
    anyway = serializers.BooleanField(required=False, help_text="Delete it though something uses it")


class CurlInput(serializers.Serializer[Any]):
    line = serializers.CharField(max_length=200_000, help_text="A curl line, as documentation shows it")


class CurlOutput(serializers.Serializer[Any]):
    params = serializers.DictField(help_text="Parameters of the action http.request")
    credential = serializers.DictField(allow_null=True, help_text="Values of a connection for the sign-in in the line")
    notes = serializers.ListField(child=serializers.CharField(), help_text="What could not be taken over")
