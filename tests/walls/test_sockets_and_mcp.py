"""Nobody, a stranger and a viewer at every WebSocket and at every MCP method; what is not in the tables fails."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from deployments.mcp.endpoint import Endpoint
from deployments.mcp.target import load_target
from deployments.services import create_key
from portal.asgi import sockets
from portal.common.ids import random_token
from portal.sockets import websocket_urlpatterns
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.deployments.client import BOTH, http, in_loop, request
from tests.deployments.conftest import Served, owner, running, serve  # noqa: F401 - fixtures
from tests.people import join, make_owner
from tests.running import close_loop
from tests.walls.foreign import Foreign
from tests.walls.routes import _PARAMETER

SIGN_IN, NOT_FOUND = 4401, 4404
OPEN = "open"
#: Route → what nobody, a stranger and a viewer get: an open socket, or the code that it is closed with.
SOCKETS: dict[str, tuple[Any, Any, Any]] = {
    "ws/executions/<uuid:execution_id>": (SIGN_IN, NOT_FOUND, OPEN),
    "ws/markets/<uuid:workspace_id>": (SIGN_IN, NOT_FOUND, OPEN),
    "ws/servers/<slug:slug>": (SIGN_IN, NOT_FOUND, OPEN),
    "ws/workflows/<uuid:workflow_id>/presence": (SIGN_IN, NOT_FOUND, OPEN),
    # These name nothing: everybody hears of their own workspace, which the tests below prove.
    "ws/monitor": (SIGN_IN, OPEN, OPEN),
    "ws/notifications": (SIGN_IN, OPEN, OPEN),
}
#: Method → whether a viewer (a member with a token for this server) gets a result. Nobody else gets past the door.
METHODS = {
    "initialize": True,
    "ping": True,
    "tools/list": True,
    "tools/call": True,
    # Only in the modern era, where it opens a stream.
    "subscriptions/listen": False,
    # Only in the modern era too.
    "server/discover": False,
    # They name a task, and none was given.
    "tasks/get": False,
    "tasks/update": False,
    "tasks/cancel": False,
}


async def outcome(user: Any, path: str) -> Any:
    """`open`, or the code the socket is closed with."""
    communicator = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
    communicator.scope["user"] = user
    connected, code = await communicator.connect(timeout=5)
    if not connected:
        return code
    while not await communicator.receive_nothing(timeout=0.5, interval=0.02):
        message = await communicator.receive_output()
        if message["type"] == "websocket.close":
            return message["code"]
    await communicator.disconnect()
    return OPEN


def test_every_socket_answers_as_the_table_says(serve: Any) -> None:  # noqa: F811
    served: Served = serve()
    theirs = Foreign(served.actor, {})
    known = {
        "execution_id": str(theirs.row("workflows.Execution").pk),
        "workflow_id": str(theirs.row("workflows.Workflow").pk),
        "workspace_id": str(served.actor.workspace.pk),
        "slug": served.deployment.slug,
    }
    askers = [AnonymousUser(), make_owner("stranger").user, join(served.actor.workspace, Role.VIEWER).user]
    patterns = [str(pattern.pattern) for pattern in websocket_urlpatterns]
    assert set(patterns) == set(SOCKETS), "a socket without a row, or a row without a socket"

    async def work() -> dict[str, tuple[Any, ...]]:
        try:
            found = {}
            for pattern in patterns:
                path = "/" + _PARAMETER.sub(lambda name: known[name["name"]], pattern)
                found[pattern] = tuple([await outcome(user, path) for user in askers])
            return found
        finally:
            await close_loop()

    assert asyncio.run(work()) == SOCKETS


def test_a_stranger_hears_nothing_of_another_workspace(transactional_db: None) -> None:
    own, stranger = make_owner(), make_owner("stranger")

    async def work() -> tuple[bool, bool]:
        async def listen(actor: Actor) -> WebsocketCommunicator:
            communicator = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/monitor")
            communicator.scope["user"] = actor.user
            await communicator.connect()
            assert (await communicator.receive_json_from())["type"] == "ready"
            return communicator

        try:
            near, far = await listen(own), await listen(stranger)
            event = {"type": "monitor.event", "state": "running"}
            await get_channel_layer().group_send(f"properties.{own.workspace.pk}", event)
            heard = (await near.receive_json_from())["type"] == "collection"
            quiet = await far.receive_nothing(timeout=0.3)
            await near.disconnect()
            await far.disconnect()
            return heard, quiet
        finally:
            await close_loop()

    assert asyncio.run(work()) == (True, True)


def test_a_page_of_another_site_opens_no_socket(transactional_db: None) -> None:
    async def work(origin: bytes) -> bool:
        communicator = WebsocketCommunicator(sockets, "/ws/monitor", headers=[(b"origin", origin)])
        connected, _code = await communicator.connect(timeout=5)
        await communicator.disconnect()
        return connected

    assert async_to_sync(work)(b"https://evil.example") is False
    assert async_to_sync(work)(b"http://localhost:8000") is True


# MCP -----------------------------------------------------------------------------------------------------------


def token_of(actor: Actor, url: str) -> str:
    """A live access token of this person for exactly this server."""
    application = Application.objects.create(
        name="tests", user=actor.user, client_type="public", authorization_grant_type="authorization-code"
    )
    token = random_token(40)
    AccessToken.objects.create(
        user=actor.user,
        token=token,
        application=application,
        expires=timezone.now() + timedelta(minutes=5),
        scope="mcp:call",
        resource=[url],
    )
    return token


def test_every_mcp_method_answers_as_the_table_says(serve: Any) -> None:  # noqa: F811
    served: Served = serve()
    stranger = make_owner("stranger")
    elsewhere: Served = serve("echo", stranger)
    viewer = join(served.actor.workspace, Role.VIEWER)
    _, foreign_key = create_key(stranger, elsewhere.deployment, "Theirs")
    credentials = {
        "nobody": None,
        "stranger's key": foreign_key,
        "stranger's token": token_of(stranger, served.deployment.url),
        "viewer": token_of(viewer, served.deployment.url),
    }
    params: dict[str, Any] = {
        "initialize": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "tests", "version": "1"},
        },
        "tools/call": {"name": "echo", "arguments": {"text": "x"}},
    }

    async def work() -> tuple[set[str], dict[str, dict[str, int]], dict[str, bool]]:
        target = await load_target(served.deployment.slug)
        assert target is not None
        handled = set(Endpoint(target.slug).server_for(target)._request_handlers) | {"initialize", "server/discover"}
        statuses: dict[str, dict[str, int]] = {}
        results: dict[str, bool] = {}
        for method in sorted(handled | set(METHODS)):
            for name, credential in credentials.items():
                headers = {**BOTH, **({"authorization": f"Bearer {credential}"} if credential else {})}
                async with http(headers) as web:
                    answer = await web.post(served.path, json=request(method, params.get(method)))
                statuses.setdefault(name, {})[method] = answer.status_code
                if name == "viewer":
                    results[method] = "result" in answer.json()
        return handled, statuses, results

    handled, statuses, results = in_loop(work)

    assert handled - set(METHODS) == set(), "a method without a row"
    assert set(statuses["nobody"].values()) == {401}
    assert set(statuses["stranger's key"].values()) == {401}
    assert set(statuses["stranger's token"].values()) == {403}
    assert results == METHODS
