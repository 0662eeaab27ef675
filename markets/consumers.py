"""Live news of the market pages: new rankings and fired alerts of a person's workspace, as soon as they exist."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from portal.common.hub import hub
from portal.workspaces.models import Membership
from portal.workspaces.roles import Permission, may

NOT_FOUND, SIGN_IN = 4404, 4401


def channel_of(workspace_id: UUID | str) -> str:
    """The Redis channel of a workspace's market news."""
    return f"markets:{workspace_id}"


class NewsConsumer(AsyncWebsocketConsumer):
    """Sends `{"type": "snapshot" | "alert" | "reconnected", …}`; the page fetches what it shows by itself."""

    subscribed = False

    async def connect(self) -> None:
        self.workspace_id: UUID = self.scope["url_route"]["kwargs"]["workspace_id"]
        await self.accept()
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(SIGN_IN)
            return
        if not await _may_read(user, self.workspace_id):
            await self.close(NOT_FOUND)
            return
        await hub().subscribe(channel_of(self.workspace_id), self._arrived, self._missed)
        self.subscribed = True

    def _arrived(self, data: bytes) -> None:
        self._later(orjson.loads(data))

    def _missed(self) -> None:
        """Redis was away: the page reads everything again."""
        self._later({"type": "reconnected"})

    def _later(self, news: dict[str, Any]) -> None:
        import asyncio

        task = asyncio.get_running_loop().create_task(self.send(text_data=orjson.dumps(news).decode()))
        # A socket that closed meanwhile needs no news.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def disconnect(self, code: int) -> None:
        if self.subscribed:
            await hub().unsubscribe(channel_of(self.workspace_id), self._arrived, self._missed)


@database_sync_to_async
def _may_read(user: Any, workspace_id: UUID) -> bool:
    role = Membership.objects.filter(user=user, workspace_id=workspace_id).values_list("role", flat=True).first()
    return may(role, Permission.DATA_READ)
