"""A person's notifications on every page they have open, as soon as they exist."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from portal.common.hub import hub
from portal.notifications.dispatch import channel_of
from portal.notifications.selectors import unread_count

SIGN_IN = 4401


class NotificationConsumer(AsyncWebsocketConsumer):
    """Sends `{"type": "notification" | "unread", "workspace", "unread", …}`; words are in the page's language."""

    subscribed = False

    async def connect(self) -> None:
        user = self.scope["user"]
        if not user.is_authenticated:
            # Only an accepted socket can say why it closes.
            await self.accept()
            await self.close(SIGN_IN)
            return
        self.user_id: UUID = user.pk
        chosen = self.scope.get("cookies", {}).get(settings.LANGUAGE_COOKIE_NAME) or user.language
        self.language = "ko" if str(chosen or settings.LANGUAGE_CODE).startswith("ko") else "en"
        self.workspace_id = str(user.last_workspace_id or "")
        self.running: set[asyncio.Task[None]] = set()
        await hub().subscribe(channel_of(self.user_id), self._arrived, self._missed)
        self.subscribed = True
        # Last, so that an open socket misses nothing.
        await self.accept()

    def _arrived(self, data: bytes) -> None:
        self._later(self._pass_on(orjson.loads(data)))

    def _missed(self) -> None:
        """Redis was away: what came meanwhile stands in the inbox, so the page counts again."""
        if self.workspace_id:
            self._later(self._pass_on({"type": "read", "workspace": self.workspace_id}))

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.running.discard(task)
        if not task.cancelled():
            # A socket that closed meanwhile needs no news.
            task.exception()

    async def _pass_on(self, news: dict[str, Any]) -> None:
        count = await _count(self.user_id, UUID(news["workspace"]))
        frame: dict[str, Any] = {"type": "unread", "workspace": news["workspace"], "unread": count}
        if news["type"] == "notification":
            frame |= {name: news[name] for name in ("type", "id", "topic", "severity", "url")}
            frame |= {name: news[name][self.language] for name in ("title", "body")}
        await self.send(text_data=orjson.dumps(frame).decode())

    async def disconnect(self, code: int) -> None:
        if self.subscribed:
            await hub().unsubscribe(channel_of(self.user_id), self._arrived, self._missed)


_count = database_sync_to_async(unread_count)
