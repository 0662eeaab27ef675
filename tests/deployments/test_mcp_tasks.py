"""Answer or task: calls past the soft limit, the tasks extension, `get_result`, repeats, and what `caller` holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from deployments.contracts import contract_of_version
from deployments.models import Deployment
from deployments.services import create_deployment, create_key, deploy
from integrations.services import create_for_each_caller
from portal.workspaces.services import Actor
from tests.deployments.client import MODERN, http, in_loop, modern, sdk_client
from tests.running import ended
from workflows.models import Execution
from workflows.services import create_version, create_workflow

TASKS = {"elicitation": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}}


def graph(*nodes: dict[str, Any], inputs: dict[str, Any] | None = None, output: Any = None) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "inputs": {"type": "object", "properties": inputs or {}},
        "nodes": list(nodes),
        "edges": [{"from": a["id"], "to": b["id"]} for a, b in pairwise(nodes)],
        "output": output or {},
    }


SLOW = graph(
    {"id": "rest", "action": "flow.wait", "params": {"seconds": "{{ input.seconds }}"}},
    {"id": "say", "action": "text.echo", "params": {"text": "done"}},
    inputs={"seconds": {"type": "number", "default": 0}},
    output={"text": "{{ say.text }}"},
)
ASKING = {
    **graph(
        {"id": "one", "action": "flow.approval", "params": {"message": "First?"}},
        {"id": "two", "action": "flow.approval", "params": {"message": "Second?"}},
        output={"one": "{{ one.approved }}", "two": "{{ two.approved }}", "by": "{{ one.by }}"},
    ),
    "edges": [],
}
WHO = graph(
    {
        "id": "say",
        "action": "text.echo",
        "params": {"text": "{{ caller.label }}|{{ caller.client_name }}|{{ default(caller.headers.desk, 0) }}"},
    },
    inputs={"idempotency_key": {"type": "string"}, "text": {"type": "string"}},
    output={"text": "{{ say.text }}"},
)


class Suite:
    """A server with some tools, and requests of the modern era to it."""

    def __init__(self, owner: Actor, soft: float, required: bool = False, **tools: dict[str, Any]) -> None:
        contracts = []
        for name, definition in tools.items():
            workflow = create_workflow(owner, name, definition=definition)
            contract = contract_of_version(create_version(owner, workflow.pk), name=name, title=name, description=name)
            if required:
                contract = replace(contract, annotations={**contract.annotations, "taskSupport": "required"})
            contracts.append(contract)
        self.deployment = create_deployment(owner, "Suite")
        Deployment.objects.filter(pk=self.deployment.pk).update(soft_timeout_seconds=soft)
        self.key = create_key(owner, self.deployment, "suite")[1]
        self.other_key = create_key(owner, self.deployment, "other")[1]
        deploy(owner, self.deployment, contracts)

    async def ask(
        self,
        method: str,
        params: dict[str, Any],
        capabilities: Any = TASKS,
        *,
        name: str = "",
        key: str = "",
        **headers: str,
    ) -> dict[str, Any]:
        body, sent = modern(method, params, name=name or params.get("name", "") or params.get("taskId", ""))
        body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities
        body["params"]["_meta"].update(params.get("_meta", {}))
        async with http({"Authorization": f"Bearer {key or self.key}"}) as web:
            answer = await web.post(f"/mcp/{self.deployment.slug}", json=body, headers={**sent, **headers})
        found: dict[str, Any] = answer.json()
        return found

    async def call(self, tool: str, arguments: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        return await self.ask("tools/call", {"name": tool, "arguments": arguments or {}}, **options)

    async def settled(self, task_id: str, *statuses: str) -> dict[str, Any]:
        for _ in range(150):
            found = (await self.ask("tasks/get", {"taskId": task_id}))["result"]
            if found["status"] in statuses:
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"still {found['status']}")


@pytest.fixture
def suite(owner: Actor, running: Any) -> Callable[..., Suite]:
    return lambda soft=0.3, **options: Suite(owner, soft, **options)


def test_a_long_call_becomes_a_task_and_a_short_one_does_not(suite: Callable[..., Suite]) -> None:
    served = suite(slow=SLOW)

    async def work() -> Any:
        short = (await served.call("slow"))["result"]
        made = (await served.call("slow", {"seconds": 1}))["result"]
        at_once = (await served.ask("tasks/get", {"taskId": made["taskId"]}))["result"]
        return short, made, at_once, await served.settled(made["taskId"], "completed")

    short, made, at_once, end = in_loop(work)
    assert short["resultType"] == "complete" and short["structuredContent"] == {"text": "done"}
    assert made["resultType"] == "task" and made["status"] == "working" and "result" not in made
    assert isinstance(made["ttlMs"], int) and made["pollIntervalMs"] > 0
    assert at_once["taskId"] == made["taskId"] and at_once["resultType"] == "complete"
    assert end["result"]["structuredContent"] == {"text": "done"} and end["result"]["content"]


def test_a_client_without_the_extension_gets_a_handle_and_the_plain_tool(suite: Callable[..., Suite]) -> None:
    served = suite(slow=SLOW)

    async def work() -> Any:
        async with sdk_client(
            f"/mcp/{served.deployment.slug}", {"Authorization": f"Bearer {served.key}"}, "legacy"
        ) as it:
            names = [tool.name for tool in (await it.list_tools()).tools]
            waiting = await it.call_tool("slow", {"seconds": 1})
            handle = waiting.meta["portal/error"]["handle"]
            early = await it.call_tool("get_result", {"id": handle, "wait_seconds": 0})
            late = await it.call_tool("get_result", {"id": handle, "wait_seconds": 20})
            wrong = await it.call_tool("get_result", {"id": "01890000-0000-7000-8000-000000000000"})
            bad = await it.call_tool("get_result", {"id": 5})
        refused = await served.ask("tasks/get", {"taskId": handle}, {})
        foreign = await served.call("get_result", {"id": handle}, key=served.other_key)
        return names, waiting, early, late, wrong, bad, refused, foreign

    names, waiting, early, late, wrong, bad, refused, foreign = in_loop(work)
    assert names == ["slow", "get_result"]
    assert waiting.is_error and "get_result" in waiting.content[0].text
    assert early.is_error and early.meta["portal/error"]["code"] == "still_running"
    assert late.structured_content == {"text": "done"}
    assert wrong.is_error and bad.is_error
    assert refused["error"]["code"] == -32021 and "extensions" in refused["error"]["data"]["requiredCapabilities"]
    assert foreign["result"]["isError"] and "no run" in foreign["result"]["content"][0]["text"]


def test_tasks_are_cancelled_and_belong_to_their_caller(suite: Callable[..., Suite]) -> None:
    served = suite(slow=SLOW)

    async def work() -> Any:
        made = (await served.call("slow", {"seconds": 25}))["result"]["taskId"]
        foreign = await served.ask("tasks/get", {"taskId": made}, key=served.other_key)
        mismatch = await served.ask("tasks/get", {"taskId": made}, name="another")
        ack = await served.ask("tasks/cancel", {"taskId": made})
        end = await served.settled(made, "cancelled")
        again = await served.ask("tasks/cancel", {"taskId": made})
        unknown = await served.ask("tasks/get", {"taskId": "nothing"})
        gone = [await served.ask(method, {"taskId": made}) for method in ("tasks/result", "tasks/list")]
        found = await served.ask("server/discover", {})
        return foreign, mismatch, ack, end, again, unknown, gone, found

    foreign, mismatch, ack, end, again, unknown, gone, found = in_loop(work)
    assert foreign["error"]["code"] == -32602 and unknown["error"]["code"] == -32602
    assert mismatch["error"]["code"] == -32020
    assert ack["result"]["resultType"] == again["result"]["resultType"] == "complete"
    assert not {"taskId", "status", "result"} & ack["result"].keys()
    assert end["status"] == "cancelled"
    assert [answer["error"]["code"] for answer in gone] == [-32601, -32601]
    assert "io.modelcontextprotocol/tasks" in found["result"]["capabilities"]["extensions"]


def test_approvals_are_answered_one_by_one(suite: Callable[..., Suite]) -> None:
    served = suite(ask=ASKING)

    async def work() -> Any:
        made = (await served.call("ask"))["result"]["taskId"]
        both = await served.settled(made, "input_required")
        quiet = (await served.ask("tasks/get", {"taskId": made}, {"extensions": TASKS["extensions"]}))["result"]
        first, second = sorted(both["inputRequests"])
        yes, no = {"action": "accept", "content": {"approved": True}}, {"action": "decline"}
        ack = await served.ask("tasks/update", {"taskId": made, "inputResponses": {first: yes, "unknown": {"x": 1}}})
        left = (await served.ask("tasks/get", {"taskId": made}))["result"]
        wrong = await served.ask("tasks/update", {"taskId": made, "inputResponses": {second: 7}})
        await served.ask("tasks/update", {"taskId": made, "inputResponses": {second: no}})
        return both, quiet, ack, left, wrong, await served.settled(made, "completed")

    both, quiet, ack, left, wrong, end = in_loop(work)
    assert {entry["method"] for entry in both["inputRequests"].values()} == {"elicitation/create"}
    assert quiet["status"] == "working" and "inputRequests" not in quiet
    assert ack["result"]["resultType"] == "complete"
    assert left["status"] == "input_required" and list(left["inputRequests"]) == ["two"]
    assert wrong["error"]["code"] == -32602
    assert end["result"]["structuredContent"] == {"one": True, "two": False, "by": "suite"}


def test_a_tool_may_insist_on_being_a_task(suite: Callable[..., Suite]) -> None:
    served = suite(required=True, soft=30, slow=SLOW)

    async def work() -> Any:
        refused = await served.call("slow", capabilities={})
        made = (await served.call("slow"))["result"]
        return refused, made, await served.settled(made["taskId"], "completed")

    refused, made, end = in_loop(work)
    assert refused["error"]["code"] == -32021
    assert made["resultType"] == "task" and end["result"]["structuredContent"] == {"text": "done"}


def test_repeats_by_meta_header_and_argument_run_once(suite: Callable[..., Suite]) -> None:
    served = suite(soft=20, who=WHO)
    meta = {"_meta": {"io.modelcontextprotocol/idempotencyKey": "k-meta"}}

    async def work() -> Any:
        plain = {"name": "who", "arguments": {"text": "a"}}
        many = await asyncio.gather(*(served.ask("tools/call", {**plain, **meta}) for _ in range(6)))
        other = await served.ask("tools/call", {**plain, **meta, "arguments": {"text": "b"}})
        foreign = await served.ask("tools/call", {**plain, **meta}, key=served.other_key)
        header = [await served.call("who", {"text": "a"}, **{"idempotency-key": "k-head"}) for _ in range(2)]
        argument = [await served.call("who", {"text": "a", "idempotency_key": "k-arg"}) for _ in range(2)]
        return many, other, foreign, header, argument

    many, other, foreign, header, argument = in_loop(work)
    runs = [answer["result"]["_meta"]["portal/execution"] for answer in many]
    assert len(set(runs)) == 1
    assert sum("portal/replayed" in answer["result"]["_meta"] for answer in many) == 5
    assert other["result"]["isError"] and "other arguments" in other["result"]["content"][0]["text"]
    assert (
        foreign["result"]["_meta"]["portal/execution"] not in runs
        and "portal/replayed" not in foreign["result"]["_meta"]
    )
    for pair in (header, argument):
        assert "portal/replayed" not in pair[0]["result"]["_meta"] and pair[1]["result"]["_meta"]["portal/replayed"]
    assert Execution.objects.count() == 4


def test_expressions_see_the_caller(suite: Callable[..., Suite]) -> None:
    served = suite(soft=20, who=WHO)
    answer = in_loop(lambda: served.call("who", {}, **{"x-caller-desk": "7", "authorization": f"Bearer {served.key}"}))
    run = Execution.objects.get()
    assert answer["result"]["structuredContent"] == {"text": "suite|tests|7"}
    assert run.caller["headers"] == {"desk": "7"} and ended(run.pk).caller["principal"]
    assert served.key not in str(run.caller) and MODERN


def test_a_caller_without_an_account_of_its_own_gets_a_link_to_connect_it(
    suite: Callable[..., Suite], owner: Actor
) -> None:
    connection = create_for_each_caller(owner, "kis", "Each caller")
    rank = graph(
        {"id": "rank", "action": "kis.get_volume_ranking", "params": {"count": 3}, "connection": str(connection.pk)},
        output={"rows": "{{ rank.rows }}"},
    )
    served = suite(soft=20, rank=rank)

    result = in_loop(lambda: served.call("rank", capabilities={}))["result"]

    assert result["isError"] and result["_meta"]["portal/error"]["code"] == "missing_connection"
    assert "/connections?connect=kis" in result["content"][0]["text"]
