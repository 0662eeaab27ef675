"""A tool call: check the arguments, take a place in the rate limit, start the execution, wait, answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import mcp_types as types
import orjson
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from deployments.mcp.exchange import Caller
from deployments.mcp.limits import take
from deployments.mcp.target import Target, ToolBinding
from portal.common.errors import PortalError
from portal.workspaces.limited import refusal
from workflows.dispatch import Outcome, Start, start_and_wait
from workflows.models import Execution

logger = logging.getLogger(__name__)
#: Added to a tool's own time limit: the worker enforces the limit, the web process only waits for its word.
PATIENCE_SECONDS = 10.0


def error_result(text: str, data: dict[str, Any] | None = None) -> types.CallToolResult:
    """A failed call as the protocol wants it: in the result, with words a model can act on."""
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        is_error=True,
        _meta={"portal/error": data} if data else None,
    )


def explain(error: dict[str, Any]) -> str:
    """A stored error as text: message, field problems, remedy."""
    lines = [str(error.get("message", "The run failed."))]
    for problem in error.get("problems") or ():
        field = f"{problem['field']}: " if problem.get("field") else ""
        lines.append(f"- {field}{problem['message']} {problem.get('remedy', '')}".rstrip())
    if error.get("remedy"):
        lines.append(str(error["remedy"]))
    if error.get("retry_after") is not None:
        lines.append(f"Try again in {float(error['retry_after']):.0f} s.")
    return "\n".join(lines)


def success_result(tool: ToolBinding, outcome: Outcome) -> types.CallToolResult:
    """Structured content that meets the output schema, and the same JSON as text for older clients."""
    output = outcome.output
    meta = {"portal/execution": str(outcome.execution_id)}
    if outcome.replayed:
        meta["portal/replayed"] = "true"
    if not tool.output_fits(output):
        logger.error("Execution %s does not meet the output schema of %s", outcome.execution_id, tool.name)
        return error_result(
            "The run succeeded, but its result does not have the promised form.\n"
            "Tell the owner of this server to deploy the workflow again.",
            {"code": "output_mismatch", "execution": str(outcome.execution_id)},
        )
    text = output if isinstance(output, str) else orjson.dumps(output).decode()
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content=output if isinstance(output, dict) else None,
        _meta=meta,
    )


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
) -> types.CallToolResult:
    """Run the tool of this name; cancelling the call stops the execution."""
    target, principal = caller.target, caller.principal
    tool = target.tools.get(name)
    if tool is None:
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
    if not decision.is_allowed:
        error = refusal(decision)
        return error_result(error.explain() + f"\nTry again in {decision.whole_seconds} s.", error.as_dict())
    start = _start(target, tool, arguments, caller)
    if not _wants_progress(ctx):
        return await _finish(tool, start_and_wait(start, timeout=tool.timeout_seconds + PATIENCE_SECONDS))
    return await _with_progress(ctx, tool, start)


def _wants_progress(ctx: ServerRequestContext[Any, Any]) -> bool:
    meta = (ctx.params or {}).get("_meta") if isinstance(ctx.params, dict) else None
    return isinstance(meta, dict) and meta.get("progressToken") is not None


async def _finish(tool: ToolBinding, running: Any) -> types.CallToolResult:
    try:
        outcome: Outcome = await running
    except PortalError as error:
        return error_result(error.explain(), error.as_dict())
    if outcome.state == Execution.State.SUCCEEDED:
        return success_result(tool, outcome)
    reference = {"execution": str(outcome.execution_id)}
    if outcome.state == Execution.State.FAILED:
        stored = outcome.error or {}
        return error_result(explain(stored), {**stored, **reference})
    if outcome.state == Execution.State.CANCELLED:
        return error_result("The run was stopped.", {"code": "cancelled", **reference})
    if outcome.state == Execution.State.WAITING:
        return error_result(
            "The run waits for a person's decision and goes on after it.", {"code": "waiting", **reference}
        )
    return error_result(
        "The run takes longer than this call may wait; it goes on in the background.",
        {"code": "still_running", **reference},
    )


async def _with_progress(ctx: ServerRequestContext[Any, Any], tool: ToolBinding, start: Start) -> types.CallToolResult:
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
        waiting = start_and_wait(start, timeout=tool.timeout_seconds + PATIENCE_SECONDS, on_events=on_events)
        result = await _finish(tool, waiting)
        # The last events arrive with the result: let them out before the answer, which ends the stream.
        await lines.join()
        return result
    finally:
        reporter.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reporter


def _start(target: Target, tool: ToolBinding, arguments: dict[str, Any], caller: Caller) -> Start:
    principal = caller.principal
    key = f"mcp:{target.deployment_id}:{tool.name}:{caller.idempotency_key}" if caller.idempotency_key else None
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
        },
        user_id=principal.user_id,
        deployment_id=target.deployment_id,
        revision_id=target.revision_id,
        tool=tool.name,
        idempotency_key=key[:200] if key else None,
        queue="interactive",
        timeout_seconds=tool.timeout_seconds,
    )
