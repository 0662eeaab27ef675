"""Outcomes of runs as results of tool calls."""

from __future__ import annotations

import logging
from typing import Any

import mcp_types as types
import orjson

from deployments.mcp.target import ToolBinding
from workflows.dispatch import Outcome
from workflows.explain import explain_async
from workflows.models import Execution

logger = logging.getLogger(__name__)
#: Failures of the server, not of the tool: the run did not get to work, or was lost.
_OF_THE_SERVER = frozenset({"internal", "worker_lost", "invalid_definition", "unknown_action"})


def error_result(text: str, data: dict[str, Any] | None = None) -> types.CallToolResult:
    """A failed call as the protocol wants it: in the result, with words a model can act on."""
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        is_error=True,
        _meta={"portal/error": data} if data else None,
    )


def success_result(tool: ToolBinding | None, outcome: Outcome) -> types.CallToolResult:
    """Structured content that meets the output schema, and the same JSON as text for older clients."""
    output = outcome.output
    meta = {"portal/execution": str(outcome.execution_id)}
    if outcome.replayed:
        meta["portal/replayed"] = "true"
    if tool is not None and not tool.output_fits(output):
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


async def as_result(tool: ToolBinding | None, outcome: Outcome) -> types.CallToolResult:
    """The result of an ended run; how to go on for one that has not ended."""
    if outcome.state == Execution.State.SUCCEEDED:
        return success_result(tool, outcome)
    reference = {"execution": str(outcome.execution_id)}
    if outcome.replayed:
        reference["replayed"] = "true"
    if outcome.state == Execution.State.FAILED:
        stored = outcome.error or {}
        # The words of the run page: cause, node, what changed since the last good run, remedy.
        explanation = await explain_async(outcome.execution_id, stored)
        return error_result(explanation.as_text(), {**stored, **reference})
    if outcome.state == Execution.State.CANCELLED:
        return error_result("The run was stopped.", {"code": "cancelled", **reference})
    handle = (
        f'The run goes on. Its handle is {outcome.execution_id}: call get_result with {{"id": "…"}} for its result.'
    )
    if outcome.state == Execution.State.WAITING:
        return error_result(
            f"The run waits for a person's decision, or for a moment to come.\n{handle}",
            {"code": "waiting", "handle": str(outcome.execution_id), **reference},
        )
    return error_result(
        f"The run takes longer than this call may wait.\n{handle}",
        {"code": "still_running", "handle": str(outcome.execution_id), **reference},
    )


def is_protocol_failure(error: dict[str, Any] | None) -> bool:
    """Whether the server failed, rather than the tool."""
    return bool(error) and str((error or {}).get("code")) in _OF_THE_SERVER


def protocol_error(error: dict[str, Any] | None) -> dict[str, Any]:
    """A failure of the server as a JSON-RPC error object."""
    stored = error or {}
    return {
        "code": types.INTERNAL_ERROR,
        "message": str(stored.get("message") or "Internal error"),
        "data": {"code": str(stored.get("code") or "internal")},
    }
