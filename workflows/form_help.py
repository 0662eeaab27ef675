"""What the forms of the canvas ask while somebody fills them in: choices of a field, the value of an expression."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from integrations.files import WorkspaceFiles
from integrations.registry import action_for
from integrations.runtime import in_context, typed_credential
from integrations.sdk import Caller, Context, Option
from integrations.sdk.sandbox import shared_sandbox
from integrations.services import credential_for
from portal.common.bridge import run_async
from portal.common.errors import FieldProblem, Invalid, NotFound, PortalError, TooLarge
from portal.common.json import dumps
from portal.common.store import RedisStore
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows import payloads, selectors
from workflows.definition import Graph, load
from workflows.expressions import ExpressionSyntaxError, MissingPath, Scope, compile_value
from workflows.models import NodePin, NodeRun, Workflow

OPTIONS_SECONDS = 15.0
MAX_OPTIONS = 200
MAX_SHOWN = 4_000
MAX_FILE_BYTES = 20 * 1024 * 1024
#: Fields of built-in nodes that name another workflow.
_WORKFLOW_FIELDS = {("flow.subworkflow", "workflow"), ("flow.map", "workflow")}


def options_for(
    actor: Actor,
    workflow: Workflow,
    action_id: str,
    field: str,
    *,
    query: str = "",
    params: Mapping[str, Any] | None = None,
    connection: str | None = None,
) -> list[Option]:
    """The choices of a field that fit the query; an upstream may be asked, with the person's connection."""
    actor.require(Permission.WORKFLOW_UPDATE)
    if (action_id, field) in _WORKFLOW_FIELDS:
        return _workflows(actor, workflow, query)
    action = action_for(action_id, actor.workspace)
    function = action.options_of.get(field)
    if function is None:
        problem = FieldProblem(field, "This field has no list of choices.", "Type the value.")
        raise Invalid("There is nothing to choose from.", problems=[problem])
    user_id = actor.user.pk if actor.user else None
    found = credential_for(actor.workspace.pk, action.connector.id, connection=connection, user_id=user_id)
    credential = typed_credential(action.connector, found.values if found else None, required=action.needs_credential)
    caller = Caller(kind="user", label=actor.user.email if actor.user else "", user_id=str(user_id or ""))

    async def ask(ctx: Context) -> list[Option]:
        assert function is not None
        return await function(ctx, query, dict(params or {}))

    choices = run_async(
        lambda: in_context(
            action.connector,
            ask,
            label=f"{action.id} options",
            context_options={
                "caller": caller,
                "workspace_id": str(actor.workspace.pk),
                "connection_id": found.connection_id if found else "",
            },
            credential=credential,
            deadline=time.monotonic() + OPTIONS_SECONDS,
            store=RedisStore("sdk"),
            egress=found.egress if found else None,
        )
    )
    words = query.strip().lower()
    fitting = [choice for choice in choices if words in f"{choice.value} {choice.label}".lower()]
    return fitting[:MAX_OPTIONS]


def _workflows(actor: Actor, workflow: Workflow, query: str) -> list[Option]:
    """Other workflows of the workspace that have a version to call."""
    found = selectors.workflows_of(actor.workspace).exclude(pk=workflow.pk).exclude(version_number=None)
    if query.strip():
        found = found.filter(name__icontains=query.strip())
    return [Option(str(item.pk), f"{item.name} (v{item.version_number})") for item in found[:MAX_OPTIONS]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an expression gives with the data of a run. `position` is the character offset of a mistake."""

    ok: bool
    value: Any = None
    shown: str = ""
    type: str = ""
    message: str = ""
    remedy: str = ""
    position: int | None = None


def preview(
    actor: Actor, workflow: Workflow, value: Any, *, run: UUID | None = None, level: tuple[str, ...] = ()
) -> Preview:
    """Evaluate a parameter with the results of a run, and with pinned ones; nothing is stored.

    `level` is the path of map and loop nodes around the field; inside a map, the first item stands for all.
    """
    actor.require(Permission.EXECUTION_PAYLOAD)
    names = _names(actor, workflow, run, level)
    try:
        compiled = compile_value(value)
        result = run_async(lambda: compiled.resolve(Scope(names), shared_sandbox()))
    except ExpressionSyntaxError as error:
        return Preview(False, message=error.message, remedy=error.remedy, position=error.position)
    except MissingPath as error:
        return Preview(False, message=error.message, remedy=error.remedy)
    except PortalError as error:
        return Preview(False, message=error.message, remedy=error.remedy)
    text = dumps(result)
    return Preview(True, shown=text[:MAX_SHOWN], type=type_of(result), value=result if len(text) <= MAX_SHOWN else None)


def type_of(value: Any) -> str:
    """The JSON Schema type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list | tuple) else "object"


def _names(actor: Actor, workflow: Workflow, run: UUID | None, level: tuple[str, ...]) -> dict[str, Any]:
    names: dict[str, Any] = {"vars": {}, "caller": {}, "env": {}}
    results: dict[str, Any] = {}
    graph: Graph = load(workflow.draft)
    if run is not None:
        execution = selectors.get_execution(actor.workspace, run)
        if execution.workflow_id != workflow.pk:
            raise NotFound("There is no such run of this workflow.")
        payloads.require(actor, execution, "preview")
        names |= {"input": execution.input, "caller": execution.caller}
        done = NodeRun.objects.filter(execution=execution, state__in=("succeeded", "handled"))
        results = dict(done.values_list("path", "output"))
    results |= dict(NodePin.objects.filter(workflow=workflow).values_list("node", "output"))
    prefix = ""
    names |= _results_at(results, prefix)
    for step in level:
        node = next((item for item in graph.nodes if item.id == step), None)
        if node is None or node.body is None:
            break
        names |= _first_item(names, node.params.get("items"))
        prefix = f"{prefix}{step}[0]/"
        names |= _results_at(results, prefix)
        graph = node.body
    return names


def _results_at(results: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The results of the nodes that stand directly behind this path."""
    return {
        path.removeprefix(prefix): output
        for path, output in results.items()
        if path.startswith(prefix) and "/" not in path.removeprefix(prefix)
    }


def _first_item(names: dict[str, Any], items: Any) -> dict[str, Any]:
    if items is None:
        return {"index": 0}
    compiled = compile_value(items)
    try:
        found = run_async(lambda: compiled.resolve(Scope(dict(names)), shared_sandbox()))
    except PortalError:
        # The list itself cannot be worked out yet: `item` stays unknown, and the field says so.
        return {"index": 0}
    return {"index": 0} | ({"item": found[0]} if isinstance(found, list) and found else {})


def keep_file(actor: Actor, name: str, content: bytes, content_type: str) -> dict[str, Any]:
    """Store a file of the workspace; the reference that a file field takes."""
    actor.require(Permission.WORKFLOW_EXECUTE)
    if len(content) > MAX_FILE_BYTES:
        raise TooLarge(f"The file is larger than {MAX_FILE_BYTES // 1024**2} MiB.", remedy="Choose a smaller file.")
    files = WorkspaceFiles(str(actor.workspace.pk))
    ref = run_async(lambda: files.save(name, content, content_type or "application/octet-stream"))
    data: dict[str, Any] = ref.model_dump(mode="json")
    return data
