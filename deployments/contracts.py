"""Tool contracts: made from workflows and actions, and compared between revisions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from integrations.registry import catalogue
from integrations.sdk import FieldProblem
from portal.common.errors import Invalid
from workflows.definition import Definition, infer_output_schema, load
from workflows.models import WorkflowVersion
from workflows.plans import record_fields

TOOL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}\Z")
ORDER = ("none", "additive", "risky", "breaking")


@dataclass(frozen=True, slots=True)
class Contract:
    """What a client depends on, and what stands behind it."""

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    annotations: dict[str, Any]
    version_id: UUID | None = None
    action: str = ""
    connection_id: UUID | None = None
    fixed_params: dict[str, Any] = field(default_factory=dict)
    timeout_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two tool lists."""

    verdict: str
    tool: str
    field: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"verdict": self.verdict, "tool": self.tool, "field": self.field, "message": self.message}


def tool_name(text: str) -> str:
    """A snake_case tool name from a title; titles without Latin letters give `tool`."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:64]
    return name or "tool"


def checked_name(name: str) -> str:
    if not TOOL_NAME.match(name):
        problem = FieldProblem(
            "name", "This is no tool name.", "Use 1 to 128 letters, digits, hyphens, dots and underscores."
        )
        raise Invalid("A tool cannot be called that.", problems=[problem])
    return name


def annotations_of(effects: Iterable[str], *, idempotent: bool, title: str = "") -> dict[str, Any]:
    """MCP's hints from the effects of the actions used: the strongest effect counts."""
    found = set(effects)
    hints: dict[str, Any] = {
        "readOnlyHint": found <= {"read"},
        "destructiveHint": "destroy" in found,
        "idempotentHint": idempotent,
        "openWorldHint": True,
    }
    if title:
        hints["title"] = title
    return hints


def contract_of_version(version: WorkflowVersion, *, name: str, title: str, description: str) -> Contract:
    """The tool that runs a workflow version."""
    definition = load(version.definition)
    return Contract(
        name=checked_name(name),
        title=title,
        description=description.strip() or title,
        input_schema=input_schema(definition),
        output_schema=output_schema(definition),
        annotations=_annotations(definition),
        version_id=version.pk,
        timeout_seconds=definition.timeout or 120.0,
    )


def _annotations(definition: Definition) -> dict[str, Any]:
    actions = [catalogue().get(node.action) for node in definition.every_node()]
    known = [action for action in actions if action is not None]
    return annotations_of((action.effect for action in known), idempotent=all(action.is_idempotent for action in known))


def input_schema(definition: Definition) -> dict[str, Any]:
    schema = dict(definition.inputs)
    schema.setdefault("type", "object")
    schema.setdefault("properties", {})
    schema.setdefault("additionalProperties", False)
    return schema


def output_schema(definition: Definition) -> dict[str, Any]:
    """What the workflow is known to give; always an object, as MCP wants it."""
    schema = infer_output_schema(definition, catalogue())
    return schema if schema.get("type") == "object" else {"type": "object"}


def contract_of_action(
    action_id: str,
    *,
    name: str = "",
    title: str = "",
    description: str = "",
    connection_id: UUID | None = None,
    fixed_params: dict[str, Any] | None = None,
) -> Contract:
    """The tool that calls one action directly."""
    action = catalogue().get(action_id)
    if action is None:
        problem = FieldProblem("action", f"There is no action {action_id!r}.", "Choose one of the catalogue.")
        raise Invalid("The tool cannot be made.", problems=[problem])
    fixed = dict(fixed_params or {})
    schema = dict(action.input_schema)
    schema["properties"] = {key: value for key, value in schema["properties"].items() if key not in fixed}
    schema["required"] = [key for key in schema.get("required", []) if key not in fixed]
    return Contract(
        name=checked_name(name or action.name),
        title=title or action.title.en,
        description=description or action.description.en,
        input_schema=schema,
        output_schema=_object_schema(action.output_schema),
        annotations=annotations_of([action.effect], idempotent=action.is_idempotent),
        action=action_id,
        connection_id=connection_id,
        fixed_params=fixed,
        timeout_seconds=action.timeout + 15.0,
    )


def _object_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """An action's output as MCP wants it: a record as it is, anything else under `result`."""
    if record_fields(schema):
        if "$ref" not in schema:
            return schema
        definitions = schema["$defs"]
        root = definitions[schema["$ref"].removeprefix("#/$defs/")]
        return {**root, "$defs": definitions}
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    wrapped: dict[str, Any] = {"type": "object", "properties": {"result": inner}, "required": ["result"]}
    if "$defs" in schema:
        wrapped["$defs"] = schema["$defs"]
    return wrapped


# Comparing ---------------------------------------------------------------------------------------------------


def compare(old: Iterable[Contract], new: Iterable[Contract]) -> tuple[str, list[Change]]:
    """The verdict for clients that know the old list: none, additive, risky or breaking, with every change."""
    before, after = {item.name: item for item in old}, {item.name: item for item in new}
    changes = [
        Change("breaking", name, "", "The tool is gone; calls to it will fail.") for name in before if name not in after
    ]
    changes += [Change("additive", name, "", "A new tool.") for name in after if name not in before]
    for name in before:
        if name in after:
            changes += _compare_tool(before[name], after[name])
    verdict = max((change.verdict for change in changes), key=ORDER.index, default="none")
    return verdict, changes


def _compare_tool(old: Contract, new: Contract) -> list[Change]:
    changes = _compare_inputs(new.name, old.input_schema, new.input_schema)
    changes += _compare_outputs(new.name, old.output_schema or {}, new.output_schema or {})
    if old.description != new.description:
        changes.append(Change("risky", new.name, "description", "Models choose tools by their description."))
    was, now = old.annotations, new.annotations
    if was.get("readOnlyHint") and not now.get("readOnlyHint"):
        changes.append(Change("risky", new.name, "annotations", "The tool read before and now changes things."))
    if now.get("destructiveHint") and not was.get("destructiveHint"):
        changes.append(Change("risky", new.name, "annotations", "The tool can destroy things now."))
    return changes


def _compare_inputs(tool: str, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed_before, needed = set(old.get("required", [])), set(new.get("required", []))
    changes = []
    for name in before.keys() - after.keys():
        changes.append(Change("breaking", tool, f"input.{name}", "The input is gone; calls that send it are refused."))
    for name in sorted(after.keys() - before.keys()):
        if name in needed:
            changes.append(Change("breaking", tool, f"input.{name}", "A new required input; old calls lack it."))
        else:
            changes.append(Change("additive", tool, f"input.{name}", "A new optional input."))
    for name in sorted(before.keys() & after.keys()):
        if name in needed and name not in needed_before:
            changes.append(Change("breaking", tool, f"input.{name}", "The input is required now."))
        changes += _compare_field(tool, f"input.{name}", before[name], after[name], is_input=True)
    return changes


def _compare_outputs(tool: str, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    changes = [
        Change("breaking", tool, f"output.{name}", "The result lacks this field now.")
        for name in sorted(before.keys() - after.keys())
    ]
    changes += [
        Change("additive", tool, f"output.{name}", "A new field in the result.")
        for name in sorted(after.keys() - before.keys())
    ]
    for name in sorted(before.keys() & after.keys()):
        changes += _compare_field(tool, f"output.{name}", before[name], after[name], is_input=False)
    return changes


def _compare_field(tool: str, place: str, old: dict[str, Any], new: dict[str, Any], *, is_input: bool) -> list[Change]:
    if old == new:
        return []
    if old.get("type") != new.get("type"):
        return [Change("breaking", tool, place, f"The type was {old.get('type')} and is {new.get('type')}.")]
    was, now = set(map(str, old.get("enum", []))), set(map(str, new.get("enum", [])))
    if was and is_input and was - now:
        gone = ", ".join(sorted(was - now))
        return [Change("breaking", tool, place, f"These values are not accepted any more: {gone}.")]
    if now and not was and is_input:
        return [Change("breaking", tool, place, "Only listed values are accepted now.")]
    if old.get("default") != new.get("default"):
        return [Change("risky", tool, place, "The default is another one.")]
    if old.get("description") != new.get("description") and {**old, "description": ""} == {**new, "description": ""}:
        return [Change("risky", tool, place, "The description is another one.")]
    return [Change("risky", tool, place, "The rules for this field are other ones.")]
