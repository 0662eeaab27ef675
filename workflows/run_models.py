"""What people keep of runs: tests recorded from them, and filters of the list under a name."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from portal.common.db import Row, TenantRow


class WorkflowTest(Row):
    """An input with the answers that upstreams gave then, and what has to come out of the workflow again."""

    workflow = models.ForeignKey("workflows.Workflow", models.CASCADE, related_name="tests")
    name = models.CharField(max_length=120)
    input = models.JSONField(default=dict)
    #: Node path → {"action", "output", "port"} or {"action", "error"}: recorded, replayed instead of a call.
    answers = models.JSONField(default=dict)
    #: {"state": "succeeded", "output": …} or {"state": "failed", "code": …}.
    expected = models.JSONField(default=dict)
    #: Paths of the output that may differ, such as `as_of` or `rows[].seen_at`.
    ignored = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    recorded_from = models.UUIDField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    passed = models.BooleanField(null=True)
    checked_at = models.DateTimeField(null=True)
    #: What went wrong at the last check, in words.
    message = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workflow", "name"], name="test_name_once"),)
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class SavedFilter(TenantRow):
    """A query string of the list of runs that one person keeps."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "user", "name"], name="filter_name_once"),)
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
