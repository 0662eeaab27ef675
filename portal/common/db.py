"""What every table shares: time-ordered keys, and tenant rows that are only reached through their workspace."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from portal.common.ids import uuid7


class Row(models.Model):
    """A row with a UUIDv7 key, so that the key sorts by time."""

    id: Any = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at: Any = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class TenantQuerySet(models.QuerySet[Any]):
    def for_workspace(self, workspace: Any) -> Self:
        """Only the rows of one workspace (a Workspace or its id)."""
        return self.filter(workspace_id=getattr(workspace, "pk", workspace))


TenantManager = models.Manager.from_queryset(TenantQuerySet)


class TenantRow(Row):
    """A row that belongs to one workspace and goes with it."""

    workspace: Any = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")

    objects = TenantManager()

    class Meta:
        abstract = True
