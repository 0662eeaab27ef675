"""Executions and their events over REST."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from portal.common.api import body_of
from portal.common.errors import FieldProblem, Invalid, NotFound
from portal.common.hub import hub
from portal.common.ids import uuid7_floor
from portal.common.rest import EventStream, ListView, RestView, wants_stream, whole
from portal.workspaces.roles import Permission
from workflows import payloads, selectors, services
from workflows.api.serializers import (
    DecisionInput,
    DefinitionInput,
    EventsOutput,
    ExecutionDetail,
    ExecutionOutput,
    ExplanationOutput,
    NodeRunOutput,
    NodeRunsOutput,
)
from workflows.explain import explain
from workflows.models import Execution

MAX_EVENTS = 1000
#: Seconds; more than the clocks of two processes ever differ by.
CLOCKS_DIFFER = 600
PING_SECONDS = 15.0


class ExecutionQuery(serializers.Serializer[Any]):
    state = serializers.ChoiceField(Execution.State.choices, required=False)
    source = serializers.ChoiceField(Execution.Source.choices, required=False)
    workflow = serializers.UUIDField(required=False)
    deployment = serializers.UUIDField(required=False)
    tool = serializers.CharField(required=False, max_length=128)
    since = serializers.DateTimeField(required=False, help_text="Created at this time or later")
    until = serializers.DateTimeField(required=False, help_text="Created before this time")


class EventQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="Only events with a higher number"
    )
    stream = serializers.BooleanField(
        required=False, help_text="Answer text/event-stream until the run ends, as `Accept: text/event-stream` does"
    )


#: Filter → look-up of the row.
_LOOKUPS = {
    "state": "state",
    "source": "source",
    "workflow": "workflow_id",
    "deployment": "deployment_id",
    "tool": "tool",
    "since": "created_at__gte",
    "until": "created_at__lt",
}


class Executions(ListView[Execution]):
    """Runs of the workspace, newest first."""

    permissions = {"get": Permission.EXECUTION_READ}
    serializer_class = ExecutionOutput
    query = {"get": ExecutionQuery}

    def rows(self) -> Any:
        found = selectors.executions_of(self.request.actor.workspace)
        found = found.filter(**{_LOOKUPS[name]: value for name, value in self.asked.items()})
        # Ids begin with the time of their making, give or take a clock: the index on them finds the period.
        if since := self.asked.get("since"):
            found = found.filter(pk__gte=uuid7_floor(since, shifted_by=-CLOCKS_DIFFER))
        if until := self.asked.get("until"):
            found = found.filter(pk__lt=uuid7_floor(until, shifted_by=CLOCKS_DIFFER))
        return found

    @extend_schema(operation_id="executions_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Runs of the workspace, newest first, without their payloads."""
        return super().get(request, *args, **kwargs)


class ExecutionItem(RestView):
    """One run. Input and output are null for readers without the right to payloads."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="executions_read", responses=ExecutionDetail)
    def get(self, request: Request, execution_id: UUID) -> Response:
        execution = selectors.get_execution(request.actor.workspace, execution_id)
        data = ExecutionDetail(execution).data
        if not payloads.opened(request.actor, execution, "run"):
            data["input"] = data["output"] = None
            data["payload_hidden"] = True
        return Response(data)


class Nodes(RestView):
    """What each node of a run did."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="executions_nodes_list", responses=NodeRunsOutput)
    def get(self, request: Request, execution_id: UUID) -> Response:
        execution = selectors.get_execution(request.actor.workspace, execution_id)
        payloads.require(request.actor, execution, "nodes")
        return Response(whole(NodeRunOutput(selectors.node_runs_of(execution), many=True).data))


class ExecutionDefinition(RestView):
    """The graph that the run ran, whatever the draft is by now."""

    permissions = {"get": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="executions_definition", responses=DefinitionInput)
    def get(self, request: Request, execution_id: UUID) -> Response:
        execution = selectors.get_execution(request.actor.workspace, execution_id)
        return Response({"definition": selectors.definition_of(execution)})


class Explanation(RestView):
    """Why a failed run failed: cause, place, what changed since the last good run, and remedies."""

    permissions = {"get": Permission.EXECUTION_READ}

    @extend_schema(operation_id="executions_explanation", responses=ExplanationOutput)
    def get(self, request: Request, execution_id: UUID) -> Response:
        execution = selectors.get_execution(request.actor.workspace, execution_id)
        if execution.state != Execution.State.FAILED or not execution.error:
            raise NotFound("This run did not fail, so there is nothing to explain.")
        return Response(explain(execution.pk, _=_).as_dict())


class Events(RestView):
    """The run's events as JSON after `after`, or as a live event stream with `stream=true`."""

    permissions = {"get": Permission.EXECUTION_READ}
    query = {"get": EventQuery}
    renderer_classes = (JSONRenderer, EventStream)

    @extend_schema(
        operation_id="executions_events_list",
        parameters=[OpenApiParameter("Last-Event-ID", int, OpenApiParameter.HEADER, description="As `after`")],
        responses={(200, "application/json"): EventsOutput, (200, "text/event-stream"): OpenApiTypes.STR},
    )
    def get(self, request: Request, execution_id: UUID) -> Any:
        execution = selectors.get_execution(request.actor.workspace, execution_id)
        after = self.asked.get("after")
        if after is None:
            text = request.headers.get("Last-Event-ID") or "0"
            if not (text.isascii() and text.isdigit()) or len(text) > 9:
                problem = FieldProblem("Last-Event-ID", "This is no event number.", "Send a whole number of 0 or more.")
                raise Invalid("The place to continue from is wrong.", problems=[problem])
            after = int(text)
        veil = payloads.veil_for(request.actor, execution)
        if self.asked.get("stream") or wants_stream(request):
            response = StreamingHttpResponse(_stream(execution.pk, after, veil), content_type="text/event-stream")
            response["Cache-Control"], response["X-Accel-Buffering"] = "no-cache", "no"
            return response
        events = [veil(event) for event in selectors.events_of(execution.pk, after, MAX_EVENTS)]
        further = None
        if len(events) == MAX_EVENTS:
            further = replace_query_param(request.build_absolute_uri(), "after", events[-1]["seq"])
        return Response({"results": events, "next": further, "previous": None})


async def _stream(execution_id: UUID, after: int, veil: payloads.Veil) -> AsyncIterator[bytes]:
    """Server-sent events with the sequence number as id; ends with the run."""
    wake = asyncio.Event()

    def arrived(_message: bytes) -> None:
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
                        orjson.dumps(veil(event)),
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


class Cancel(RestView):
    """Ask a run to stop; one that has ended stays as it is."""

    permissions = {"post": Permission.WORKFLOW_EXECUTE}

    @extend_schema(operation_id="executions_cancel", request=None, responses={202: ExecutionOutput})
    def post(self, request: Request, execution_id: UUID) -> Response:
        execution = selectors.get_execution(request.actor.workspace, execution_id)
        services.cancel_execution(request.actor, execution)
        return Response(ExecutionOutput(execution).data, status=202)


class Resume(RestView):
    """Run a failed or stopped run again from where it failed; finished nodes keep their results."""

    permissions = {"post": Permission.WORKFLOW_EXECUTE}
    once = frozenset({"post"})

    @extend_schema(operation_id="executions_resume", request=None, responses={202: ExecutionOutput})
    def post(self, request: Request, execution_id: UUID) -> Response:
        execution = services.resume_execution(request.actor, execution_id)
        return Response(ExecutionOutput(execution).data, status=202)


class Decide(RestView):
    """Answer a node that waits for a person."""

    permissions = {"post": Permission.WORKFLOW_EXECUTE}
    once = frozenset({"post"})

    @extend_schema(operation_id="executions_decide", request=DecisionInput, responses={202: ExecutionOutput})
    def post(self, request: Request, execution_id: UUID) -> Response:
        values = body_of(request, DecisionInput)
        execution = services.decide(
            request.actor,
            execution_id,
            values["path"],
            approved=values["approved"],
            comment=values.get("comment", ""),
        )
        return Response(ExecutionOutput(execution).data, status=202)
