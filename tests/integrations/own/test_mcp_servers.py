"""Servers of the official SDK as connectors: every transport and era, and two of them behind one server of ours."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from django.utils import timezone
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from starlette.applications import Starlette

from deployments.contracts import contract_of_action, contract_of_version
from deployments.services import create_deployment, create_key, deploy
from integrations.models import WorkspaceConnector
from integrations.own import connectors, services
from integrations.runtime import run_action
from integrations.sdk import AuthError, Rejected, Unavailable
from integrations.services import create_connection
from portal.common.bridge import run_async
from portal.common.http import Policy
from tests.deployments.client import in_loop, sdk_client
from tests.people import make_owner
from tests.running import wait_until, worker_in_process
from workflows.services import create_version, create_workflow


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The application on a free port of this machine."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def adder() -> MCPServer:
    server = MCPServer("Adder", title="The adder")

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def add(a: int, b: int) -> int:
        """Adds two numbers."""
        return a + b

    @server.tool(name="Fail-always")
    def fail() -> str:
        """Fails."""
        raise ToolError("not today")

    return server


def doubler() -> MCPServer:
    server = MCPServer("Doubler")

    @server.tool(structured_output=False)
    def double(text: str) -> str:
        """Says a text twice."""
        return text * 2

    return server


def streamable(server: MCPServer) -> Starlette:
    return server.streamable_http_app()


def with_events(server: MCPServer) -> Starlette:
    return server.sse_app()


PLACES: dict[str, tuple[Callable[[MCPServer], Starlette], str]] = {
    "http": (streamable, "/mcp"),
    "sse": (with_events, "/sse"),
}


@pytest.fixture(autouse=True)
def _reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine counts as a public host, as an operator may say."""
    # The module is hidden behind the function of its name.
    module = sys.modules["portal.common.http.client"]
    monkeypatch.setattr(module, "default_policy", lambda: Policy(("127.0.0.1/32",)))
    monkeypatch.setattr(connectors, "_known", {})


def run(row: WorkspaceConnector, name: str, credential: Any = None, /, **params: Any) -> Any:
    connectors.find(row.key)
    return run_async(
        lambda: run_action(f"{row.key}.{name}", params, credential=credential, workspace_id=str(row.workspace_id))
    )


@pytest.mark.parametrize("transport", PLACES)
def test_tools_become_actions_and_are_called(db: None, transport: str) -> None:
    make, path = PLACES[transport]
    with serving(make(adder())) as base:
        row = services.create_from_server(make_owner(), address=f"{base}{path}")
        spec = services.spec_of(row)
        assert spec.transport == transport and row.title == "127.0.0.1"
        assert [(one.name, one.source, one.effect) for one in spec.actions] == [
            ("add", "add", "read"),
            ("fail_always", "Fail-always", "write"),
        ]
        assert run(row, "add", a=2, b=3) == {"result": 5}
        with pytest.raises(Rejected, match="not today"):
            run(row, "fail_always")


def test_tools_are_refreshed_and_words_stay(db: None) -> None:
    server = adder()
    owner = make_owner()
    with serving(streamable(server)) as base:
        row = services.create_from_server(owner, address=f"{base}/mcp")
        row = services.edit_action(owner, row, "add", {"name": "plus", "description": "Plus."})
        server.remove_tool("Fail-always")

        @server.tool()
        def negate(a: int) -> int:
            """Turns the sign."""
            return -a

        row = services.refresh(owner, row)
        spec = services.spec_of(row)
        assert [(one.name, one.gone) for one in spec.actions] == [("plus", False), ("fail_always", True)]
        assert [tool["name"] for tool in spec.tools] == ["add", "negate"]
        row = services.add_actions(owner, row, ["negate"])
        assert run(row, "plus", a=1, b=1) == {"result": 2} and run(row, "negate", a=4) == {"result": -4}


def test_beat_looks_again_at_tools_that_were_read_long_ago(db: None) -> None:
    server = adder()
    with serving(streamable(server)) as base:
        row = services.create_from_server(make_owner(), address=f"{base}/mcp")
        server.remove_tool("Fail-always")
        assert services.refresh_tools_due() == {"refreshed": 1, "failed": 0}
        assert services.refresh_tools_due() == {"refreshed": 0, "failed": 0}
    row.refresh_from_db()
    assert [one.name for one in services.spec_of(row).actions if one.gone] == ["fail_always"]
    WorkspaceConnector.objects.update(checked_at=timezone.now() - services.TOOLS_KEPT)
    assert services.refresh_tools_due() == {"refreshed": 0, "failed": 1}
    row.refresh_from_db()
    assert row.refresh_error and services.spec_of(row).actions, "what was there stays"


class Guarded:
    """Lets nobody in without the token."""

    def __init__(self, app: Any, status: int = 401) -> None:
        self.app, self.status = app, status

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or (b"x-api-key", b"open") in scope["headers"]:
            await self.app(scope, receive, send)
            return
        headers = [(b"retry-after", b"7")] if self.status == 429 else []
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def test_a_server_behind_a_key_is_read_once_the_key_is_there(db: None) -> None:
    owner = make_owner()
    with serving(Guarded(streamable(adder()))) as base:
        row = services.create_from_server(owner, address=f"{base}/mcp", kind="header", header="X-API-Key")
        with pytest.raises(AuthError, match="needs a connection"):
            services.refresh(owner, row)
        wrong = create_connection(owner, row.key, "Wrong", {"api_key": "shut"})
        with pytest.raises(AuthError, match="does not accept the credential"):
            services.refresh(owner, row)
        wrong.delete()
        create_connection(owner, row.key, "Right", {"api_key": "open"})
        row = services.add_actions(owner, services.refresh(owner, row), ["add"])
        assert row.refresh_error == ""
        assert run(row, "add", {"api_key": "open"}, a=1, b=2) == {"result": 3}
        with pytest.raises(AuthError):
            run(row, "add", {"api_key": "shut"}, a=1, b=2)


@pytest.mark.parametrize(("status", "code"), [(403, "not_allowed"), (429, "rate_limited"), (500, "unavailable")])
def test_what_http_says_becomes_our_error(db: None, status: int, code: str) -> None:
    with serving(Guarded(streamable(adder()), status)) as base, pytest.raises(Exception) as caught:
        services.create_from_server(make_owner(), address=f"{base}/mcp")
    assert caught.value.error_code == code  # type: ignore[attr-defined]


def test_what_is_no_server_is_told(db: None) -> None:
    with serving(Starlette()) as base, pytest.raises((Rejected, Unavailable)):
        services.create_from_server(make_owner(), address=f"{base}/nothing")
    assert WorkspaceConnector.objects.get().refresh_error


def test_two_servers_of_others_are_one_server_of_ours(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that chains both, and a tool of each, called by a real client."""
    with (
        serving(streamable(adder())) as first,
        serving(with_events(doubler())) as second,
        worker_in_process(monkeypatch),
    ):
        owner = make_owner()
        one = services.create_from_server(owner, address=f"{first}/mcp", title="Adder")
        two = services.create_from_server(owner, address=f"{second}/sse", title="Doubler")
        definition = {
            "schema_version": 1,
            "inputs": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            "nodes": [
                {"id": "sum", "action": f"{one.key}.add", "params": {"a": "{{ input.a }}", "b": 40}},
                {"id": "twice", "action": f"{two.key}.double", "params": {"text": "{{ str(sum.result) }}"}},
            ],
            "edges": [{"from": "sum", "to": "twice"}],
            "output": {"said": "{{ twice.text }}"},
        }
        workflow = create_workflow(owner, "Both", definition=definition)
        version = create_version(owner, workflow.pk)
        server = create_deployment(owner, "Composed")
        contracts = [
            contract_of_version(version, name="add_and_double", title="Both", description="Adds 40, says it twice."),
            contract_of_action(f"{one.key}.add", name="add"),
            contract_of_action(f"{two.key}.double", name="double"),
        ]
        deploy(owner, server, contracts)
        _, key = create_key(owner, server, "Key")

        async def work() -> Any:
            async with sdk_client(f"/mcp/{server.slug}", {"Authorization": f"Bearer {key}"}) as client:
                tools = {tool.name: tool for tool in (await client.list_tools()).tools}
                return (
                    tools,
                    await client.call_tool("add_and_double", {"a": 2}),
                    await client.call_tool("add", {"a": 1, "b": 1}),
                    await client.call_tool("double", {"text": "x"}),
                    await client.call_tool("add", {"a": "one", "b": 1}),
                )

        tools, chained, added, doubled, wrong = in_loop(work)
        assert tools.keys() == {"add_and_double", "add", "double"}
        assert tools["add"].annotations.read_only_hint is True
        assert tools["double"].annotations.read_only_hint is False
        assert chained.structured_content == {"said": "4242"}, chained
        assert added.structured_content == {"result": 2}
        assert doubled.structured_content["text"] == "xx"
        assert wrong.is_error
