"""Reads about deployments, always inside one workspace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Max, Q, QuerySet
from django.db.models.functions import TruncHour
from django.utils import timezone

from deployments.models import Deployment
from portal.common.errors import NotFound
from portal.workspaces.models import Workspace
from workflows.models import Execution


def deployments_of(workspace: Workspace) -> QuerySet[Deployment]:
    return (
        Deployment.objects.for_workspace(workspace)
        .select_related("live_revision", "canary_revision")
        .annotate(tool_count=Count("live_revision__tools"))
    )


def get_deployment(workspace: Workspace, slug: str) -> Deployment:
    found = (
        Deployment.objects.for_workspace(workspace)
        .select_related("live_revision", "canary_revision")
        .filter(slug=slug)
        .first()
    )
    if found is None:
        raise NotFound("There is no such server.")
    return found


def get_deployment_by_id(workspace: Workspace, deployment_id: UUID) -> Deployment:
    found = Deployment.objects.for_workspace(workspace).select_related("live_revision").filter(pk=deployment_id).first()
    if found is None:
        raise NotFound("There is no such server.")
    return found


def calls_of(deployment: Deployment) -> QuerySet[Execution]:
    """The calls of a server, newest first, without payloads."""
    return (
        Execution.objects.for_workspace(deployment.workspace_id)
        .filter(deployment_id=deployment.pk)
        .defer("input", "output", "definition", "decisions", "waiting")
    )


def usage_by_hour(deployment: Deployment, hours: int = 24) -> list[dict[str, Any]]:
    """Calls, errors and mean seconds per hour, oldest first."""
    since = timezone.now() - timedelta(hours=hours)
    rows = (
        calls_of(deployment)
        .filter(created_at__gte=since)
        .annotate(hour=TruncHour("created_at"))
        .values("hour")
        .annotate(
            calls=Count("id"),
            errors=Count("id", filter=Q(state=Execution.State.FAILED)),
            mean_seconds=Avg(F("finished_at") - F("created_at")),
        )
        .order_by("hour")
    )
    return list(rows)


def usage_by_tool(deployment: Deployment, hours: int = 24) -> dict[str, dict[str, Any]]:
    """Calls, errors, last use and mean duration of each tool in the last hours."""
    since = timezone.now() - timedelta(hours=hours)
    rows = (
        calls_of(deployment)
        .filter(created_at__gte=since)
        .values("tool")
        .annotate(
            calls=Count("id"),
            errors=Count("id", filter=Q(state=Execution.State.FAILED)),
            last_used=Max("created_at"),
            mean_duration=Avg(F("finished_at") - F("created_at")),
        )
    )
    return {row["tool"]: row for row in rows}
