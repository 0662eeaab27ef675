"""`get_result`: the plain tool by which clients without the tasks extension fetch what a long call gave."""

from __future__ import annotations

from typing import Any

import mcp_types as types

from deployments.mcp.exchange import Caller
from deployments.mcp.results import as_result, error_result
from deployments.mcp.target import Target
from deployments.mcp.tasks import find, wait_for

NAME = "get_result"
MAX_WAIT = 45.0
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "The handle that the earlier call gave", "maxLength": 200},
        "wait_seconds": {
            "type": "number",
            "description": "How long to wait for the end if it still runs",
            "minimum": 0,
            "maximum": MAX_WAIT,
            "default": 20,
        },
    },
    "required": ["id"],
    "additionalProperties": False,
}
TOOL = types.Tool(
    name=NAME,
    title="Get result",
    description=(
        "Fetch the result of an earlier call of this server that was still running when it answered. "
        "Pass the handle (id) from that answer; call again while it says that the run goes on."
    ),
    input_schema=_SCHEMA,
    annotations=types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
)


def is_offered(target: Target) -> bool:
    """Offered where a tool may outlast its call, unless the owner has a tool of this name."""
    return NAME not in target.tools and any(
        tool.may_take_long or tool.timeout_seconds > 300 for tool in target.tools.values()
    )


async def get_result(arguments: dict[str, Any], caller: Caller) -> types.CallToolResult:
    """The result of the run with this handle, if this caller started it."""
    handle, wait = arguments.get("id"), arguments.get("wait_seconds", 20)
    is_number = isinstance(wait, int | float) and not isinstance(wait, bool)
    if not isinstance(handle, str) or not is_number or arguments.keys() - {"id", "wait_seconds"}:
        return error_result(
            'The arguments do not fit the tool get_result: send {"id": "<handle>"} and, if you like, wait_seconds.',
            {"code": "invalid_arguments"},
        )
    task = await find(caller.target, caller.principal, handle.strip())
    if task is None:
        return error_result("There is no run with this handle that you started here.", {"code": "not_found"})
    outcome = await wait_for(task, min(max(0.0, float(wait)), MAX_WAIT))
    return await as_result(caller.target.tools.get(task.tool), outcome)
