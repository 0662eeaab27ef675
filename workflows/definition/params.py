"""Parameters against an action's input schema, where literals and `{{ … }}` may be mixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.definition.catalogue import ActionInfo
from workflows.definition.issues import Issue
from workflows.definition.json_schema import BadSchema, problems_of
from workflows.definition.messages import finding
from workflows.definition.model import Node
from workflows.definition.names import Names
from workflows.definition.schemas import UNKNOWN, Typed, follow, kind_of, may_fit, merged, shown_kinds
from workflows.expressions import Value
from workflows.expressions.templates import ListOf, Literal, MixedText, ObjectOf, Path


def check_params(node: Node, info: ActionInfo, compiled: Mapping[str, Value], names: Names) -> Iterator[Issue]:
    """What is missing, unknown or of the wrong type; `compiled` holds the parameters that could be read."""
    schema = info.input_schema
    properties: dict[str, Any] = schema.get("properties") or {}
    for name in schema.get("required") or []:
        if name not in node.params:
            yield finding("missing_param", node.id, f"params.{name}", name=name)
    if node.action == "flow.wait" and ("seconds" in node.params) == ("until" in node.params):
        yield finding("one_of_two", node.id, "params.seconds", first="seconds", second="until")
    extra = schema.get("additionalProperties", True)
    for name in node.params:
        place = f"params.{name}"
        if name in properties:
            typed = Typed(properties[name], schema)
        elif extra is False:
            known = ", ".join(properties) or "-"
            yield finding("unknown_param", node.id, place, action=info.id, name=name, known=known)
            continue
        else:
            typed = Typed(extra, schema) if isinstance(extra, dict) else UNKNOWN
        if name in compiled:
            yield from _check(compiled[name], typed, names, node.id, place)


def _check(value: Value, typed: Typed, names: Names, node: str, place: str) -> Iterator[Issue]:
    if isinstance(value, Literal):
        yield from _check_literal(value.value, typed, node, place)
        return
    given = type_of(value, names)
    if not may_fit(given, typed):
        yield finding("type_mismatch", node, place, given=shown_kinds(given), wanted=shown_kinds(typed))
    elif isinstance(value, ObjectOf):
        properties: dict[str, Any] = next(
            (found for variant in typed.variants() if (found := variant.get("properties"))), {}
        )
        for key, part in zip(value.keys, value.parts, strict=True):
            if key in properties:
                yield from _check(part, Typed(properties[key], typed.root), names, node, f"{place}.{key}")
    elif isinstance(value, ListOf):
        items = next((found for variant in typed.variants() if isinstance(found := variant.get("items"), dict)), {})
        for number, part in enumerate(value.parts):
            yield from _check(part, Typed(items, typed.root), names, node, f"{place}[{number}]")


def _check_literal(value: Any, typed: Typed, node: str, place: str) -> Iterator[Issue]:
    given = Typed({"type": kind_of(value)})
    if not may_fit(given, typed):
        yield finding("type_mismatch", node, place, given=kind_of(value), wanted=shown_kinds(typed))
        return
    try:
        problems = list(problems_of(typed.standalone(), value))
    except BadSchema:
        return  # the action's own schema is wrong: its contract test says so, not this workflow
    for problem in problems:
        steps = problem.field if problem.field.startswith("[") or not problem.field else f".{problem.field}"
        yield finding("bad_value", node, place + steps, detail=problem.message, wanted=shown_kinds(typed))


def type_of(value: Value, names: Names) -> Typed:
    """The schema of what a compiled value gives, as far as it can be told."""
    if isinstance(value, Path):
        root = names.get(str(value.parts[0]))
        if root is None:
            return UNKNOWN
        typed, verdict, _ = follow(root, value.parts[1:])
        return typed if verdict == "ok" else UNKNOWN
    if isinstance(value, MixedText):
        return Typed({"type": "string"})
    if isinstance(value, ListOf):
        return Typed({"type": "array"})
    return Typed({"type": "object"}) if isinstance(value, ObjectOf) else UNKNOWN


def schema_of_schema(typed: Typed) -> dict[str, Any]:
    """The schema on its own, its references replaced."""
    return merged(typed.standalone())


def schema_of_value(value: Value, names: Names) -> dict[str, Any]:
    """A self-contained schema of what a compiled value gives."""
    if isinstance(value, Literal):
        return {"type": kind_of(value.value)}
    if isinstance(value, ObjectOf):
        parts = zip(value.keys, value.parts, strict=True)
        return {"type": "object", "properties": {key: schema_of_value(part, names) for key, part in parts}}
    return schema_of_schema(type_of(value, names))
