"""Live events of an execution over a WebSocket: every line once, in order, from wherever the browser stands."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import translation

from portal.common.errors import NotFound, PortalError
from portal.common.hub import hub
from portal.workspaces.roles import Permission
from portal.workspaces.services import actor_for
from workflows.models import Execution
from workflows.payloads import Veil, veil_for
from workflows.selectors import events_of

BATCH = 500
#: How many unsent events are held for a slow browser before it has to read them from the database.
MAX_WAITING = 2000
NOT_FOUND, SIGN_IN = 4404, 4401


class ExecutionConsumer(AsyncWebsocketConsumer):
    """`?after=<seq>` continues after that event. Stored events come first, then live ones; a gap is read again."""

    async def connect(self) -> None:
        self.execution_id: UUID = self.scope["url_route"]["kwargs"]["execution_id"]
        self.sent = _after(self.scope["query_string"])
        self._fresh: list[dict[str, Any]] = []
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        await self.accept()
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(SIGN_IN)
            return
        try:
            self._veil = await _veil(user, self.execution_id)
        except PortalError:
            await self.close(NOT_FOUND)
            return
        # Subscribed before the first read, so that nothing falls between the two.
        await hub().subscribe(self.channel, self._arrived, self._missed)
        self._writer = asyncio.create_task(self._write(), context=contextvars.copy_context())

    @property
    def channel(self) -> str:
        return f"ev:{self.execution_id}"

    def _arrived(self, data: bytes) -> None:
        if len(self._fresh) < MAX_WAITING:
            self._fresh.extend(orjson.loads(data))
        self._wake.set()

    def _missed(self) -> None:
        """Redis was away: whatever was published meanwhile is in the database."""
        self._fresh = [{"seq": -1}]
        self._wake.set()

    async def _write(self) -> None:
        await self._send_stored()
        while True:
            await self._wake.wait()
            self._wake.clear()
            fresh, self._fresh = self._fresh, []
            fresh = [event for event in fresh if event["seq"] > self.sent or event["seq"] < 0]
            if not fresh:
                continue
            if fresh[0]["seq"] != self.sent + 1:
                await self._send_stored()
                fresh = [event for event in fresh if event["seq"] > self.sent]
                if fresh and fresh[0]["seq"] != self.sent + 1:
                    continue
            await self._send_events(fresh)

    async def _send_stored(self) -> None:
        while events := await database_sync_to_async(events_of)(self.execution_id, self.sent, BATCH):
            await self._send_events(events)
            if len(events) < BATCH:
                return

    async def _send_events(self, events: list[dict[str, Any]]) -> None:
        if not events:
            return
        shown = [self._veil(event) for event in events]
        await self.send(text_data=orjson.dumps({"type": "events", "events": shown}).decode())
        self.sent = events[-1]["seq"]

    async def disconnect(self, code: int) -> None:
        if self._writer is not None:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
            await hub().unsubscribe(self.channel, self._arrived, self._missed)


def _after(query: bytes) -> int:
    text = (parse_qs(query.decode("latin-1")).get("after") or ["0"])[0]
    return int(text) if text.isdigit() and len(text) < 10 else 0


@database_sync_to_async
def _veil(user: Any, execution_id: UUID) -> Veil:
    """What the person may read of the run's events; `NotFound` for a run that is none of theirs."""
    run = Execution.objects.select_related("workspace").filter(pk=execution_id).first()
    if run is None:
        raise NotFound("There is no such run.")
    actor = actor_for(user, run.workspace)
    actor.require(Permission.EXECUTION_READ)
    with translation.override(user.language or settings.LANGUAGE_CODE):
        return veil_for(actor, run)
