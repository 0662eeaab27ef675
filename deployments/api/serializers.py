"""What goes over the wire for deployments. A key's secret is in the answer that creates it, and nowhere else."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deployments.canary import MOST_PERCENT
from deployments.models import Deployment, DeploymentKey, Revision, Tool
from deployments.offers import MOST, Prompt, Resource
from portal.common.api import FutureTime
from portal.common.rest import WholeList
from portal.common.shapes import ModelListField


class CanaryOutput(serializers.Serializer[Deployment]):
    """A revision on trial."""

    revision = serializers.IntegerField(source="canary_revision.number")
    percent = serializers.IntegerField(source="canary_percent", help_text="Share of the calls")
    since = serializers.DateTimeField(source="canary_since")


class ScoreOutput(serializers.Serializer[Any]):
    """Finished calls and failed ones since the trial began, on trial and live."""

    calls = serializers.IntegerField()
    errors = serializers.IntegerField()
    live_calls = serializers.IntegerField()
    live_errors = serializers.IntegerField()


class CanaryResultOutput(ScoreOutput):
    """A trial that ended by itself because the revision failed more often than the live one."""

    revision = serializers.IntegerField()
    percent = serializers.IntegerField()
    at = serializers.DateTimeField(help_text="When it was taken off trial")


class TrialOutput(serializers.Serializer[Any]):
    """The trial that runs, its score so far, and how the last one ended if it was stopped by its failures."""

    canary = CanaryOutput(allow_null=True)
    score = ScoreOutput(allow_null=True)
    result = CanaryResultOutput(allow_null=True)


class TrialInput(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="Number of a probed revision")
    percent = serializers.IntegerField(min_value=1, max_value=MOST_PERCENT, help_text="Share of the calls")


def _canary_percent() -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_PERCENT,
        help_text="Share of the calls that the new revision gets first, while the live one stays",
    )  # fmt: skip


class DeploymentOutput(serializers.ModelSerializer[Deployment]):
    url = serializers.CharField(read_only=True, help_text="Where MCP clients connect")
    sse_url = serializers.CharField(read_only=True)
    live_revision = serializers.IntegerField(source="live_revision.number", allow_null=True, default=None)
    canary = serializers.SerializerMethodField(help_text="The revision on trial; null: none")
    canary_result = CanaryResultOutput(read_only=True, allow_null=True)
    prompts = ModelListField(Prompt, read_only=True)
    resources = ModelListField(Resource, read_only=True)

    @extend_schema_field(CanaryOutput(allow_null=True))
    def get_canary(self, deployment: Deployment) -> Any:
        return CanaryOutput(deployment).data if deployment.canary_revision_id else None

    class Meta:
        model = Deployment
        fields = (
            "id", "slug", "name", "description", "instructions", "state", "url", "sse_url", "live_revision",
            "rate_limit", "soft_timeout_seconds", "allowed_origins", "template", "prompts", "resources",
            "canary", "canary_result", "created_at", "updated_at",
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


class TemplatesOutput(WholeList):
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
    prompts = ModelListField(Prompt, required=False, max_length=MOST)
    resources = ModelListField(Resource, required=False, max_length=MOST)


class RevisionInput(serializers.Serializer[Any]):
    tools = ToolInput(many=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    canary_percent = _canary_percent()


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


class ToolsOutput(WholeList):
    results = ToolOutput(many=True)


def _limit() -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="0: none besides those of server and workspace"
    )


class KeyInput(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=80)
    expires_at = FutureTime(required=False)
    per_minute = _limit()
    daily_calls = _limit()
    monthly_calls = _limit()


class KeyOutput(serializers.ModelSerializer[DeploymentKey]):
    class Meta:
        model = DeploymentKey
        fields = (
            "id", "label", "prefix", "per_minute", "daily_calls", "monthly_calls", "expires_at", "last_used_at",
            "revoked_at", "created_at",
        )  # fmt: skip


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
    canary_percent = _canary_percent()
