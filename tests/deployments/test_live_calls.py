"""An open server page hears of calls as they end; servers that nobody looks at cost nothing."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from deployments.live import channel_of, keep_watching, watched
from deployments.sockets import urlpatterns
from portal.common.hub import hub
from portal.workspaces.services import Actor
from tests.deployments.client import sdk_client
from tests.people import make_owner
from tests.running import close_loop


def socket(user: Any, slug: str) -> WebsocketCommunicator:
    communicator = WebsocketCommunicator(URLRouter(urlpatterns), f"/ws/servers/{slug}")
    communicator.scope["user"] = user
    return communicator


async def until(is_true: Any, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_true():
            await asyncio.sleep(0.01)


async def test_many_calls_are_one_message_and_unwatched_servers_none() -> None:
    looked_at, ignored, heard = uuid4(), uuid4(), []
    try:
        for deployment in (looked_at, ignored):
            await hub().subscribe(channel_of(deployment), lambda data, one=deployment: heard.append((one, int(data))))
        page = asyncio.create_task(keep_watching(looked_at))
        watched().call_ended(looked_at)  # The first call asks who watches, and is not lost itself.
        await until(lambda: heard)
        for _ in range(25):
            watched().call_ended(looked_at)
            watched().call_ended(ignored)
        await until(lambda: len(heard) > 1)

        assert heard == [(looked_at, 1), (looked_at, 25)]
        assert not watched()._untold
        page.cancel()
    finally:
        await close_loop()


def test_a_page_hears_of_a_real_call(serve: Any) -> None:
    served = serve("echo")

    async def watch() -> list[dict[str, Any]]:
        page = socket(served.actor.user, served.deployment.slug)
        assert (await page.connect())[0]
        heard = [await page.receive_json_from(timeout=5)]
        try:
            async with sdk_client(served.path, served.headers) as mcp:
                for _ in range(20):
                    # The web process learns of the page on its own time; each call is another chance to tell.
                    assert not (await mcp.call_tool("echo", {"text": "x"})).is_error
                    if not await page.receive_nothing(timeout=0.5, interval=0.01):
                        heard.append(await page.receive_json_from())
                        break
        finally:
            await page.disconnect()
            from deployments.mcp.app import shut_down

            await shut_down()
        return heard

    heard = asyncio.run(watch())

    assert [message["type"] for message in heard] == ["open", "calls"]
    assert heard[1] == {"type": "calls", "count": 1}


@pytest.mark.parametrize("who", ["nobody", "stranger"])
def test_others_are_turned_away(serve: Any, who: str) -> None:
    served = serve("echo")
    stranger: Actor = make_owner()
    user: Any = AnonymousUser() if who == "nobody" else stranger.user

    async def ask() -> int:
        page = socket(user, served.deployment.slug)
        await page.connect()
        closed = await page.receive_output(timeout=5)
        await close_loop()
        return int(closed["code"])

    assert asyncio.run(ask()) == (4401 if who == "nobody" else 4404)
