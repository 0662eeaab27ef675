"""Two people at one canvas: who is here, who holds the pen, and how it changes hands."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner
from tests.running import close_loop
from workflows import presence
from workflows.models import Workflow
from workflows.services import create_workflow, save_draft
from workflows.sockets import urlpatterns

EMPTY = {"schema_version": 1, "nodes": [], "edges": []}


class Canvas:
    """One open page, with the last word of each kind that it was told."""

    def __init__(self, user: Any, workflow: Workflow) -> None:
        self.socket = WebsocketCommunicator(URLRouter(urlpatterns), f"/ws/workflows/{workflow.pk}/presence")
        self.socket.scope["user"] = user
        self.heard: dict[str, dict[str, Any]] = {}

    async def open(self) -> Canvas:
        assert (await self.socket.connect())[0]
        await self.hears("here")
        return self

    async def hears(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The first message of this kind with these fields."""
        async with asyncio.timeout(10):
            while True:
                message = await self.socket.receive_json_from(timeout=10)
                self.heard[message["type"]] = message
                if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                    return dict(message)

    async def says(self, act: str, **more: Any) -> None:
        await self.socket.send_json_to({"type": act, **more})

    @property
    def me(self) -> str:
        return str(self.heard["here"]["me"])

    async def close(self) -> None:
        await self.socket.disconnect()


@pytest.fixture
def workflow(owner: Actor) -> Workflow:
    return create_workflow(owner, "Shared", definition=EMPTY)


async def test_the_first_writes_the_second_watches_and_takes_over_when_handed_over(
    owner: Actor, workflow: Workflow
) -> None:
    editor = await database_sync_to_async(join)(owner.workspace, Role.EDITOR)
    first = await Canvas(owner.user, workflow).open()
    second = await Canvas(editor.user, workflow).open()
    try:
        here = await first.hears("here", pen=first.me)
        assert len(here["people"]) == 2

        await second.says("ask")
        asked = await first.hears("ask")
        assert asked["from"] == second.me
        await first.says("refuse", to=second.me)
        await second.hears("answer", granted=False)
        assert (await second.hears("here"))["pen"] == first.me
        await first.says("give", to=second.me)
        await second.hears("answer", granted=True)
        await second.hears("here", pen=second.me)
    finally:
        await second.close()
    # Whoever leaves lays the pen down; the next beat of those who stay picks it up.
    await first.hears("here", pen="")
    await first.says("beat")
    await first.hears("here", pen=first.me)
    await first.close()
    await close_loop()


async def test_a_holder_who_does_not_answer_loses_the_pen_after_a_while(
    owner: Actor, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = await database_sync_to_async(join)(owner.workspace, Role.EDITOR)
    first, second = await Canvas(owner.user, workflow).open(), await Canvas(editor.user, workflow).open()
    await second.says("take")
    await second.says("ask")
    await first.hears("ask")
    await second.says("take")
    await second.says("beat")
    assert not await second.socket.receive_nothing(timeout=0.2) or second.heard["here"]["pen"] == first.me
    monkeypatch.setattr(presence, "PATIENCE_SECONDS", 0)
    await second.says("take")
    await second.hears("here", pen=second.me)
    await first.close()
    await second.close()
    await close_loop()


async def test_a_second_tab_of_the_same_person_may_take_the_pen_at_once(owner: Actor, workflow: Workflow) -> None:
    first, second = await Canvas(owner.user, workflow).open(), await Canvas(owner.user, workflow).open()
    await second.says("take")
    await second.hears("here", pen=second.me)
    await first.close()
    await second.close()
    await close_loop()


async def test_a_viewer_is_seen_and_never_holds_the_pen(owner: Actor, workflow: Workflow) -> None:
    viewer = await database_sync_to_async(join)(owner.workspace, Role.VIEWER)
    alone = await Canvas(viewer.user, workflow).open()
    assert alone.heard["here"]["pen"] == ""
    assert alone.heard["here"]["people"][0]["writes"] is False
    await alone.says("take")
    await alone.says("ask")
    writer = await Canvas(owner.user, workflow).open()
    await alone.hears("here", pen=writer.me)
    await alone.close()
    await writer.close()
    await close_loop()


async def test_strangers_and_people_without_an_account_are_turned_away(owner: Actor, workflow: Workflow) -> None:
    stranger = await database_sync_to_async(make_owner)("stranger")
    for user, code in ((stranger.user, presence.NOT_FOUND), (AnonymousUser(), presence.SIGN_IN)):
        canvas = Canvas(user, workflow)
        assert (await canvas.socket.connect())[0]
        closed = await canvas.socket.receive_output(timeout=5)
        assert (closed["type"], closed["code"]) == ("websocket.close", code)
    await close_loop()


async def test_a_saved_draft_is_told_to_those_who_look(owner: Actor, workflow: Workflow) -> None:
    canvas = await Canvas(owner.user, workflow).open()
    changed = EMPTY | {"nodes": [{"id": "a", "action": "text.echo"}]}
    await database_sync_to_async(save_draft)(owner, workflow.pk, changed, base_revision=1)
    told = await canvas.hears("draft")
    assert (told["revision"], told["by"]) == (2, str(owner.user))
    await canvas.close()
    await close_loop()
