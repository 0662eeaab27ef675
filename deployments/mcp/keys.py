"""Idempotency keys of tool calls: from a header, from `_meta`, or from an argument that the tool declares."""

from __future__ import annotations

import hashlib
from typing import Any

from deployments.mcp.exchange import Caller
from deployments.mcp.target import Target, ToolBinding
from portal.common import pg
from portal.common.errors import Invalid
from portal.common.json import dumps
from workflows.dispatch import Outcome, Start

ARGUMENT = "idempotency_key"
META = ("io.modelcontextprotocol/idempotencyKey", "idempotencyKey", "portal/idempotency-key")
MAX_KEY = 200
_SAME = "SELECT input = %s::jsonb FROM workflows_execution WHERE id = %s"


class Used(Invalid):
    """The key came before with other arguments."""

    code = "idempotency_key_reused"


def idempotency_key(
    target: Target, tool: ToolBinding, arguments: dict[str, Any], caller: Caller, meta: Any
) -> str | None:
    """The key under which this call runs once: bound to server, tool and caller, so that nobody meets another's."""
    given: Any = caller.idempotency_key
    if not given and isinstance(meta, dict):
        given = next((meta[name] for name in META if meta.get(name)), None)
    if not given and ARGUMENT in tool.input_schema.get("properties", {}):
        given = arguments.get(ARGUMENT)
    if not isinstance(given, str) or not given.strip():
        return None
    parts = "\0".join([str(target.deployment_id), tool.name, caller.principal.id, given[: MAX_KEY * 10]])
    return f"mcp:{hashlib.sha256(parts.encode()).hexdigest()}"


async def used_for_something_else(outcome: Outcome, start: Start) -> None:
    """Raise `Used` when the run of this key had other arguments; asked for repeats only."""
    if not outcome.replayed:
        return
    async with pg.connection() as connection:
        row = await (await connection.execute(_SAME, (dumps(start.input), outcome.execution_id))).fetchone()
    if row is not None and not row[0]:
        raise Used(
            "This idempotency key was used before with other arguments; nothing was run.",
            remedy="Use a new key for a new call, or repeat the first call unchanged.",
        )
