"""The same server over stdin and stdout."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from deployments.mcp.stdio import StdioServer
from deployments.mcp.target import announce_async
from deployments.services import set_state
from portal.common.errors import NotFound
from tests.deployments.client import in_loop, modern, request
from tests.deployments.conftest import Served
from tests.deployments.test_mcp_sse import web_process
from workflows.models import Execution

INITIALIZE = request(
    "initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "desk", "version": "2"}}
)


async def talk(slug: str, *messages: dict[str, Any] | bytes, answers: int) -> list[dict[str, Any]]:
    """Send messages and collect that many lines."""
    written: list[dict[str, Any]] = []
    enough = asyncio.Event()

    def write(message: dict[str, Any]) -> None:
        written.append(json.loads(json.dumps(message)))
        if len(written) >= answers:
            enough.set()

    server = StdioServer(slug, write)
    await server.start()
    for message in messages:
        server.take(message if isinstance(message, bytes) else json.dumps(message).encode())
        if not isinstance(message, bytes) and message["method"] == "initialize":
            while not written:
                await asyncio.sleep(0.01)
    await asyncio.wait_for(enough.wait(), 30)
    return written


def test_a_local_client_lists_and_calls(serve: Callable[..., Served]) -> None:
    served = serve()
    call = request("tools/call", {"name": "echo", "arguments": {"text": "near"}}, id=3)

    answers = in_loop(
        lambda: talk(served.deployment.slug, INITIALIZE, request("tools/list", id=2), call, b"{broken", answers=4)
    )

    by_id = {answer["id"]: answer for answer in answers}
    assert by_id[1]["result"]["protocolVersion"] == "2025-06-18"
    assert by_id[2]["result"]["tools"][0]["name"] == "echo"
    assert by_id[3]["result"]["structuredContent"] == {"text": "near"}
    assert by_id[None]["error"]["code"] == -32700
    caller = Execution.objects.get().caller
    assert (caller["transport"], caller["client_name"]) == ("stdio", "desk")


def test_a_modern_client_needs_no_handshake_and_hears_of_changes(serve: Callable[..., Served]) -> None:
    served = serve()
    body, _ = modern("tools/call", {"name": "echo", "arguments": {"text": "now"}}, name="echo")

    async def work() -> list[dict[str, Any]]:
        talking = asyncio.create_task(talk(served.deployment.slug, body, answers=2))
        await asyncio.sleep(2)
        await announce_async(served.deployment.slug, tools_changed=True)
        return await talking

    answers = in_loop(work)

    assert answers[0]["result"]["structuredContent"] == {"text": "now"}
    assert answers[1]["method"] == "notifications/tools/list_changed"


def test_a_server_that_is_not_live_is_not_served(serve: Callable[..., Served]) -> None:
    served = serve()
    set_state(served.actor, served.deployment, "paused")

    with pytest.raises(NotFound):
        in_loop(lambda: talk(served.deployment.slug, answers=0))


def test_a_modern_listener_hears_of_a_deploy(serve: Callable[..., Served]) -> None:
    served = serve()
    body, headers = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})

    # The in-process transport hands over whole answers only, so this goes through a real server.
    with web_process() as base:
        seen: list[str] = []

        async def hear() -> None:
            async with (
                httpx2.AsyncClient(headers={**served.headers, **headers}, trust_env=False, timeout=30) as web,
                web.stream("POST", f"{base}{served.path}", json=body) as stream,
            ):
                async for line in stream.aiter_lines():
                    if line.startswith("data: "):
                        seen.append(json.loads(line[6:])["method"])
                        if len(seen) == 1:
                            await announce_async(served.deployment.slug, tools_changed=True)
                    if len(seen) == 2:
                        return

        in_loop(lambda: asyncio.wait_for(hear(), 30))

    assert seen == ["notifications/subscriptions/acknowledged", "notifications/tools/list_changed"]
