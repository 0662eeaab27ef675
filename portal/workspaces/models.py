"""Workspaces, their people, their keys, and the append-only record of what was done."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.common.db import Row, TenantRow
from portal.workspaces.roles import Role

ROLE_CHOICES = [(role.value, role.value.title()) for role in Role]


class Plan(Row):
    """What a workspace may use. The operator makes plans in the admin; 0 means unlimited."""

    name = models.CharField(max_length=60, unique=True)
    workspace_per_minute = models.PositiveIntegerField(default=0)
    key_per_minute = models.PositiveIntegerField(default=0)
    client_per_minute = models.PositiveIntegerField(default=0)
    tool_per_minute = models.PositiveIntegerField(default=0)
    daily_calls = models.PositiveIntegerField(default=0)
    monthly_calls = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Workspace(Row):
    """A room of work: everything in the product belongs to exactly one."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    is_sample = models.BooleanField(default=False)
    egress_hosts = models.JSONField(default=list, blank=True)
    #: Without a plan the limits of the environment hold.
    plan = models.ForeignKey(Plan, models.SET_NULL, null=True, blank=True, related_name="workspaces")
    #: Since when nobody is in it any more, and a worker deletes what it has.
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="workspaces")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(Row):
    """A person's role in a workspace. The auditor right is apart from the role."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=ROLE_CHOICES)
    is_auditor = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["workspace", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=[r.value for r in Role]), name="membership_role_known"),
        )
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.workspace_id}"


class Invitation(TenantRow):
    """An open offer to join, by mail or copied link. Only the token's hash is kept."""

    email = models.EmailField()
    role = models.CharField(max_length=8, choices=ROLE_CHOICES)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"


class DataKey(Row):
    """A data key of a workspace or of a person, wrapped by a root key. Destroying it shreds what it protects."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, null=True, blank=True, related_name="data_keys")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="data_keys")
    #: The root key (or the key of an external service) that wraps it, and since when.
    root_key_id = models.CharField(max_length=200)
    wrapped = models.BinaryField()
    wrapped_at = models.DateTimeField(default=timezone.now)
    #: Since when nothing new is sealed with it; the rotation then moves what it still protects to its successor.
    retired_at = models.DateTimeField(null=True, blank=True)
    #: When its bytes were destroyed: what it protected cannot be read any more, by anybody.
    shredded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(workspace__isnull=False, user__isnull=True)
                | models.Q(workspace__isnull=True, user__isnull=False),
                name="data_key_has_one_owner",
            ),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"data key {self.pk}"

    @property
    def owner(self) -> Any:
        """The workspace or the person."""
        return self.workspace or self.user


class AuditEntry(Row):
    """What somebody did. Rows outlive what they speak of, so ids and labels are kept beside each other."""

    workspace_id = models.UUIDField(null=True, blank=True)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_label = models.CharField(max_length=254, blank=True)
    verb = models.CharField(max_length=64)
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_label = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["workspace_id", "-id"], name="audit_workspace"),)
        ordering = ("-id",)
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_label} {self.verb} {self.target_label}"


class Usage(Row):
    """Calls of a workspace (or of one of its keys) in a day or month, as last copied from the counters in Redis."""

    class Period(models.TextChoices):
        DAY = "day"
        MONTH = "month"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="usage")
    period = models.CharField(max_length=5, choices=Period)
    starts_on = models.DateField()
    #: Empty for the whole workspace, else the principal, such as `key:<id>`.
    subject = models.CharField(max_length=64, blank=True)
    calls = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    warned_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["workspace", "period", "starts_on", "subject"], name="usage_once"),
        )
        ordering = ("-starts_on",)
        verbose_name_plural = "usage"

    def __str__(self) -> str:
        return f"{self.workspace_id} {self.period} {self.starts_on} {self.subject}: {self.calls}"


class RootKeyUse(Row):
    """Since when a root key wraps data keys here: the key itself cannot tell its age."""

    key_id = models.CharField(max_length=200, unique=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"root key {self.key_id}"


class WorkspaceRemoval(Row):
    """The deletion of a closed workspace: who asked, how far the worker is. Outlives the workspace by a month."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    workspace_id = models.UUIDField(unique=True)
    name = models.CharField(max_length=120)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    #: Why it stopped, for people and operators.
    problem = models.TextField(blank=True)
    #: Until then one worker works on it; a dead one's work is taken over afterwards.
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"removal of {self.name}, {self.state}"

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)
