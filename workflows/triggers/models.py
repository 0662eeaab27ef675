"""Triggers of workflows and what they did."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.common.db import TenantRow


class Trigger(TenantRow):
    """One way in which a workflow is started without a person pressing Run."""

    class Kind(models.TextChoices):
        SCHEDULE = "schedule"
        WEBHOOK = "webhook"
        FORM = "form"
        EMAIL = "email"
        EVENT = "event"
        SIGNAL = "signal"
        WORKFLOW = "workflow"
        ERROR = "error"

    workflow = models.ForeignKey("workflows.Workflow", models.CASCADE, related_name="triggers")
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=120)
    is_on = models.BooleanField(default=True)
    #: What the kind needs, as `workflows.triggers.config` describes it.
    config = models.JSONField(default=dict)
    #: Input of the run: literals and `{{ event.path }}`; empty: fields of the event that are inputs by name.
    input = models.JSONField(default=dict)
    #: The part of the address that nobody can guess, for kinds with an address.
    token = models.CharField(max_length=40, null=True, unique=True)
    data_key = models.ForeignKey("workspaces.DataKey", models.RESTRICT, null=True, related_name="+")
    sealed = models.BinaryField(null=True)
    #: Where a poll goes on.
    cursor = models.TextField(blank=True)
    #: When the beat has to look at it: the next slot of a schedule, the next poll.
    next_at = models.DateTimeField(null=True)
    #: Until then a request runs the draft instead of the newest version and is marked as a test.
    test_until = models.DateTimeField(null=True)
    last_fired_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = (
            models.Index(fields=["next_at"], name="trigger_due", condition=models.Q(is_on=True, next_at__isnull=False)),
            models.Index(fields=["workspace", "kind"], name="trigger_workspace_kind"),
        )
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class Firing(TenantRow):
    """One event a trigger saw. The key makes it one run, however often and by whomever the event is reported."""

    class State(models.TextChoices):
        STARTED = "started"
        PENDING = "pending"
        SKIPPED = "skipped"
        REPLACED = "replaced"
        FAILED = "failed"

    trigger = models.ForeignKey(Trigger, models.CASCADE, related_name="firings", db_index=False)
    key = models.CharField(max_length=160)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    is_test = models.BooleanField(default=False)
    execution = models.ForeignKey("workflows.Execution", models.SET_NULL, null=True, related_name="firings")
    #: The event: a slot, a request, a mail, what a service reported.
    event = models.JSONField(default=dict)
    message = models.CharField(max_length=500, blank=True)
    #: A pending firing waits until then for a newer one that replaces it.
    due_at = models.DateTimeField(null=True)
    debounce_key = models.CharField(max_length=160, blank=True)
    replay_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["trigger", "key"], name="firing_once"),)
        indexes = (
            models.Index(fields=["trigger", "-id"], name="firing_history"),
            models.Index(fields=["due_at"], name="firing_due", condition=models.Q(state="pending")),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.trigger_id} {self.key}"
