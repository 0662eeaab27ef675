"""What goes over the wire for deployments. A key's secret is in the answer that creates it, and nowhere else."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from deployments.models import Deployment, DeploymentKey, Revision, Tool
from portal.common.api import FutureTime


class PromptArgumentField(serializers.Serializer[Any]):
    """A blank of a prompt."""

    name = serializers.CharField(max_length=64)
    description = serializers.CharField(required=False, allow_blank=True, max_length=500)
    required = serializers.BooleanField(required=False)
    choices = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, max_length=100, help_text="Suggested values"
    )


class PromptField(serializers.Serializer[Any]):
    """A question that people pick in their client."""

    name = serializers.CharField(max_length=64)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    text = serializers.CharField(max_length=20_000, help_text="`{name}` stands for the value of an argument")
    arguments = PromptArgumentField(many=True, required=False)


class ResourceField(serializers.Serializer[Any]):
    """Something to read: a text, or the answer of a reading tool of the same server."""

    name = serializers.CharField(max_length=64)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    mime_type = serializers.CharField(required=False, max_length=100)
    uri = serializers.CharField(required=False, allow_blank=True, max_length=300, help_text="Left empty: made up")
    text = serializers.CharField(required=False, allow_null=True, max_length=200_000)
    blob = serializers.CharField(required=False, allow_null=True, max_length=1_000_000, help_text="Bytes in base64")
    tool = serializers.CharField(required=False, allow_blank=True, max_length=128)
    tool_arguments = serializers.DictField(required=False)


class DeploymentOutput(serializers.ModelSerializer[Deployment]):
    url = serializers.CharField(read_only=True, help_text="Where MCP clients connect")
    sse_url = serializers.CharField(read_only=True)
    live_revision = serializers.IntegerField(source="live_revision.number", allow_null=True, default=None)
    prompts = PromptField(many=True, read_only=True)
    resources = ResourceField(many=True, read_only=True)

    class Meta:
        model = Deployment
        fields = (
            "id", "slug", "name", "description", "instructions", "state", "url", "sse_url", "live_revision",
            "rate_limit", "soft_timeout_seconds", "allowed_origins", "template", "prompts", "resources",
            "created_at", "updated_at",
        )  # fmt: skip


class DeploymentQuery(serializers.Serializer[Any]):
    search = serializers.CharField(required=False, max_length=120, help_text="Part of the name or slug")
    state = serializers.ChoiceField(Deployment.State.choices, required=False)
    template = serializers.CharField(required=False, max_length=64)


class TemplateOutput(serializers.Serializer[Any]):
    """What can be deployed at once, without any key."""

    key = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    audience = serializers.CharField()
    go_live = serializers.CharField(help_text="What to do to leave the sandbox")
    tools = serializers.ListField(child=serializers.CharField())
    sample_input = serializers.DictField()


class TemplatesOutput(serializers.Serializer[Any]):
    results = TemplateOutput(many=True)


class ChangeOutput(serializers.Serializer[Any]):
    """One difference between two revisions."""

    verdict = serializers.ChoiceField(Revision.Verdict.choices)
    tool = serializers.CharField()
    field = serializers.CharField()
    message = serializers.CharField()


class ToolInput(serializers.Serializer[Any]):
    """Bound to a workflow (its draft is frozen, unless a version is named) or straight to an action."""

    workflow = serializers.UUIDField(required=False)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    action = serializers.CharField(required=False, max_length=130)
    connection = serializers.UUIDField(required=False)
    fixed_params = serializers.DictField(required=False)
    name = serializers.CharField(required=False, max_length=128)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=4000)


class DeploymentInput(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, max_length=120)
    slug = serializers.CharField(required=False, allow_blank=True, max_length=60)
    description = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    instructions = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    template = serializers.CharField(
        required=False, max_length=64, help_text="Deploy a template instead of naming tools"
    )
    tools = ToolInput(many=True, required=False)


class DeploymentPatch(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, max_length=120)
    description = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    instructions = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    state = serializers.ChoiceField(required=False, choices=Deployment.State.choices)
    rate_limit = serializers.IntegerField(required=False, min_value=0, max_value=1_000_000)
    allowed_origins = serializers.ListField(child=serializers.URLField(), required=False, max_length=20)
    prompts = PromptField(many=True, required=False)
    resources = ResourceField(many=True, required=False)


class RevisionInput(serializers.Serializer[Any]):
    tools = ToolInput(many=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=4000)


class RevisionOutput(serializers.ModelSerializer[Revision]):
    changes = ChangeOutput(many=True, read_only=True)

    class Meta:
        model = Revision
        fields = ("id", "number", "note", "verdict", "changes", "probed_at", "activated_at", "created_at")


class ToolOutput(serializers.ModelSerializer[Tool]):
    input_schema = serializers.DictField(read_only=True)
    output_schema = serializers.DictField(read_only=True, allow_null=True)
    annotations = serializers.DictField(read_only=True)
    fixed_params = serializers.DictField(read_only=True)

    class Meta:
        model = Tool
        fields = (
            "id", "name", "title", "description", "input_schema", "output_schema", "annotations", "version", "action",
            "connection_id", "fixed_params", "timeout_seconds",
        )  # fmt: skip


class KeyInput(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=80)
    expires_at = FutureTime(required=False)


class KeyOutput(serializers.ModelSerializer[DeploymentKey]):
    class Meta:
        model = DeploymentKey
        fields = ("id", "label", "prefix", "expires_at", "last_used_at", "revoked_at", "created_at")


class NewKeyOutput(KeyOutput):
    key = serializers.CharField(help_text="The secret; it is shown this once")

    class Meta(KeyOutput.Meta):
        fields = (*KeyOutput.Meta.fields, "key")


class NewDeploymentOutput(DeploymentOutput):
    key = serializers.CharField(
        allow_null=True, default=None, help_text="The first key; it is shown this once, and null where none was made"
    )

    class Meta(DeploymentOutput.Meta):
        fields = (*DeploymentOutput.Meta.fields, "key")


class WorkflowDeployInput(serializers.Serializer[Any]):
    deployment = serializers.SlugField(required=False, help_text="Slug of an existing server; a new one when left out")
    tool_name = serializers.CharField(required=False, max_length=128)
    description = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    note = serializers.CharField(required=False, allow_blank=True, max_length=4000)
