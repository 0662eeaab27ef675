"""A tool call: check the arguments, take a place in the rate limit, start the execution, wait, answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from deployments.canary_watch import judge_soon
from deployments.live import watched
from deployments.mcp.exchange import Caller
from deployments.mcp.keys import Used, idempotency_key, used_for_something_else
from deployments.mcp.later import NAME as GET_RESULT
from deployments.mcp.later import get_result
from deployments.mcp.limits import take
from deployments.mcp.results import as_result, error_result
from deployments.mcp.target import Target, ToolBinding
from deployments.mcp.tasks import REQUIRED, created, missing_capability, understands_tasks
from portal.common.clock import utc_now
from portal.common.errors import PortalError
from portal.workspaces.limited import refusal
from workflows.dispatch import Outcome, Start, start_and_wait, start_async
from workflows.models import Execution

logger = logging.getLogger(__name__)
#: Added to a tool's own time limit: the worker enforces the limit, the web process only waits for its word.
PATIENCE_SECONDS = 10.0
#: A result, or in the modern era the extension's own shape of one.
Answer = types.CallToolResult | dict[str, Any]


def _progress_of(event: dict[str, Any], seen: set[str]) -> str | None:
    """A line for the client when an event means that a node got further."""
    kind, node = event["kind"], event.get("node") or ""
    if kind in {"node.succeeded", "node.failed", "node.handled", "node.skipped"}:
        if node in seen:
            return None
        seen.add(node)
        return f"{node}: {kind.removeprefix('node.')}"
    if kind == "node.progress":
        return f"{node}: {event.get('message') or 'working'}"
    return None


async def call_tool(
    ctx: ServerRequestContext[Any, Any], name: str, arguments: dict[str, Any] | None, caller: Caller
) -> Answer:
    """Run the tool of this name; cancelling the call stops the execution, unless it has become a task."""
    target, principal = caller.target, caller.principal
    tool = target.tools.get(name)
    if tool is None:
        if name == GET_RESULT:
            return await get_result(arguments or {}, caller)
        known = ", ".join(target.tools) or "none"
        raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {name[:128]}. Known tools are: {known}.")
    arguments = arguments or {}
    if problems := tool.check(arguments):
        lines = [
            f"The arguments do not fit the tool {tool.name}; nothing was run.",
            *(f"- {item}" for item in problems),
        ]
        data = {"code": "invalid_arguments", "problems": [item.as_dict() for item in problems]}
        return error_result("\n".join(lines), data)
    decision = await take(target, principal, tool.name)
    caller.answer_headers.extend((name.lower().encode(), value.encode()) for name, value in decision.headers())
    caller.limits_taken.set()
    if not decision.is_allowed:
        error = refusal(decision)
        return error_result(error.explain() + f"\nTry again in {decision.whole_seconds} s.", error.as_dict())
    is_task = understands_tasks(ctx)
    if tool.annotations.get("taskSupport") == REQUIRED and not is_task:
        raise missing_capability()
    trial = target.canary.pick(name) if target.canary is not None else None
    tool = trial or tool
    start = _start(target, tool, arguments, caller, ctx.meta)
    if trial is not None and target.canary is not None:
        start.revision_id = target.canary.revision_id
    try:
        if tool.annotations.get("taskSupport") == REQUIRED:
            return await _at_once(start)
        if not _wants_progress(ctx):
            answer = await _finish(tool, start, start_and_wait(start, timeout=_patience(target, tool)), is_task)
        else:
            answer = await _with_progress(ctx, tool, start, _patience(target, tool), is_task)
    except Used as error:
        return error_result(error.explain(), error.as_dict())
    if trial is not None and isinstance(answer, types.CallToolResult) and answer.is_error:
        judge_soon(target.deployment_id)
    return answer


def _patience(target: Target, tool: ToolBinding) -> float:
    """How long a call waits: the server's soft limit, or the tool's own limit where that is shorter."""
    return min(target.soft_timeout_seconds, tool.timeout_seconds + PATIENCE_SECONDS)


async def _at_once(start: Start) -> Answer:
    """A call that is a task from the beginning: the row is committed before the client hears its id."""
    try:
        outcome = await start_async(start)
        await used_for_something_else(outcome, start)
    except Used:
        raise
    except PortalError as error:
        return error_result(error.explain(), error.as_dict())
    return created(outcome.execution_id, utc_now())


def _wants_progress(ctx: ServerRequestContext[Any, Any]) -> bool:
    meta = (ctx.params or {}).get("_meta") if isinstance(ctx.params, dict) else None
    return isinstance(meta, dict) and meta.get("progressToken") is not None


async def _finish(tool: ToolBinding, start: Start, running: Any, is_task: bool) -> Answer:
    try:
        outcome: Outcome = await running
    except PortalError as error:
        return error_result(error.explain(), error.as_dict())
    if start.deployment_id is not None:
        watched().call_ended(start.deployment_id)
    if outcome.replayed:
        await used_for_something_else(outcome, start)
    if is_task and not outcome.is_done:
        return created(outcome.execution_id, utc_now())
    return await as_result(tool, outcome)


async def _with_progress(
    ctx: ServerRequestContext[Any, Any], tool: ToolBinding, start: Start, patience: float, is_task: bool
) -> Answer:
    """As `_finish`, with a progress notification whenever a node gets further."""
    lines: asyncio.Queue[str] = asyncio.Queue(maxsize=1000)
    seen: set[str] = set()

    def on_events(events: list[dict[str, Any]]) -> None:
        for event in events:
            if (line := _progress_of(event, seen)) is not None and not lines.full():
                lines.put_nowait(line)

    async def report() -> None:
        count = 0
        while True:
            line = await lines.get()
            count += 1
            await ctx.session.report_progress(float(count), None, line)
            lines.task_done()

    reporter = asyncio.create_task(report())
    try:
        waiting = start_and_wait(start, timeout=patience, on_events=on_events)
        result = await _finish(tool, start, waiting, is_task)
        # The last events arrive with the result: let them out before the answer, which ends the stream.
        await lines.join()
        return result
    finally:
        reporter.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reporter


def _start(target: Target, tool: ToolBinding, arguments: dict[str, Any], caller: Caller, meta: Any) -> Start:
    principal = caller.principal
    return Start(
        workspace_id=target.workspace_id,
        workflow_id=tool.workflow_id,
        version_id=tool.version_id,
        definition=tool.direct_definition(),
        input=arguments,
        source=Execution.Source.MCP,
        caller={
            "kind": principal.kind,
            "label": principal.label,
            "user_id": str(principal.user_id) if principal.user_id else "",
            "client_name": principal.client_name,
            "client_version": principal.client_version,
            "transport": caller.transport,
            "principal": principal.id,
            **({"headers": caller.headers} if caller.headers else {}),
        },
        user_id=principal.user_id,
        deployment_id=target.deployment_id,
        revision_id=target.revision_id,
        tool=tool.name,
        idempotency_key=idempotency_key(target, tool, arguments, caller, meta),
        queue="interactive",
        timeout_seconds=tool.timeout_seconds,
    )
