"""Who looks at a workflow's canvas, and who of them writes: people and one pen, kept in Redis, told over a WebSocket.

The pen keeps two people from typing into each other; what protects the draft is its revision, which every save names.
Client messages: `beat`, `take`, `ask`, `give` and `refuse` (with `to`). Server messages: `here` with everybody and the
pen's holder, `ask` and `answer` to those they concern, `draft` when somebody stored the draft,
`comments` when somebody wrote or settled one.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from portal.common.hub import client, hub
from portal.common.ids import random_token
from portal.workspaces.models import Membership
from portal.workspaces.roles import Permission, may
from workflows.draft_news import channel_of
from workflows.models import Workflow

NOT_FOUND, SIGN_IN = 4404, 4401
#: Somebody who was not heard of for this long is gone; the page says `beat` every 15 s.
GONE_SECONDS = 45
#: A holder who does not answer loses the pen to whoever asked this long ago.
PATIENCE_SECONDS = 20


class PresenceConsumer(AsyncWebsocketConsumer):
    """One open canvas."""

    async def connect(self) -> None:
        self.workflow_id: UUID = self.scope["url_route"]["kwargs"]["workflow_id"]
        self.me = random_token(9)
        self.writes = False
        self._sending: set[asyncio.Task[None]] = set()
        self._joined = False
        await self.accept()
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(SIGN_IN)
            return
        if not await self._may_stay():
            await self.close(NOT_FOUND)
            return
        await hub().subscribe(self.channel, self._arrived, self._again)
        self._joined = True
        await self._beat()
        await self._take()
        await self._news({"type": "here"})

    @property
    def channel(self) -> str:
        return channel_of(self.workflow_id)

    @property
    def pen(self) -> str:
        return f"pen:{self.workflow_id}"

    async def _may_stay(self) -> bool:
        role = await _role(self.scope["user"].pk, self.workflow_id)
        self.writes = may(role, Permission.WORKFLOW_UPDATE)
        return may(role, Permission.WORKFLOW_READ)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            message = orjson.loads(text_data or "")
        except orjson.JSONDecodeError:
            return
        act = message.get("type") if isinstance(message, dict) else None
        to = str(message.get("to", ""))[:40] if isinstance(message, dict) else ""
        if act == "beat":
            if not await self._may_stay():
                await self.close(NOT_FOUND)
                return
            await self._beat()
            if await self._take():
                await self._news({"type": "here"})
        elif act == "take" and self.writes:
            if await self._take(by_force=await self._asked_long_ago() or await self._is_own_tab()):
                await self._news({"type": "here"})
        elif act == "ask" and self.writes:
            await client().set(f"ask:{self.workflow_id}:{self.me}", str(time.time()), nx=True, ex=120)
            await self._news({"type": "ask", "from": self.me, "name": self._name()})
        elif act in {"give", "refuse"} and await self._holds():
            if act == "give" and await client().hexists(self.channel, to):
                await client().set(self.pen, to, ex=GONE_SECONDS)
            await self._news({"type": "answer", "to": to, "granted": act == "give"})
            await self._news({"type": "here"})

    def _name(self) -> str:
        user = self.scope["user"]
        return str(getattr(user, "name", "") or user.email)

    async def _beat(self) -> None:
        entry = {"id": self.me, "user": str(self.scope["user"].pk), "name": self._name(), "writes": self.writes}
        pipeline = client().pipeline()
        pipeline.hset(self.channel, self.me, orjson.dumps({**entry, "at": time.time()}))
        pipeline.expire(self.channel, GONE_SECONDS * 2)
        await pipeline.execute()
        if await self._holds():
            await client().expire(self.pen, GONE_SECONDS)

    async def _holds(self) -> bool:
        return await self._holder() == self.me

    async def _holder(self) -> str:
        found = await client().get(self.pen)
        return found.decode() if found else ""

    async def _take(self, *, by_force: bool = False) -> bool:
        """Take the pen when it lies free, or by force; whether it changed hands."""
        if not self.writes or await self._holds():
            return False
        return bool(await client().set(self.pen, self.me, nx=not by_force, ex=GONE_SECONDS))

    async def _asked_long_ago(self) -> bool:
        asked = await client().get(f"ask:{self.workflow_id}:{self.me}")
        return asked is not None and time.time() - float(asked) >= PATIENCE_SECONDS

    async def _is_own_tab(self) -> bool:
        holder = await self._holder()
        return any(
            entry["id"] == holder and entry["user"] == str(self.scope["user"].pk) for entry in await self._here()
        )

    async def _here(self) -> list[dict[str, Any]]:
        stored = await client().hgetall(self.channel)
        now = time.time()
        return sorted(
            (entry for entry in map(orjson.loads, stored.values()) if now - entry["at"] < GONE_SECONDS),
            key=lambda entry: str(entry["id"]),
        )

    async def _news(self, message: dict[str, Any]) -> None:
        await client().publish(self.channel, orjson.dumps(message))

    def _arrived(self, data: bytes) -> None:
        self._later(self._tell(orjson.loads(data)))

    def _again(self) -> None:
        self._later(self._tell({"type": "here"}))

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _tell(self, message: dict[str, Any]) -> None:
        if message["type"] == "here":
            people = [{name: entry[name] for name in ("id", "name", "writes")} for entry in await self._here()]
            message = {"type": "here", "me": self.me, "people": people, "pen": await self._holder()}
        elif message["type"] == "ask":
            if not await self._holds():
                return
        elif message["type"] == "answer" and message["to"] != self.me:
            return
        await self.send(text_data=orjson.dumps(message).decode())

    async def disconnect(self, code: int) -> None:
        if not self._joined:
            return
        await hub().unsubscribe(self.channel, self._arrived, self._again)
        for task in self._sending:
            task.cancel()
        await client().hdel(self.channel, self.me)
        if await self._holds():
            await client().delete(self.pen)
        await self._news({"type": "here"})


@database_sync_to_async
def _role(user_id: Any, workflow_id: UUID) -> str | None:
    """The person's role in the workflow's workspace, if any."""
    workspace = Workflow.objects.filter(pk=workflow_id).values_list("workspace_id", flat=True).first()
    found: str | None = (
        Membership.objects.filter(user=user_id, workspace_id=workspace).values_list("role", flat=True).first()
    )
    return found if workspace else None
