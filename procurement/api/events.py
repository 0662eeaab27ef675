"""The story of a crawl as server-sent events: numbered, resumable with Last-Event-ID, kept alive, ended by `done`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET
from rest_framework.exceptions import APIException
from rest_framework.request import Request as RestRequest

from portal.accounts.authentication import SessionOrToken
from portal.common.errors import NotAuthenticated, PortalError
from portal.common.hub import hub
from portal.common.problems import problem_response
from portal.workspaces.permissions import resolve_actor
from portal.workspaces.roles import Permission
from procurement import jobs
from procurement.models import CrawlEvent, CrawlJob

KEEP_ALIVE = 15.0
LAST = {"succeeded", "failed", "cancelled"}


@require_GET
async def job_events(request: HttpRequest, job_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """Stream the events of a job from the one after `Last-Event-ID` (or `?after=`) on."""
    try:
        job = await sync_to_async(_authorised)(request, job_id)
    except PortalError as error:
        return problem_response(error, request)
    last = request.headers.get("Last-Event-ID") or request.GET.get("after", "0")
    response = StreamingHttpResponse(
        stream(job.pk, int(last) if last.isdigit() else 0), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-store"
    # Proxies that buffer would hold the lines back.
    response["X-Accel-Buffering"] = "no"
    return response


def _authorised(request: HttpRequest, job_id: UUID) -> CrawlJob:
    asking = RestRequest(request, authenticators=[SessionOrToken()])
    try:
        known = asking.user.is_authenticated
    except APIException as error:
        raise NotAuthenticated(str(error.detail)) from None
    if not known:
        raise NotAuthenticated("Sign in, or send a token.")
    actor = resolve_actor(asking)
    actor.require(Permission.DATA_READ)
    return jobs.job_of(actor.workspace, job_id)


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
