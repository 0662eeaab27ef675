"""Another MCP server's tools as steps."""

import httpx2
import pytest

from integrations.connectors.mcp_client import sandbox
from integrations.connectors.mcp_client.client import events_of
from integrations.sdk import AuthError, Rejected, Unavailable

SIGNED = {"credential": sandbox.CREDENTIAL}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(sandbox, "sessions", set())


async def test_tools_are_listed_over_pages_and_the_session_is_ended(run):
    found = await run("mcp_client.list_tools", url="/")
    assert [one["name"] for one in found["tools"]] == ["add", "divide", "whoami"] and found["server"] == "sandbox"
    assert found["tools"][0]["read_only"] is True and found["tools"][0]["input_schema"]["required"] == ["a", "b"]
    assert sandbox.sessions == set()


async def test_a_tool_is_called_through_a_stream(run):
    result = await run("mcp_client.call_tool", url="/", tool="add", arguments={"a": 2, "b": 3})
    assert result["data"] == {"sum": 5} and result["text"] == '{"sum": 5}'
    assert (await run("mcp_client.call_tool", SIGNED, url="/", tool="whoami"))["text"] == "signed in"


async def test_an_error_of_a_tool_is_an_error_of_the_step(run):
    with pytest.raises(Rejected, match="division by zero"):
        await run("mcp_client.call_tool", url="/", tool="divide", arguments={"a": 1, "b": 0})
    with pytest.raises(Rejected, match="Unknown tool: nothing"):
        await run("mcp_client.call_tool", url="/", tool="nothing")
    assert sandbox.sessions == set()


async def test_the_secret_goes_to_its_hosts_only(run):
    with pytest.raises(AuthError):
        other = {"credential": {**sandbox.CREDENTIAL, "hosts": "mcp.example.com"}}
        await run("mcp_client.list_tools", other, url="/")


@pytest.mark.parametrize(
    "answer",
    [
        {"jsonrpc": "2.0", "id": 99, "result": {}},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": 1, "result": []},
        [],
        {"hello": "world"},
    ],
)
async def test_what_is_no_mcp_server_is_told(run, answer):
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=answer))
    with pytest.raises(Unavailable) as caught:
        await run("mcp_client.list_tools", {"transport": transport}, url="/")
    assert caught.value.error_code == "broken_answer"


async def test_an_unknown_revision_is_refused(run):
    answer = {"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "1999-01-01"}}
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=answer))
    with pytest.raises(Rejected, match="1999-01-01"):
        await run("mcp_client.list_tools", {"transport": transport}, url="/")


def test_event_streams_are_read():
    assert events_of("data: a\ndata: b\n\n: note\r\n\r\ndata:c\r\n\r\nid: 1\n\n") == ["a\nb", "c"]


@pytest.mark.parametrize("json_response", [True, False], ids=["json", "stream"])
@pytest.mark.parametrize("stateless", [True, False], ids=["stateless", "sessions"])
async def test_a_server_of_the_official_sdk_is_understood(run, stateless, json_response):
    from mcp.server import MCPServer

    server = MCPServer("real")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Adds."""
        return a + b

    app = server.streamable_http_app(
        streamable_http_path="/mcp_client/", stateless_http=stateless, json_response=json_response
    )
    async with server.session_manager.run():
        options = {"transport": httpx2.ASGITransport(app=app)}
        tools = await run("mcp_client.list_tools", options, url="/")
        result = await run("mcp_client.call_tool", options, url="/", tool="add", arguments={"a": 1, "b": 2})
    assert [one["name"] for one in tools["tools"]] == ["add"] and result["data"] == {"result": 3}
