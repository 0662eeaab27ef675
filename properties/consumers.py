"""Live news of collections over a WebSocket: `/ws/monitor`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from portal.workspaces.models import Membership
from portal.workspaces.roles import Permission, may

SIGN_IN, NOT_ALLOWED = 4401, 4403


class MonitorConsumer(AsyncJsonWebsocketConsumer):
    """Sends one message whenever a collection of the person's current workspace moves."""

    group = ""

    async def connect(self) -> None:
        await self.accept()
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(SIGN_IN)
            return
        workspace_id = await _workspace_of(user)
        if workspace_id is None:
            await self.close(NOT_ALLOWED)
            return
        self.group = f"properties.{workspace_id}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.send_json({"type": "ready"})

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def monitor_event(self, event: dict[str, Any]) -> None:
        await self.send_json({**event, "type": "collection"})

    async def report_event(self, event: dict[str, Any]) -> None:
        await self.send_json({**event, "type": "report"})


@database_sync_to_async
def _workspace_of(user: Any) -> UUID | None:
    """The workspace the person last chose, or their first one, if their role may read data."""
    memberships = Membership.objects.filter(user=user)
    chosen = memberships.filter(workspace_id=user.last_workspace_id).first() or memberships.order_by("id").first()
    if chosen is None or not may(chosen.role, Permission.DATA_READ):
        return None
    return UUID(str(chosen.workspace_id))
