"""The bell's socket: one's own news, in the language of the page, and nobody else's."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from portal.accounts.models import User
from portal.notifications import inbox
from portal.notifications.consumers import NotificationConsumer
from portal.notifications.publish import notify
from portal.notifications.topics import Words
from portal.workspaces.roles import Role
from tests.notifications.conftest import TOPIC
from tests.people import join, make_owner

pytestmark = pytest.mark.django_db(transaction=True)


def socket(user: User | AnonymousUser, language: str = "en") -> WebsocketCommunicator:
    page = WebsocketCommunicator(NotificationConsumer.as_asgi(), "/ws/notifications")
    page.scope["user"] = user
    page.scope["cookies"] = {settings.LANGUAGE_COOKIE_NAME: language}
    return page


async def test_words_come_in_the_pages_language_and_reading_counts_down(sent: list[str]) -> None:
    owner = await sync_to_async(make_owner)()
    page = socket(owner.user, "ko")
    await page.connect()

    await sync_to_async(notify)(owner.workspace, TOPIC, Words("Hello", "안녕하세요"), url="/x")
    frame = await page.receive_json_from(timeout=10)
    assert (frame["title"], frame["url"], frame["unread"]) == ("안녕하세요", "/x", 1)

    await sync_to_async(inbox.mark)(owner)
    assert await page.receive_json_from(timeout=10) == {
        "type": "unread", "workspace": str(owner.workspace.pk), "unread": 0,
    }  # fmt: skip
    await page.disconnect()


async def test_a_colleagues_news_stays_with_the_colleague(sent: list[str]) -> None:
    owner = await sync_to_async(make_owner)()
    viewer = await sync_to_async(join)(owner.workspace, Role.VIEWER)
    page = socket(viewer.user)
    await page.connect()

    await sync_to_async(notify)(owner.workspace, TOPIC, "For the owner", people=[owner.user])
    await sync_to_async(notify)(owner.workspace, TOPIC, "For the viewer", people=[viewer.user])

    assert (await page.receive_json_from(timeout=10))["title"] == "For the viewer"
    assert await page.receive_nothing()
    await page.disconnect()


async def test_nobody_is_told_to_sign_in() -> None:
    page = socket(AnonymousUser())
    await page.connect()

    closed = await page.receive_output(timeout=10)

    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
