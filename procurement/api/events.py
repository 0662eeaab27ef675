"""The story of a crawl as server-sent events: numbered, resumable with Last-Event-ID, kept alive, ended by `done`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from portal.common.hub import hub
from portal.common.rest import EventStream, RestView
from portal.workspaces.roles import Permission
from procurement import jobs
from procurement.models import CrawlEvent

KEEP_ALIVE = 15.0
LAST = {"succeeded", "failed", "cancelled"}


class AfterQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="Only events with a higher number"
    )


class JobEventsView(RestView):
    """Stream the events of a crawl from the one after `Last-Event-ID` (or `after`) on."""

    permissions = {"get": Permission.DATA_READ}
    query = {"get": AfterQuery}
    renderer_classes = (EventStream, JSONRenderer)
    sends_files = True

    @extend_schema(
        operation_id="crawl_jobs_events",
        parameters=[OpenApiParameter("Last-Event-ID", int, OpenApiParameter.HEADER, description="As `after`")],
        responses={(200, "text/event-stream"): OpenApiTypes.STR},
    )
    def get(self, request: Request, job_id: UUID) -> StreamingHttpResponse:
        job = jobs.job_of(request.actor.workspace, job_id)  # type: ignore[attr-defined]
        last = request.headers.get("Last-Event-ID", "")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 10 else self.asked.get("after", 0)
        response = StreamingHttpResponse(stream(job.pk, after), content_type="text/event-stream")
        response["Cache-Control"] = "no-store"
        # Proxies that buffer would hold the lines back.
        response["X-Accel-Buffering"] = "no"
        return response


async def stream(job_id: UUID, after: int) -> AsyncIterator[bytes]:
    """Events as they come; a comment every fifteen seconds; `done` behind the last one."""
    news = asyncio.Event()
    async with hub().listening(jobs.events_channel(job_id), lambda data: news.set()):
        while True:
            news.clear()
            events = await sync_to_async(_events)(job_id, after)
            for event in events:
                after = event["seq"]
                yield _line(event["kind"], event, after)
            if events and events[-1]["kind"] in LAST:
                yield _line("done", events[-1], after)
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), KEEP_ALIVE)
                continue
            # Pub/sub can lose a message: look again, then say that we are still here.
            yield b": keep-alive\n\n"


def _events(job_id: UUID, after: int) -> list[dict[str, Any]]:
    rows = CrawlEvent.objects.filter(job_id=job_id, seq__gt=after).order_by("seq")[:500]
    return [
        {"seq": row.seq, "at": row.at.isoformat(), "kind": row.kind, "message": row.message, **row.data} for row in rows
    ]


def _line(kind: str, data: dict[str, Any], seq: int) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, kind.encode(), orjson.dumps(data))
