"""What goes over the wire for workflows and executions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.common.rest import WholeList
from workflows.definition import Issue
from workflows.dispatch import Outcome
from workflows.models import Execution, NodeRun, Workflow, WorkflowVersion


class WorkflowInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    definition = serializers.DictField(required=False, help_text="The first draft; empty when left out")
    template = serializers.CharField(required=False, max_length=64, help_text="Key of a template to start from")


class WorkflowPatch(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, max_length=120)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    labels = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=20)


class WorkflowOutput(serializers.ModelSerializer[Workflow]):
    last_state = serializers.CharField(read_only=True, allow_null=True, default=None)
    last_run_at = serializers.DateTimeField(read_only=True, allow_null=True, default=None)
    version_number = serializers.IntegerField(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Workflow
        fields = (
            "id", "name", "description", "template", "labels", "draft_revision", "draft_saved_at", "created_at",
            "last_state", "last_run_at", "version_number",
        )  # fmt: skip


class IssueOutput(serializers.Serializer[Any]):
    """A finding about a definition, in the language of the reader."""

    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=["error", "warning"])
    node = serializers.CharField(help_text="Empty for the whole definition")
    field = serializers.CharField(help_text="Path such as `params.count`")
    message = serializers.CharField()
    remedy = serializers.CharField()


class WorkflowDocument(serializers.Serializer[Any]):
    """A portable workflow."""

    kind = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    definition = serializers.DictField()


class DraftOutput(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    saved_at = serializers.DateTimeField()
    saved_by = serializers.CharField(allow_null=True)
    definition = serializers.DictField()
    issues = IssueOutput(many=True)


class DefinitionInput(serializers.Serializer[Any]):
    definition = serializers.DictField(help_text="The graph: inputs, nodes, edges, output")


class IssuesOutput(serializers.Serializer[Any]):
    valid = serializers.BooleanField()
    issues = IssueOutput(many=True)
    output_schema = serializers.DictField()


class VersionInput(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    note = serializers.CharField(required=False, allow_blank=True, max_length=10_000)


class VersionOutput(serializers.ModelSerializer[WorkflowVersion]):
    class Meta:
        model = WorkflowVersion
        fields = ("id", "number", "name", "note", "content_hash", "created_at")


class VersionDetail(VersionOutput):
    class Meta(VersionOutput.Meta):
        fields = (*VersionOutput.Meta.fields, "definition")


class RunInput(serializers.Serializer[Any]):
    input = serializers.DictField(required=False, help_text="Values for the workflow's inputs")
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="A version; the draft when left out"
    )
    target = serializers.CharField(required=False, max_length=64, help_text="Nothing behind this node runs")
    start = serializers.CharField(
        required=False, max_length=64, help_text="Only this node and what is behind it runs afresh; needs `reuse`"
    )
    reuse = serializers.UUIDField(required=False, help_text="The earlier run whose results the other nodes take")
    pins = serializers.BooleanField(required=False, help_text="Whether pinned results stand for their nodes")
    wait = serializers.FloatField(
        required=False, min_value=0, max_value=60, help_text="Seconds to wait for the end; 0 answers at once"
    )


class OutcomeOutput(serializers.Serializer[Outcome]):
    id = serializers.UUIDField(source="execution_id")
    state = serializers.ChoiceField(choices=Execution.State.choices)
    output = serializers.JSONField(allow_null=True)
    error = serializers.DictField(allow_null=True)
    replayed = serializers.BooleanField()


class ExecutionOutput(serializers.ModelSerializer[Execution]):
    workflow_name = serializers.CharField(source="workflow.name", allow_null=True, default=None)
    version = serializers.IntegerField(source="version.number", allow_null=True, default=None)
    caller = serializers.DictField(read_only=True, help_text="Who started it: kind, label, client")
    error = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = Execution
        fields = (
            "id", "state", "source", "workflow", "workflow_name", "version", "deployment_id", "tool", "caller",
            "error", "created_at", "started_at", "finished_at",
        )  # fmt: skip


class ExecutionDetail(ExecutionOutput):
    part = serializers.SerializerMethodField(help_text="Which part of the graph ran; null for all of it")

    def get_part(self, execution: Execution) -> dict[str, Any] | None:
        options = execution.options
        return options and {name: value for name, value in options.items() if name != "pins"} | {
            "pins": sorted(options.get("pins", {}))
        }

    class Meta(ExecutionOutput.Meta):
        fields = (
            *ExecutionOutput.Meta.fields, "input", "output", "payload_removed_at", "waiting", "wake_at", "crashes",
            "part",
        )  # fmt: skip


class NodeRunOutput(serializers.ModelSerializer[NodeRun]):
    class Meta:
        model = NodeRun
        fields = (
            "path", "node", "action", "state", "attempt", "port", "output", "error", "waiting", "started_at",
            "milliseconds",
        )  # fmt: skip


class NodeRunsOutput(WholeList):
    results = NodeRunOutput(many=True)


class EventOutput(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    time = serializers.DateTimeField()
    kind = serializers.CharField()
    level = serializers.ChoiceField(choices=["debug", "info", "warning", "error"])
    node = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    data = serializers.DictField()


class EventsOutput(serializers.Serializer[Any]):
    """Events in order; `next` is null when there are no more of them yet."""

    results = EventOutput(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True, help_text="Always null: ask with a lower `after`")


class ExplanationOutput(serializers.Serializer[Any]):
    """Why a run failed, in the reader's language. Arguments are named, their values never shown."""

    cause = serializers.CharField()
    code = serializers.CharField(help_text="Stable code of the error")
    node = serializers.CharField(allow_blank=True, help_text="Node that failed; empty for the whole run")
    where = serializers.CharField(allow_blank=True)
    problems = serializers.ListField(child=serializers.CharField(), help_text="One line per wrong field")
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="What is different from the last good run of the same kind"
    )
    remedies = serializers.ListField(child=serializers.CharField())
    good_run = serializers.UUIDField(allow_null=True, help_text="The good run it was compared with")
    text = serializers.CharField(help_text="All of it as lines of text")


class DecisionInput(serializers.Serializer[Any]):
    path = serializers.CharField(max_length=300, help_text="Path of the node that waits")
    approved = serializers.BooleanField()
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000)


def issues_data(issues: list[Issue], language: str) -> list[dict[str, Any]]:
    return [issue.as_dict(language) for issue in issues]
