"""Workflows with their draft and versions; executions with their node runs and events."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from portal.common.db import Row, TenantRow


class Workflow(TenantRow):
    """A named graph: one mutable draft, and immutable numbered versions."""

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    draft = models.JSONField()
    #: Rises with every saved change of the draft; a writer must name the number it read.
    draft_revision = models.PositiveIntegerField(default=1)
    draft_saved_at = models.DateTimeField(auto_now=True)
    draft_saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    template = models.CharField(max_length=64, blank=True)
    labels = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["workspace", "-id"], name="workflow_workspace"),)
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name


class WorkflowVersion(Row):
    """An immutable definition. The number counts from 1 in its workflow."""

    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True)
    definition = models.JSONField()
    content_hash = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workflow", "number"], name="version_number_once"),)
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"{self.workflow_id} v{self.number}"


class NodePin(Row):
    """A result that somebody holds fast for a node of the draft: runs from the canvas take it instead of running it."""

    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="pins", db_index=False)
    node = models.CharField(max_length=64)
    output = models.JSONField(null=True)
    port = models.CharField(max_length=64, default="out")
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workflow", "node"], name="pin_of_a_node_once"),)
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.workflow_id} {self.node}"


class SavedInput(Row):
    """An input of a workflow under a name, for the form that starts a run."""

    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="saved_inputs", db_index=False)
    name = models.CharField(max_length=80)
    input = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workflow", "name"], name="saved_input_name_once"),)
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Execution(TenantRow):
    """One run of one version, draft or single action, with its caller, input and result."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        WAITING = "waiting"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Source(models.TextChoices):
        PAGE = "page"
        API = "api"
        MCP = "mcp"
        SCHEDULE = "schedule"
        WEBHOOK = "webhook"
        SIGNAL = "signal"
        WORKFLOW = "workflow"
        FORM = "form"
        EMAIL = "email"

    DONE = (State.SUCCEEDED, State.FAILED, State.CANCELLED)

    workflow = models.ForeignKey(Workflow, models.SET_NULL, null=True, related_name="executions", db_index=False)
    version = models.ForeignKey(WorkflowVersion, models.SET_NULL, null=True, related_name="+", db_index=False)
    #: The definition itself where it is no stored version: a draft, or one action called directly.
    definition = models.JSONField(null=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children", db_index=False)

    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    source = models.CharField(max_length=8, choices=Source, default=Source.PAGE)
    input = models.JSONField(default=dict)
    output = models.JSONField(null=True)
    error = models.JSONField(null=True)

    #: Who called: {"kind", "label", "user_id", "client_name", "client_version"}; see integrations.sdk.Caller.
    caller = models.JSONField(default=dict)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    deployment_id = models.UUIDField(null=True)
    revision_id = models.UUIDField(null=True)
    tool = models.CharField(max_length=128, blank=True)
    #: How much of the graph runs, and which results it starts with; see `workflows.partial`. Null: all of it, afresh.
    options = models.JSONField(null=True)
    #: Unique per workspace while set: a second start with the same key returns the first execution.
    idempotency_key = models.CharField(max_length=200, null=True)

    queue = models.CharField(max_length=16, default="default")
    #: Redis channel of the web process that waits for the result.
    reply_to = models.CharField(max_length=64, blank=True)
    timeout_seconds = models.FloatField(default=300.0)
    cancel_requested_at = models.DateTimeField(null=True)
    #: A worker owns a running execution until this moment and keeps moving it ahead.
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    #: Rises with every claim: a worker that lost its lease cannot write any more.
    attempts = models.PositiveSmallIntegerField(default=0)
    #: How often a worker died with this execution in its hands.
    crashes = models.PositiveSmallIntegerField(default=0)
    #: While waiting: what for (engine's `Waiting` records), when to go on by itself, and what people decided.
    waiting = models.JSONField(null=True)
    wake_at = models.DateTimeField(null=True)
    decisions = models.JSONField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    #: Since when input, output and log are gone; see `workflows.retention`.
    payload_removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "idempotency_key"],
                condition=models.Q(idempotency_key__isnull=False),
                name="execution_idempotency_key_once",
            ),
        )
        indexes = (
            models.Index(fields=["workspace", "-id"], name="execution_workspace"),
            models.Index(fields=["workflow", "-id"], name="execution_workflow"),
            models.Index(fields=["deployment_id", "-id"], name="execution_deployment"),
            models.Index(
                fields=["lease_until"],
                name="execution_unfinished",
                condition=models.Q(state__in=["queued", "running"]),
            ),
            models.Index(fields=["wake_at"], name="execution_sleeping", condition=models.Q(state="waiting")),
            # What is rare must be found among millions. A good call of a tool is written into the first of these only.
            models.Index(fields=["workspace", "tool", "-id"], name="execution_tool", condition=~models.Q(tool="")),
            models.Index(
                fields=["workspace", "source", "-id"], name="execution_source", condition=~models.Q(source="mcp")
            ),
            models.Index(
                fields=["workspace", "state", "-id"],
                name="execution_stopped",
                condition=models.Q(state__in=["failed", "cancelled"]),
            ),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def is_done(self) -> bool:
        return self.state in self.DONE


class NodeRun(models.Model):
    """What one node (or one item of a map) did in an execution: the checkpoint a resumed run starts from."""

    class State(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        HANDLED = "handled"
        WAITING = "waiting"

    pk = models.CompositePrimaryKey("execution_id", "path")
    execution = models.ForeignKey(
        Execution, models.CASCADE, related_name="node_runs", db_index=False, db_constraint=False
    )
    #: Node id, with item indexes inside maps: `fetch`, `each[3].fetch`.
    path = models.CharField(max_length=300)
    node = models.CharField(max_length=64)
    action = models.CharField(max_length=130)
    #: Order in which the records were made within the execution.
    position = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State)
    attempt = models.PositiveSmallIntegerField(default=1)
    output = models.JSONField(null=True)
    port = models.CharField(max_length=64, blank=True)
    error = models.JSONField(null=True)
    waiting = models.JSONField(null=True)
    started_at = models.DateTimeField(null=True)
    milliseconds = models.FloatField(default=0.0)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.execution_id} {self.path} {self.state}"


class ExecutionEvent(models.Model):
    """One line of an execution's story. `seq` counts from 1 without gaps and is the only order there is."""

    pk = models.CompositePrimaryKey("execution_id", "seq")
    execution = models.ForeignKey(Execution, models.CASCADE, related_name="events", db_index=False, db_constraint=False)
    seq = models.PositiveIntegerField()
    time = models.DateTimeField()
    kind = models.CharField(max_length=32)
    level = models.CharField(max_length=7, default="info")
    node = models.CharField(max_length=300, blank=True)
    message = models.TextField(blank=True)
    data = models.JSONField(null=True)

    class Meta:
        ordering = ("seq",)

    def __str__(self) -> str:
        return f"{self.execution_id} #{self.seq} {self.kind}"


# The tables of these modules belong to this app.
from workflows.comment_models import Comment  # noqa: E402, F401
from workflows.run_models import SavedFilter, WorkflowTest  # noqa: E402, F401
from workflows.triggers.models import Firing, Trigger  # noqa: E402, F401
from workflows.turn_models import Turn  # noqa: E402, F401
