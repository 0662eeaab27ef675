"""Compiled plans, kept in the process: a version never changes, so its plan is compiled once."""

from __future__ import annotations

import json
from collections import OrderedDict
from threading import Lock
from typing import Any
from uuid import UUID

from integrations.own.connectors import ready
from integrations.registry import catalogue
from portal.common import pg
from portal.common.errors import NotFound
from workflows.definition import content_hash, load
from workflows.engine import Plan, compile

_plans: OrderedDict[str, Plan] = OrderedDict()
_lock = Lock()
MAX_PLANS = 512


def _remember(key: str, plan: Plan) -> Plan:
    with _lock:
        _plans[key] = plan
        _plans.move_to_end(key)
        while len(_plans) > MAX_PLANS:
            _plans.popitem(last=False)
    return plan


async def plan_of(version_id: UUID | None, definition: dict[str, Any] | None) -> Plan:
    """The plan of a stored version, of a draft, or of the one-node graph around a single action."""
    if version_id is not None:
        key = str(version_id)
        if (known := _plans.get(key)) is not None:
            return known
        # The version passed validation when it was made; only what has changed outside can fail now.
        loaded = load(await _version_definition(version_id))
        await ready(node.action for node in loaded.every_node())
        return _remember(key, compile(loaded, catalogue(), check=False))
    if definition is None:
        raise NotFound("The workflow of this run does not exist any more.")
    if "direct" in definition:
        await ready([definition["direct"]["action"]])
        return direct_plan(definition["direct"])
    loaded = load(definition)
    await ready(node.action for node in loaded.every_node())
    key = content_hash(loaded)
    return _plans.get(key) or _remember(key, compile(loaded, catalogue()))


def direct_plan(direct: dict[str, Any]) -> Plan:
    """A plan of one node that calls an action with the input as its parameters."""
    document = direct_definition(direct["action"], direct.get("connection"), direct.get("params") or {})
    loaded = load(document)
    key = content_hash(loaded)
    return _plans.get(key) or _remember(key, compile(loaded, catalogue()))


def direct_definition(action_id: str, connection: str | None, fixed: dict[str, Any]) -> dict[str, Any]:
    """The graph around one action: every parameter that is not fixed is an input of the same name."""
    action = catalogue().get(action_id)
    if action is None:
        raise NotFound(f"There is no action {action_id!r}.", remedy="Its connector may have been removed.")
    schema = dict(action.input_schema)
    properties = {name: value for name, value in schema.get("properties", {}).items() if name not in fixed}
    schema["properties"] = properties
    schema["required"] = [name for name in schema.get("required", []) if name in properties]
    params = {**{name: "{{ input." + name + " }}" for name in properties}, **fixed}
    return {
        "schema_version": 1,
        "inputs": schema,
        "nodes": [{"id": "call", "action": action_id, "params": params, "connection": connection}],
        "edges": [],
        "output": direct_output(action.output_schema),
    }


def direct_output(schema: dict[str, Any]) -> dict[str, str]:
    """How a single action's result becomes the run's output: a record field by field, anything else as `result`."""
    names = record_fields(schema)
    return {name: "{{ call[" + json.dumps(name) + "] }}" for name in names} or {"result": "{{ call }}"}


def record_fields(schema: dict[str, Any]) -> list[str]:
    """The field names of a record schema, empty when the schema is something else."""
    reference = schema.get("$ref", "")
    if reference.startswith("#/$defs/"):
        schema = schema.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
    if schema.get("type") != "object" or schema.get("additionalProperties") not in (None, False):
        return []
    return list(schema.get("properties", {}))


async def _version_definition(version_id: UUID) -> dict[str, Any]:
    sql = "SELECT definition FROM workflows_workflowversion WHERE id = %s"
    async with pg.connection() as connection:
        row = await (await connection.execute(sql, (version_id,))).fetchone()
    if row is None:
        raise NotFound("The version of this run does not exist any more.")
    found: dict[str, Any] = row[0]
    return found
