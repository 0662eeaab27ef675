"""The log socket: whoever opens it, whenever, however often it breaks, sees every line once and in order."""

from __future__ import annotations

import asyncio
from typing import Any

from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from portal.workspaces.services import Actor
from tests.people import make_owner
from tests.running import close_loop, ended
from workflows.selectors import events_of
from workflows.services import create_workflow, start_execution
from workflows.sockets import urlpatterns

DEFINITION = {
    "schema_version": 1,
    "inputs": {"type": "object", "properties": {}},
    "nodes": [
        {
            "id": "each",
            "action": "flow.map",
            "params": {"items": "{{ list(range(60)) }}", "concurrency": 3},
            "body": {
                "nodes": [
                    {"id": "nap", "action": "flow.wait", "params": {"seconds": 0.05}},
                    {"id": "say", "action": "text.echo", "params": {"text": "{{ str(item) }}"}},
                ],
                "edges": [{"from": "nap", "to": "say"}],
            },
        }
    ],
    "edges": [],
}


def socket(user: Any, execution_id: Any, after: int = 0) -> WebsocketCommunicator:
    communicator = WebsocketCommunicator(URLRouter(urlpatterns), f"/ws/executions/{execution_id}?after={after}")
    communicator.scope["user"] = user
    return communicator


async def receive(communicator: WebsocketCommunicator, seconds: float) -> list[dict[str, Any]]:
    """The events of the next message, none when nothing comes in time."""
    if await communicator.receive_nothing(timeout=seconds, interval=0.01):
        return []
    return (await communicator.receive_json_from())["events"]


async def read_to_the_end(user: Any, execution_id: Any, *, cuts: int = 0) -> list[dict[str, Any]]:
    """Everything a browser shows that reconnects `cuts` times on the way."""
    seen: list[dict[str, Any]] = []
    quiet = 0
    while not seen or seen[-1]["kind"] not in {"run.succeeded", "run.failed"}:
        communicator = socket(user, execution_id, after=seen[-1]["seq"] if seen else 0)
        assert (await communicator.connect())[0]
        messages = 0
        while True:
            events = await receive(communicator, 0.5)
            seen += events
            messages += 1
            quiet = 0 if events else quiet + 1
            assert quiet < 60, "the stream dried up"
            if seen and seen[-1]["kind"] in {"run.succeeded", "run.failed"}:
                break
            if cuts and messages >= 1:
                cuts -= 1
                break
        await communicator.disconnect()
    return seen


def test_a_socket_that_is_cut_fifty_times_shows_every_line_once(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Long", definition=DEFINITION)
    identifier = start_execution(owner, workflow).execution_id

    async def watch() -> Any:
        try:
            return await asyncio.gather(
                read_to_the_end(owner.user, identifier), read_to_the_end(owner.user, identifier, cuts=50)
            )
        finally:
            await close_loop()

    steady, cut = asyncio.run(watch())

    execution = ended(identifier)
    assert execution.state == "succeeded", execution.error
    stored = [event["seq"] for event in events_of(identifier, limit=10_000)]
    assert [event["seq"] for event in steady] == stored
    assert [event["seq"] for event in cut] == stored
    assert len(stored) > 120


def test_opening_after_the_end_shows_the_whole_story(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Long", definition=DEFINITION)
    identifier = start_execution(owner, workflow).execution_id
    ended(identifier)

    async def watch() -> Any:
        try:
            return await read_to_the_end(owner.user, identifier)
        finally:
            await close_loop()

    seen = asyncio.run(watch())

    assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))


def test_strangers_and_nobody_are_turned_away(owner: Actor, running: Any) -> None:
    workflow = create_workflow(owner, "Long", definition={**DEFINITION, "nodes": [
        {"id": "a", "action": "text.echo", "params": {"text": "x"}}]})  # fmt: skip
    identifier = start_execution(owner, workflow).execution_id
    ended(identifier)
    stranger = make_owner("stranger").user

    async def codes() -> list[int]:
        found = []
        try:
            for user in (stranger, AnonymousUser()):
                communicator = socket(user, identifier)
                await communicator.connect()
                found.append((await communicator.receive_output(5))["code"])
        finally:
            await close_loop()
        return found

    assert asyncio.run(codes()) == [4404, 4401]
