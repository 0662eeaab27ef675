"""The socket of an open server page: a word whenever calls have ended, so that the page asks for them."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from typing import Any
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from deployments.live import channel_of, keep_watching
from deployments.models import Deployment
from portal.common.hub import hub
from portal.workspaces.models import Membership
from portal.workspaces.roles import Permission, may

NOT_FOUND, SIGN_IN = 4404, 4401


class DeploymentConsumer(AsyncWebsocketConsumer):
    """`/ws/servers/<slug>` for members who may read the server."""

    deployment_id: UUID | None = None

    async def connect(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        await self.accept()
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(SIGN_IN)
            return
        found = await _readable(user, self.scope["url_route"]["kwargs"]["slug"])
        if found is None:
            await self.close(NOT_FOUND)
            return
        self.deployment_id = found
        await hub().subscribe(channel_of(found), self._arrived, self._missed)
        self._start(keep_watching(found))
        await self.send(text_data='{"type":"open"}')

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work, context=contextvars.copy_context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _arrived(self, data: bytes) -> None:
        self._start(self.send(text_data=orjson.dumps({"type": "calls", "count": int(data)}).decode()))

    def _missed(self) -> None:
        """Redis was away: what happened meanwhile is in the database, so the page should look."""
        self._start(self.send(text_data='{"type":"calls","count":0}'))

    async def disconnect(self, code: int) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        for task in tuple(self._tasks):
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self.deployment_id is not None:
            await hub().unsubscribe(channel_of(self.deployment_id), self._arrived, self._missed)


@database_sync_to_async
def _readable(user: Any, slug: str) -> UUID | None:
    """The deployment's id when the person may read it."""
    row = Deployment.objects.filter(slug=slug).values_list("pk", "workspace_id").first()
    if row is None:
        return None
    role = Membership.objects.filter(user=user, workspace_id=row[1]).values_list("role", flat=True).first()
    return row[0] if may(role, Permission.DEPLOYMENT_READ) else None
