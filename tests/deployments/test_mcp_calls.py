"""Tool calls through the real endpoint: official SDK client in front, the worker's real code behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from deployments.contracts import contract_of_action, contract_of_version
from deployments.services import create_deployment, create_key, deploy
from tests.deployments.client import BOTH, http, in_loop, modern, request, sdk_client
from tests.deployments.conftest import Served
from tests.running import ended, wait_until
from workflows.models import Execution
from workflows.services import create_version, create_workflow

Serve = Callable[..., Served]


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
def test_a_tool_is_listed_and_called_in_every_era(serve: Serve, mode: str) -> None:
    served = serve("fan3")

    async def work() -> Any:
        async with sdk_client(served.path, served.headers, mode) as client:
            tools = (await client.list_tools()).tools
            return tools, await client.call_tool("fan3", {"text": "ab"})

    tools, result = in_loop(work)

    (tool,) = tools
    assert tool.name == "fan3"
    assert tool.annotations.read_only_hint is True and tool.annotations.destructive_hint is False
    assert tool.output_schema["properties"].keys() == {"text", "length"}
    assert not result.is_error
    assert result.structured_content == {"text": "ab / AB / 2", "length": 2}
    assert '"AB' not in result.content[0].text and '"length":2' in result.content[0].text


def test_a_call_is_stored_with_caller_tool_and_outcome(serve: Serve) -> None:
    served = serve()

    async def work() -> Any:
        async with sdk_client(served.path, served.headers, "legacy") as client:
            return await client.call_tool("echo", {"text": "hello"})

    in_loop(work)

    execution = Execution.objects.get()
    assert (execution.state, execution.tool, execution.source) == ("succeeded", "echo", "mcp")
    assert execution.deployment_id == served.deployment.pk
    assert execution.revision_id == served.deployment.live_revision_id
    assert execution.caller["label"] == "First key"
    assert execution.caller["client_name"], "the client's own name travels in the session id"
    assert execution.finished_at >= execution.created_at


def test_wrong_arguments_name_field_and_remedy_and_start_nothing(serve: Serve) -> None:
    served = serve()

    async def work() -> Any:
        async with sdk_client(served.path, served.headers) as client:
            return [await client.call_tool("echo", arguments) for arguments in ({}, {"text": 1}, {"text": "a", "x": 1})]

    missing, mistyped, unknown = in_loop(work)

    assert missing.is_error and "text: This field is required." in missing.content[0].text
    assert mistyped.is_error and "type string" in mistyped.content[0].text
    assert unknown.is_error and "known fields are: text" in unknown.content[0].text
    assert not Execution.objects.exists()


def test_an_unknown_tool_is_a_protocol_error(serve: Serve) -> None:
    served = serve()

    async def work() -> Any:
        async with http(served.headers) as web:
            body, headers = modern("tools/call", {"name": "nope", "arguments": {}}, name="nope")
            return (await web.post(served.path, json=body, headers=headers)).json()

    answer = in_loop(work)

    assert answer["error"]["code"] == -32602
    assert "echo" in answer["error"]["message"]


def test_progress_is_reported_per_node(serve: Serve) -> None:
    served = serve("fan3")
    seen: list[str] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append(message or "")

    async def work() -> Any:
        results = []
        for mode in ("legacy", "2026-07-28"):
            async with sdk_client(served.path, served.headers, mode) as client:
                results.append(await client.call_tool("fan3", {"text": "a"}, progress_callback=on_progress))
        return results

    results = in_loop(work)

    assert all(not result.is_error for result in results)
    assert sorted(seen) == sorted(2 * [f"{node}: succeeded" for node in ("same", "upper", "size", "join")])


def _slow_server(served: Served) -> Served:
    """A server of the same owner whose tool sleeps for 30 seconds."""
    definition = {
        "schema_version": 1,
        "inputs": {"type": "object", "properties": {}},
        "nodes": [{"id": "nap", "action": "flow.wait", "params": {"seconds": 25}}],
        "edges": [],
        "output": {"done": True},
    }
    workflow = create_workflow(served.actor, "Slow", definition=definition)
    contract = contract_of_version(
        create_version(served.actor, workflow.pk), name="slow", title="Slow", description="Sleeps"
    )
    deployment = create_deployment(served.actor, "Slow server")
    deploy(served.actor, deployment, [contract])
    return Served(served.actor, deployment, create_key(served.actor, deployment, "k")[1])


def _call_and_leave(served: Served, mode: str) -> None:
    async def work() -> None:
        async with sdk_client(served.path, served.headers, mode) as client:
            call = asyncio.create_task(client.call_tool("slow", {}))
            for _ in range(200):
                await asyncio.sleep(0.05)
                if await Execution.objects.filter(tool="slow", state="running").aexists():
                    break
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            await asyncio.sleep(0.2)

    in_loop(work)


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_a_client_that_cancels_stops_the_run(serve: Serve, mode: str) -> None:
    served = _slow_server(serve())

    _call_and_leave(served, mode)

    execution = Execution.objects.get(tool="slow")
    assert ended(execution.pk).state == "cancelled"


def test_a_failed_run_is_an_error_result_with_the_remedy(serve: Serve) -> None:
    served = serve()
    definition = {
        "schema_version": 1,
        "inputs": {"type": "object", "properties": {}},
        "nodes": [{"id": "stop", "action": "flow.stop", "params": {"message": "The shelf is empty."}}],
        "edges": [],
    }
    workflow = create_workflow(served.actor, "Stops", definition=definition)
    contract = contract_of_version(
        create_version(served.actor, workflow.pk), name="stops", title="S", description="Stops"
    )
    deploy(served.actor, served.deployment, [contract])

    async def work() -> Any:
        async with sdk_client(served.path, served.headers) as client:
            return await client.call_tool("stops", {})

    result = in_loop(work)

    assert result.is_error
    assert "The shelf is empty." in result.content[0].text


def test_an_action_can_be_a_tool_without_a_workflow(serve: Serve) -> None:
    served = serve()
    contract = contract_of_action("text.upper", name="shout", fixed_params={})
    deploy(served.actor, served.deployment, [contract])

    async def work() -> Any:
        async with sdk_client(served.path, served.headers) as client:
            return await client.call_tool("shout", {"text": "hey"})

    result = in_loop(work)

    assert result.structured_content == {"text": "HEY"}
    assert Execution.objects.get().workflow is None


def test_a_repeated_call_with_one_idempotency_key_runs_once(serve: Serve) -> None:
    served = serve()
    body = request("tools/call", {"name": "echo", "arguments": {"text": "once"}})

    async def work() -> list[dict[str, Any]]:
        headers = {**served.headers, **BOTH, "idempotency-key": "abc"}
        async with http(headers) as web:
            answers = await asyncio.gather(*(web.post(served.path, json=body) for _ in range(5)))
        return [answer.json()["result"] for answer in answers]

    results = in_loop(work)

    assert Execution.objects.count() == 1
    assert all(result["structuredContent"] == {"text": "once"} for result in results)
    assert sum("portal/replayed" in result["_meta"] for result in results) == 4


def test_a_busy_server_says_when_to_come_back(serve: Serve) -> None:
    served = serve()
    served.deployment.rate_limit = 2
    served.deployment.save()

    async def work() -> list[Any]:
        async with sdk_client(served.path, served.headers) as client:
            return [await client.call_tool("echo", {"text": "x"}) for _ in range(3)]

    results = in_loop(work)

    assert [result.is_error for result in results] == [False, False, True]
    assert "Try again in" in results[2].content[0].text
    assert Execution.objects.count() == 2


def test_the_output_of_a_run_meets_its_schema_or_is_an_error(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve()
    tool = served.deployment.live_revision.tools.get()
    tool.output_schema = {"type": "object", "properties": {"text": {"type": "integer"}}}
    tool.save()

    async def work() -> Any:
        async with http({**served.headers, **BOTH}) as web:
            body = request("tools/call", {"name": "echo", "arguments": {"text": "x"}})
            return (await web.post(served.path, json=body)).json()["result"]

    result = in_loop(work)

    assert result["isError"] is True
    assert "promised form" in result["content"][0]["text"]


def test_a_dropped_modern_connection_stops_the_run(serve: Serve) -> None:
    served = _slow_server(serve())
    body, headers = modern("tools/call", {"name": "slow", "arguments": {}}, name="slow")

    async def work() -> None:
        async with http({**served.headers, **headers}) as web:
            call = asyncio.create_task(web.post(served.path, json=body))
            for _ in range(200):
                await asyncio.sleep(0.05)
                if await Execution.objects.filter(tool="slow", state="running").aexists():
                    break
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            await asyncio.sleep(0.3)

    in_loop(work)
    wait_until(lambda: Execution.objects.get(tool="slow").is_done)

    assert Execution.objects.get(tool="slow").state == "cancelled"
