"""Load and use: what waits in the queues, which workers live, and what the workspace ran."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Extract
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from deployments.models import Deployment
from portal.api.health import living_workers
from portal.common.hub import sync_client
from portal.common.ids import uuid7_floor
from portal.common.rest import RestView, WholeList, whole
from portal.workspaces.models import Workspace
from portal.workspaces.roles import Permission
from portal.workspaces.usage import Meter, read_meters
from workflows.models import Execution, Workflow

QUEUES = ("interactive", settings.CELERY_TASK_DEFAULT_QUEUE, "compute")


class QueueOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    waiting = serializers.IntegerField(help_text="Tasks that no worker has taken yet")


class WorkerOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    alive = serializers.BooleanField(help_text="Heard of within its last heartbeats")


class QueuesOutput(WholeList):
    results = QueueOutput(many=True)
    as_of = serializers.DateTimeField()


class WorkersOutput(WholeList):
    results = WorkerOutput(many=True)
    as_of = serializers.DateTimeField()


class QuotaOutput(serializers.Serializer[Any]):
    period = serializers.ChoiceField(["day", "month"])
    used = serializers.IntegerField()
    refused = serializers.IntegerField()
    limit = serializers.IntegerField(help_text="0: no end")
    percent = serializers.IntegerField()
    resets_in = serializers.IntegerField(help_text="Seconds")


class UsageQuery(serializers.Serializer[Any]):
    hours = serializers.IntegerField(
        required=False, min_value=1, max_value=720, help_text="How far back; 24 when left out"
    )


class UsageOutput(serializers.Serializer[Any]):
    hours = serializers.IntegerField()
    workflows = serializers.IntegerField()
    deployments = serializers.IntegerField(help_text="Live servers")
    executions = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    running = serializers.IntegerField(help_text="Queued, running or waiting")
    executions_per_hour = serializers.FloatField()
    success_rate = serializers.FloatField(allow_null=True, help_text="Percent of the ended runs; null without any")
    average_seconds = serializers.FloatField(allow_null=True, help_text="From start to end")
    quotas = QuotaOutput(many=True)
    as_of = serializers.DateTimeField()


class QueuesView(RestView):
    """How many tasks wait in each queue."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="monitoring_queues", responses=QueuesOutput)
    def get(self, request: Request) -> Response:
        with sync_client().pipeline(transaction=False) as pipe:
            for name in QUEUES:
                pipe.llen(name)
            waiting = pipe.execute()
        rows = [{"name": name, "waiting": int(count)} for name, count in zip(QUEUES, waiting, strict=True)]
        return Response(whole(rows, as_of=timezone.now()))


class WorkersView(RestView):
    """Which kinds of workers live."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="monitoring_workers", responses=WorkersOutput)
    def get(self, request: Request) -> Response:
        rows = [{"name": name, "alive": alive} for name, alive in living_workers().items()]
        return Response(whole(rows, as_of=timezone.now()))


class UsageView(RestView):
    """What the workspace ran in the last hours, and how far its quotas are used."""

    permissions = {"get": Permission.EXECUTION_READ}
    query = {"get": UsageQuery}

    @extend_schema(operation_id="monitoring_usage", responses=UsageOutput)
    def get(self, request: Request) -> Response:
        hours = self.asked.get("hours", 24)
        return Response(usage(request.actor.workspace, hours))  # type: ignore[attr-defined]


def usage(workspace: Workspace, hours: int) -> dict[str, Any]:
    """Figures of the last hours; three counting queries, all on indexes."""
    seconds = Extract(ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField()), "epoch")
    states = Execution.State
    since = timezone.now() - timedelta(hours=hours)
    # Ids begin with the time of their making, give or take a clock: the index on them finds the period.
    earliest = uuid7_floor(since, shifted_by=-600)
    runs = Execution.objects.for_workspace(workspace).filter(pk__gte=earliest, created_at__gte=since)
    found = runs.aggregate(
        executions=Count("id"),
        succeeded=Count("id", filter=Q(state=states.SUCCEEDED)),
        failed=Count("id", filter=Q(state=states.FAILED)),
        running=Count("id", filter=Q(state__in=[states.QUEUED, states.RUNNING, states.WAITING])),
        average_seconds=Avg(seconds),
    )
    ended = found["succeeded"] + found["failed"]
    average = found["average_seconds"]
    return {
        **found,
        "hours": hours,
        "workflows": Workflow.objects.for_workspace(workspace).filter(archived_at=None).count(),
        "deployments": Deployment.objects.for_workspace(workspace).filter(state=Deployment.State.LIVE).count(),
        "executions_per_hour": round(found["executions"] / hours, 2),
        "success_rate": round(100 * found["succeeded"] / ended, 1) if ended else None,
        "average_seconds": round(float(average), 3) if average is not None else None,
        "quotas": [_quota(meter) for meter in read_meters(workspace)],
        "as_of": timezone.now(),
    }


def _quota(meter: Meter) -> dict[str, Any]:
    return {
        "period": meter.period,
        "used": meter.used,
        "refused": meter.refused,
        "limit": meter.limit,
        "percent": meter.percent,
        "resets_in": meter.resets_in,
    }
