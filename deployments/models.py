"""Deployments: MCP servers with their immutable revisions, tools and keys."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from portal.common.db import Row, TenantRow

SLUG = RegexValidator(r"^[a-z0-9](?:[a-z0-9-]{1,58})[a-z0-9]\Z", "Use 3–60 lower-case letters, digits and hyphens.")


class Deployment(TenantRow):
    """One MCP server: its slug makes the URL, which survives every revision."""

    class State(models.TextChoices):
        LIVE = "live"
        PAUSED = "paused"
        RETIRED = "retired"

    slug = models.CharField(max_length=60, unique=True, validators=[SLUG])
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    instructions = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.LIVE)
    live_revision = models.ForeignKey("Revision", models.SET_NULL, null=True, blank=True, related_name="+")
    #: A revision that gets a share of the calls before it goes live; see `deployments.canary`.
    canary_revision = models.ForeignKey("Revision", models.SET_NULL, null=True, blank=True, related_name="+")
    canary_percent = models.PositiveSmallIntegerField(default=0)
    canary_since = models.DateTimeField(null=True, blank=True)
    #: How the last trial ended by itself: numbers of calls and errors on both sides.
    canary_result = models.JSONField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    rate_limit = models.PositiveIntegerField(default=0, help_text="Calls a minute over all callers; 0: unlimited.")
    soft_timeout_seconds = models.FloatField(default=50.0)
    allowed_origins = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    template = models.CharField(max_length=64, blank=True)
    #: What people pick in their client; see `deployments.offers`.
    prompts = models.JSONField(default=list, blank=True)
    resources = models.JSONField(default=list, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        return f"/mcp/{self.slug}"

    @property
    def url(self) -> str:
        return f"{settings.PUBLIC_URL}{self.path}"

    @property
    def sse_url(self) -> str:
        return f"{self.url}/sse"


class Revision(Row):
    """An immutable list of tools. The number counts from 1 in its deployment."""

    class Verdict(models.TextChoices):
        NONE = "none"
        ADDITIVE = "additive"
        RISKY = "risky"
        BREAKING = "breaking"

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    note = models.TextField(blank=True)
    verdict = models.CharField(max_length=8, choices=Verdict, default=Verdict.NONE)
    changes = models.JSONField(default=list, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    probed_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["deployment", "number"], name="revision_number_once"),)
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"{self.deployment_id} r{self.number}"


class Tool(Row):
    """One tool contract of a revision, bound to a workflow version or straight to an action."""

    revision = models.ForeignKey(Revision, models.CASCADE, related_name="tools")
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=128)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField()
    input_schema = models.JSONField()
    output_schema = models.JSONField(null=True)
    annotations = models.JSONField(default=dict)
    version = models.ForeignKey("workflows.WorkflowVersion", models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=130, blank=True)
    connection_id = models.UUIDField(null=True)
    #: Parameters of a directly bound action that the caller may not set.
    fixed_params = models.JSONField(default=dict, blank=True)
    timeout_seconds = models.FloatField(default=120.0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["revision", "name"], name="tool_name_once"),
            models.CheckConstraint(
                condition=models.Q(version__isnull=False, action="")
                | models.Q(version__isnull=True) & ~models.Q(action=""),
                name="tool_has_one_binding",
            ),
        )
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


class DeploymentKey(Row):
    """A key that opens one deployment. Only its hash is kept; the secret is shown once."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="keys")
    label = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    #: Only for keys that never leave their person's browser: calls with it are this person's own.
    acts_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", editable=False
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    #: 0 means: no limit besides those of server and workspace.
    per_minute = models.PositiveIntegerField(default=0)
    daily_calls = models.PositiveIntegerField(default=0)
    monthly_calls = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix}…)"

    def is_usable(self, now: datetime | None = None) -> bool:
        now = now or timezone.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
