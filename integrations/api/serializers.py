"""What goes over the wire for the catalogue and for connections. Credential values only ever come in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integrations.models import Connection


class ConnectionInput(serializers.Serializer[Any]):
    connector = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=120)
    values = serializers.DictField(help_text="The fields of the connector's credential")
    personal = serializers.BooleanField(default=False, help_text="Only for yourself, not for the whole workspace")


class CredentialInput(serializers.Serializer[Any]):
    values = serializers.DictField(help_text="The fields of the connector's credential")


class ConnectionOutput(serializers.ModelSerializer[Connection]):
    class Meta:
        model = Connection
        fields = (
            "id", "connector", "name", "owner", "account", "scopes", "expires_at", "health", "health_message",
            "checked_at", "created_at", "updated_at",
        )  # fmt: skip
