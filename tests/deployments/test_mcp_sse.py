"""HTTP+SSE for older clients, with the GET on one web process and the POST on another."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn
from mcp import Client
from mcp.client.sse import sse_client

from deployments.contracts import contract_of_action
from deployments.mcp.app import mcp_app, shut_down
from deployments.models import Deployment
from deployments.services import deploy
from tests.deployments.client import request
from tests.deployments.conftest import Served
from tests.running import wait_until
from workflows.models import Execution


@contextmanager
def web_process() -> Iterator[str]:
    """A uvicorn server on its own thread and event loop: what another web process is to this one."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await shut_down()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await mcp_app(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def test_an_sdk_client_lists_and_calls_over_sse(serve: Callable[..., Served]) -> None:
    served = serve()

    async def work(base: str) -> Any:
        async with Client(sse_client(f"{base}{served.path}/sse", headers=served.headers), mode="legacy") as client:
            tools = (await client.list_tools()).tools
            return tools, await client.call_tool("echo", {"text": "old friend"})

    with web_process() as base:
        tools, result = asyncio.run(work(base))

    assert [tool.name for tool in tools] == ["echo"]
    assert result.structured_content == {"text": "old friend"}
    caller = Execution.objects.get().caller
    assert caller["transport"] == "sse" and caller["client_name"]


class Listener:
    """Reads the events of a stream in the background."""

    def __init__(self, base: str, served: Served) -> None:
        self.events: list[tuple[str, str]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(f"{base}{served.path}/sse", served.headers))
        self._thread.start()

    def _read(self, url: str, headers: dict[str, str]) -> None:
        name = ""
        with httpx2.Client(trust_env=False, timeout=30) as web, web.stream("GET", url, headers=headers) as stream:
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    self.events.append((name, line[6:]))
                if self._stop.is_set():
                    return

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(data) for name, data in self.events if name == "message"]

    @property
    def messages_url(self) -> str:
        wait_until(lambda: bool(self.events))
        return self.events[0][1]

    def close(self) -> None:
        self._stop.set()


def test_messages_may_arrive_at_another_process_than_the_stream(serve: Callable[..., Served]) -> None:
    served = serve()
    params = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "old", "version": "3"}}
    with web_process() as first, web_process() as second:
        listener = Listener(first, served)
        url = second + listener.messages_url
        with httpx2.Client(headers=served.headers, trust_env=False, timeout=30) as web:
            assert web.post(url, json=request("initialize", params)).status_code == 202
            wait_until(lambda: len(listener.messages()) == 1)
            bad = web.post(url, content=b"{broken")
            for number in range(2, 42):
                call = request("tools/call", {"name": "echo", "arguments": {"text": str(number)}}, id=number)
                assert web.post((first if number % 2 else second) + listener.messages_url, json=call).status_code == 202
            wait_until(lambda: len(listener.messages()) == 41)
            foreign = web.post(url, json=request("ping"), headers={"authorization": "Bearer mcpk_x"})
            # One more message ends the reader, which looks at its flag after each line.
            listener.close()
            web.post(url, json=request("ping", id=99))

    answers = {message["id"]: message for message in listener.messages()}
    assert answers[1]["result"]["protocolVersion"] == "2024-11-05"
    assert all(answers[n]["result"]["structuredContent"] == {"text": str(n)} for n in range(2, 42))
    assert bad.status_code == 400 and foreign.status_code == 401
    assert Execution.objects.first().caller["client_name"] == "old"


def test_the_receipt_of_a_call_says_what_is_left_of_the_limits(serve: Callable[..., Served]) -> None:
    served = serve()
    Deployment.objects.update(rate_limit=2)
    with web_process() as base:
        listener = Listener(base, served)
        with httpx2.Client(headers=served.headers, trust_env=False, timeout=30) as web:
            url = base + listener.messages_url
            calls = [
                web.post(url, json=request("tools/call", {"name": "echo", "arguments": {"text": "x"}}, id=number))
                for number in range(3)
            ]
            wrong = web.post(url, json=request("tools/call", {"name": "echo", "arguments": {"text": 1}}, id=8))
            ping = web.post(url, json=request("ping", id=9))
            wait_until(lambda: len(listener.messages()) == 5)
            listener.close()
            web.post(url, json=request("ping", id=99))

    assert [answer.status_code for answer in (*calls, wrong, ping)] == [202] * 5
    assert all(answer.headers["ratelimit-policy"].startswith('"server";q=2;w=60') for answer in calls)
    assert [answer.headers["ratelimit"].split(";")[1] for answer in calls] == ["r=1", "r=0", "r=0"]
    assert "retry-after" not in calls[1].headers and int(calls[2].headers["retry-after"]) > 0
    refused = next(message for message in listener.messages() if message["id"] == 2)
    assert refused["result"]["isError"] is True
    # What takes nothing from the limits tells nothing of them.
    assert "ratelimit" not in wrong.headers and "ratelimit" not in ping.headers


def test_a_deploy_tells_open_clients_that_the_tools_changed(serve: Callable[..., Served]) -> None:
    served = serve()
    with web_process() as base:
        listener = Listener(base, served)
        assert listener.messages_url

        deploy(served.actor, served.deployment, [contract_of_action("text.upper", name="shout")])
        wait_until(lambda: bool(listener.messages()))
        listener.close()

        with httpx2.Client(headers=served.headers, trust_env=False, timeout=30) as web:
            web.post(base + listener.messages_url, json=request("tools/list"))
            wait_until(lambda: len(listener.messages()) >= 2 or not listener._thread.is_alive())

    assert listener.messages()[0]["method"] == "notifications/tools/list_changed"
