"""Executions and their events over REST."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.common.errors import FieldProblem, Invalid
from portal.common.hub import hub
from portal.workspaces.roles import Permission
from workflows import selectors, services
from workflows.api.serializers import (
    DecisionInput,
    EventOutput,
    ExecutionDetail,
    ExecutionOutput,
    NodeRunOutput,
)
from workflows.models import Execution

MAX_EVENTS = 1000
PING_SECONDS = 15.0
FILTERS = [
    OpenApiParameter("state", str, enum=Execution.State.values),
    OpenApiParameter("source", str, enum=Execution.Source.values),
    OpenApiParameter("workflow", OpenApiTypes.UUID),
    OpenApiParameter("deployment", OpenApiTypes.UUID),
    OpenApiParameter("tool", str),
]


def _uuid(request: Request, name: str) -> UUID | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("A filter is wrong.", problems=[FieldProblem(name, "This is no id.", "Send a UUID.")]) from None


def _choice(request: Request, name: str, choices: list[str]) -> str | None:
    text = request.query_params.get(name)
    if text and text not in choices:
        problem = FieldProblem(name, "This value is not known.", f"Use one of: {', '.join(choices)}.")
        raise Invalid("A filter is wrong.", problems=[problem])
    return text or None


class Executions(ListAPIView[Execution]):
    """Runs of the workspace, newest first."""

    permissions = {"get": Permission.EXECUTION_READ}
    serializer_class = ExecutionOutput

    def get_queryset(self) -> Any:
        wanted = {
            "state": _choice(self.request, "state", Execution.State.values),
            "source": _choice(self.request, "source", Execution.Source.values),
            "workflow_id": _uuid(self.request, "workflow"),
            "deployment_id": _uuid(self.request, "deployment"),
            "tool": self.request.query_params.get("tool"),
        }
        found = selectors.executions_of(self.request.actor.workspace)
        return found.filter(**{name: value for name, value in wanted.items() if value})

    @extend_schema(operation_id="executions_list", parameters=FILTERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class ExecutionItem(APIView):
    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="executions_read", responses=ExecutionDetail)
    def get(self, request: Request, execution_id: UUID) -> Response:
        execution = selectors.get_execution(request.actor.workspace, execution_id)
        data = ExecutionDetail(execution).data
        if not request.actor.may(Permission.EXECUTION_PAYLOAD):
            data["input"] = data["output"] = None
            data["payload_hidden"] = True
        return Response(data)


class Nodes(APIView):
    permissions = {"get": Permission.EXECUTION_PAYLOAD}

    @extend_schema(operation_id="executions_nodes_list", responses=NodeRunOutput(many=True))
    def get(self, request: Request, execution_id: UUID) -> Response:
        execution = selectors.get_execution(request.actor.workspace, execution_id)
        return Response(NodeRunOutput(selectors.node_runs_of(execution), many=True).data)


class Events(APIView):
    """The run's events as JSON after `after`, or as a live event stream with `stream=true`."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(
        operation_id="executions_events_list",
        parameters=[
            OpenApiParameter("after", int, description="Only events with a higher number"),
            OpenApiParameter("stream", bool, description="Answer text/event-stream until the run ends"),
        ],
        responses=EventOutput(many=True),
    )
    def get(self, request: Request, execution_id: UUID) -> Any:
        execution = selectors.get_execution(request.actor.workspace, execution_id)
        text = request.query_params.get("after") or request.headers.get("Last-Event-ID") or "0"
        if not text.isdigit() or len(text) > 9:
            problem = FieldProblem("after", "This is no event number.", "Send a whole number of 0 or more.")
            raise Invalid("The place to continue from is wrong.", problems=[problem])
        if request.query_params.get("stream") in {"true", "1"}:
            response = StreamingHttpResponse(_stream(execution.pk, int(text)), content_type="text/event-stream")
            response["Cache-Control"], response["X-Accel-Buffering"] = "no-cache", "no"
            return response
        return Response(selectors.events_of(execution.pk, int(text), MAX_EVENTS))


async def _stream(execution_id: UUID, after: int) -> AsyncIterator[bytes]:
    """Server-sent events with the sequence number as id; ends with the run."""
    wake = asyncio.Event()

    def arrived(_: bytes) -> None:
        wake.set()

    await hub().subscribe(f"ev:{execution_id}", arrived, wake.set)
    try:
        while True:
            wake.clear()
            while events := await sync_to_async(selectors.events_of)(execution_id, after, 500):
                for event in events:
                    yield b"id: %d\nevent: %s\ndata: %s\n\n" % (
                        event["seq"],
                        event["kind"].encode(),
                        orjson.dumps(event),
                    )
                after = events[-1]["seq"]
                if events[-1]["kind"] in {"run.succeeded", "run.failed", "run.cancelled"}:
                    return
            try:
                await asyncio.wait_for(wake.wait(), PING_SECONDS)
            except TimeoutError:
                yield b": ping\n\n"
                if await Execution.objects.filter(pk=execution_id, state__in=Execution.DONE).aexists():
                    return
    finally:
        await hub().unsubscribe(f"ev:{execution_id}", arrived, wake.set)


class Cancel(APIView):
    permissions = {"post": Permission.WORKFLOW_EXECUTE}

    @extend_schema(operation_id="executions_cancel", request=None, responses={202: ExecutionOutput})
    def post(self, request: Request, execution_id: UUID) -> Response:
        execution = selectors.get_execution(request.actor.workspace, execution_id)
        services.cancel_execution(request.actor, execution)
        return Response(ExecutionOutput(execution).data, status=202)


class Resume(APIView):
    permissions = {"post": Permission.WORKFLOW_EXECUTE}

    @extend_schema(operation_id="executions_resume", request=None, responses={202: ExecutionOutput})
    def post(self, request: Request, execution_id: UUID) -> Response:
        execution = services.resume_execution(request.actor, execution_id)
        return Response(ExecutionOutput(execution).data, status=202)


class Decide(APIView):
    permissions = {"post": Permission.WORKFLOW_EXECUTE}

    @extend_schema(operation_id="executions_decide", request=DecisionInput, responses={202: ExecutionOutput})
    def post(self, request: Request, execution_id: UUID) -> Response:
        from portal.common.api import body_of

        values = body_of(request, DecisionInput)
        execution = services.decide(
            request.actor,
            execution_id,
            values["path"],
            approved=values["approved"],
            comment=values.get("comment", ""),
        )
        return Response(ExecutionOutput(execution).data, status=202)
