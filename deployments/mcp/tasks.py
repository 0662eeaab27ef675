"""The tasks extension of revision 2026-07-28 (SEP-2663): a run that outlasts its call is a task of the same id.

A client that declares `io.modelcontextprotocol/tasks` gets a `CreateTaskResult` when the call passes the server's
soft time limit; `tasks/get`, `tasks/update` and `tasks/cancel` go on from there. Approvals that a run waits for are
the task's input requests. Other clients get the same handle in words, and the plain tool `get_result`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import mcp_types as types
from asgiref.sync import sync_to_async
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ConfigDict, Field

from deployments.mcp.auth import Principal
from deployments.mcp.exchange import Caller
from deployments.mcp.results import as_result, is_protocol_failure, protocol_error
from deployments.mcp.target import Target
from portal.common import pg
from portal.settings.env import env
from workflows import dispatch
from workflows.dispatch import Outcome
from workflows.models import Execution

EXTENSION = "io.modelcontextprotocol/tasks"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
POLL_MS = 1000
#: What a tool's annotations may say: every call of it becomes a task at once.
REQUIRED = "required"
_ROW = """
    SELECT id, state, output, error, created_at, coalesce(finished_at, started_at, created_at), waiting, decisions,
           tool, caller
    FROM workflows_execution WHERE id = %s AND deployment_id = %s
"""


class TaskParams(types.RequestParams):
    """Parameters that name a task."""

    model_config = ConfigDict(populate_by_name=True)
    task_id: str = Field(alias="taskId", min_length=1, max_length=200)


class UpdateParams(TaskParams):
    """Answers to what a task asked."""

    input_responses: dict[str, Any] = Field(alias="inputResponses")


@dataclass(frozen=True, slots=True)
class Task:
    """A run as a task, with what it still asks."""

    outcome: Outcome
    created_at: datetime
    updated_at: datetime
    pending: dict[str, dict[str, Any]]
    tool: str


def capabilities_of(ctx: ServerRequestContext[Any, Any]) -> dict[str, Any]:
    """What the client of this request can do; each request of the modern era says it anew."""
    meta = ctx.meta if isinstance(ctx.meta, dict) else {}
    found = meta.get(CAPABILITIES)
    return found if isinstance(found, dict) else {}


def understands_tasks(ctx: ServerRequestContext[Any, Any]) -> bool:
    """Whether this request may be answered with a task."""
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return False
    extensions = capabilities_of(ctx).get("extensions")
    return isinstance(extensions, dict) and EXTENSION in extensions


def missing_capability() -> MCPError:
    """The error that names the extension which a request needs."""
    return MCPError(
        types.MISSING_REQUIRED_CLIENT_CAPABILITY,
        f"This needs the extension {EXTENSION}: declare it in the request's client capabilities.",
        {"requiredCapabilities": {"extensions": {EXTENSION: {}}}},
    )


def created(execution_id: UUID, at: datetime, status: str = "working") -> dict[str, Any]:
    """The answer to a call whose run goes on: a flat result and task."""
    stamp = at.isoformat()
    return {
        "resultType": "task",
        "taskId": str(execution_id),
        "status": status,
        "createdAt": stamp,
        "lastUpdatedAt": stamp,
        "ttlMs": env().execution_retention_days * 86_400_000,
        "pollIntervalMs": POLL_MS,
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def find(target: Target, principal: Principal, task_id: str) -> Task | None:
    """The run of this id, if this caller started it on this server."""
    identifier = _uuid(task_id)
    if identifier is None:
        return None
    async with pg.connection() as connection:
        row = await (await connection.execute(_ROW, (identifier, target.deployment_id))).fetchone()
    if row is None or row[9].get("principal") != principal.id:
        return None
    outcome = Outcome(row[0], row[1], row[2], row[3])
    decided = row[7] or {}
    pending = {}
    if not outcome.is_done:
        for item in row[6] or ():
            if item["kind"] == "approval" and item["path"] not in decided and _may_decide(item, principal):
                pending[item["path"]] = item["data"]
    return Task(outcome, row[4], row[5], pending, row[8])


def _may_decide(item: dict[str, Any], principal: Principal) -> bool:
    """An approval that names its approvers is for them alone."""
    approvers = [str(one).lower() for one in item["data"].get("approvers") or ()]
    return not approvers or (principal.user_id is not None and principal.label.lower() in approvers)


async def describe(task: Task, target: Target, *, may_elicit: bool) -> dict[str, Any]:
    """A DetailedTask: status, and by status its result, its error or what it asks."""
    outcome = task.outcome
    body = created(outcome.execution_id, task.created_at)
    body["resultType"] = "complete"
    body["lastUpdatedAt"] = task.updated_at.isoformat()
    if outcome.state == Execution.State.CANCELLED:
        body["status"] = "cancelled"
    elif outcome.state == Execution.State.FAILED and is_protocol_failure(outcome.error):
        body["status"], body["error"] = "failed", protocol_error(outcome.error)
    elif outcome.is_done:
        body["status"] = "completed"
        result = await as_result(target.tools.get(task.tool), outcome)
        body["result"] = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        body["result"].pop("resultType", None)
    elif task.pending and may_elicit:
        body["status"] = "input_required"
        body["inputRequests"] = {path: _question(data) for path, data in task.pending.items()}
    elif outcome.state == Execution.State.WAITING:
        body["statusMessage"] = "Waits for a person's decision, or for a moment to come."
    return body


def _question(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "method": "elicitation/create",
        "params": {
            "mode": "form",
            "message": str(data.get("message") or "Approve?"),
            "requestedSchema": {
                "type": "object",
                "properties": {
                    "approved": {"type": "boolean", "title": "Approve", "default": False},
                    "comment": {"type": "string", "title": "Comment"},
                },
            },
        },
    }


def _checked_name(ctx: ServerRequestContext[Any, Any], task_id: str) -> None:
    """`Mcp-Name` of a request about a task is the task's id, so that intermediaries can route by it."""
    headers = ctx.request.scope.get("headers", ()) if ctx.request is not None else ()
    for name, value in headers:
        if name == b"mcp-name" and value.decode("latin-1").strip() != task_id:
            raise MCPError(types.HEADER_MISMATCH, "Mcp-Name does not name the task of the request.")


async def _task_of(ctx: ServerRequestContext[Any, Any], caller: Caller, task_id: str) -> Task:
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        raise MCPError(types.METHOD_NOT_FOUND, "Method not found")
    if not understands_tasks(ctx):
        raise missing_capability()
    _checked_name(ctx, task_id)
    found = await find(caller.target, caller.principal, task_id)
    if found is None:
        raise MCPError(types.INVALID_PARAMS, "There is no such task.")
    return found


def install(server: Server[Any], caller_of: Any) -> None:
    """Add the extension to a server."""

    async def get(ctx: ServerRequestContext[Any, Any], params: TaskParams) -> dict[str, Any]:
        caller: Caller = caller_of(ctx)
        task = await _task_of(ctx, caller, params.task_id)
        return await describe(task, caller.target, may_elicit="elicitation" in capabilities_of(ctx))

    async def cancel(ctx: ServerRequestContext[Any, Any], params: TaskParams) -> dict[str, Any]:
        task = await _task_of(ctx, caller_of(ctx), params.task_id)
        if not task.outcome.is_done:
            await dispatch.cancel_async(task.outcome.execution_id)
        return {}

    async def update(ctx: ServerRequestContext[Any, Any], params: UpdateParams) -> dict[str, Any]:
        caller: Caller = caller_of(ctx)
        task = await _task_of(ctx, caller, params.task_id)
        for path in task.pending.keys() & params.input_responses.keys():
            answer = params.input_responses[path]
            if not isinstance(answer, dict) or answer.get("action") not in {"accept", "decline", "cancel"}:
                raise MCPError(types.INVALID_PARAMS, f"The answer to {path[:100]} has no known action.")
            if answer["action"] != "cancel":
                await _decide(caller, task, path, answer)
        return {}

    server.extensions = {**server.extensions, EXTENSION: {}}
    server.add_request_handler("tasks/get", TaskParams, get)
    server.add_request_handler("tasks/cancel", TaskParams, cancel)
    server.add_request_handler("tasks/update", UpdateParams, update)


async def _decide(caller: Caller, task: Task, path: str, answer: dict[str, Any]) -> None:
    from workflows.approvals import decide_as

    content = answer.get("content")
    content = content if isinstance(content, dict) else {}
    # Accepting a question without saying more is a yes; declining it is a no.
    approved = answer["action"] == "accept" and content.get("approved", content.get("confirm", True)) is True
    await sync_to_async(decide_as, thread_sensitive=False)(
        caller.target.workspace_id,
        task.outcome.execution_id,
        path,
        approved=approved,
        by=caller.principal.label,
        comment=str(content.get("comment") or "")[:2000],
    )


async def wait_for(task: Task, seconds: float) -> Outcome:
    """The run's end, or its present state when the time is up."""
    if task.outcome.is_done or seconds <= 0:
        return task.outcome
    return await asyncio.shield(dispatch.wait_for_end(task.outcome, seconds))
