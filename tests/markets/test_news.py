"""Live news reach the open pages of their own workspace only."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.urls import path

from markets.consumers import NewsConsumer
from markets.news import publish
from tests.people import make_owner, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def socket(user, workspace_id):
    from channels.routing import URLRouter

    app = URLRouter([path("ws/markets/<uuid:workspace_id>", NewsConsumer.as_asgi())])
    communicator = WebsocketCommunicator(app, f"/ws/markets/{workspace_id}")
    communicator.scope["user"] = user
    return communicator


async def test_a_member_hears_of_new_rankings():
    owner = await sync_to_async(make_owner)()
    page = socket(owner.user, owner.workspace.pk)
    await page.connect()
    await asyncio.sleep(0.3)

    await sync_to_async(publish)(owner.workspace.pk, {"type": "snapshot", "market": "ALL"})

    assert (await page.receive_json_from(timeout=5)) == {"type": "snapshot", "market": "ALL"}
    await page.disconnect()


@pytest.mark.parametrize(("who", "code"), [("stranger", 4404), ("nobody", 4401)])
async def test_others_are_turned_away(who, code):
    owner = await sync_to_async(make_owner)()
    user = await sync_to_async(make_user)() if who == "stranger" else AnonymousUser()
    page = socket(user, owner.workspace.pk)
    await page.connect()

    closed = await page.receive_output(timeout=5)

    assert (closed["type"], closed["code"]) == ("websocket.close", code)
