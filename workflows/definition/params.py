"""Parameters against an action's input schema, where literals and `{{ … }}` may be mixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from integrations.sdk.text import Text
from workflows.definition.catalogue import ActionInfo
from workflows.definition.issues import Issue
from workflows.definition.model import Node
from workflows.definition.schemas import UNKNOWN, Typed, follow, may_fit, merged, shown_kinds
from workflows.expressions import ExpressionSyntaxError, Value, compile_value
from workflows.expressions.templates import ListOf, Literal, MixedText, ObjectOf, Path


def check_params(node: Node, info: ActionInfo, known: Mapping[str, Typed]) -> Iterator[Issue]:
    """What is missing, unknown or of the wrong type in a node's parameters."""
    schema = info.input_schema
    properties: dict[str, Any] = schema.get("properties") or {}
    for name in schema.get("required") or []:
        if name not in node.params:
            yield Issue(
                "missing_param", "error", node.id, f"params.{name}",
                Text(f"`{name}` is required.", f"`{name}` 값이 필요합니다."),
                Text("Give a value or an expression.", "값이나 식을 넣으세요."),
            )  # fmt: skip
    if node.action == "flow.wait" and ("seconds" in node.params) == ("until" in node.params):
        yield Issue(
            "missing_param", "error", node.id, "params.seconds",
            Text("Give either `seconds` or `until`.", "`seconds`와 `until` 중 하나만 넣으세요."),
            Text("Fill in exactly one of them.", "둘 중 하나만 채우세요."),
        )  # fmt: skip
    for name, value in node.params.items():
        place = f"params.{name}"
        if name not in properties:
            extra = schema.get("additionalProperties", True)
            if extra is False:
                listed = ", ".join(properties) or "-"
                yield Issue(
                    "unknown_param", "error", node.id, place,
                    Text(f"`{info.id}` has no parameter `{name}`.", f"`{info.id}` 동작에 `{name}` 매개변수가 없습니다."),
                    Text(f"Parameters: {listed}.", f"매개변수: {listed}."),
                )  # fmt: skip
                continue
            typed = Typed(extra, schema) if isinstance(extra, dict) else UNKNOWN
        else:
            typed = Typed(properties[name], schema)
        try:
            compiled = compile_value(value)
        except ExpressionSyntaxError:
            continue  # reported with its position where expressions are checked
        yield from _check(compiled, typed, known, node.id, place)


def _check(value: Value, typed: Typed, known: Mapping[str, Typed], node: str, place: str) -> Iterator[Issue]:
    if isinstance(value, Literal):
        for error in _validator(typed).iter_errors(value.value):
            steps = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path]
            yield Issue(
                "type_mismatch" if error.validator == "type" else "bad_value", "error", node, place + "".join(steps),
                Text(_sentence(error.message), f"값이 맞지 않습니다: {error.message[:200]}"),
                Text(f"Expected: {shown_kinds(typed)}.", f"필요한 형식: {shown_kinds(typed)}."),
            )  # fmt: skip
        return
    given = type_of(value, known)
    if not may_fit(given, typed):
        yield Issue(
            "type_mismatch", "error", node, place,
            Text(f"This gives {shown_kinds(given)}, but {shown_kinds(typed)} is needed.",
                 f"이 식의 형식은 {shown_kinds(given)}인데 {shown_kinds(typed)} 형식이 필요합니다."),
            Text("Choose another field or convert the value.", "다른 필드를 고르거나 값을 바꾸세요."),
        )  # fmt: skip
        return
    if isinstance(value, ObjectOf):
        for variant in typed.variants():
            properties = variant.get("properties") or {}
            if properties:
                for key, part in zip(value.keys, value.parts, strict=True):
                    if key in properties:
                        yield from _check(part, Typed(properties[key], typed.root), known, node, f"{place}.{key}")
                return
    elif isinstance(value, ListOf):
        for variant in typed.variants():
            items = variant.get("items")
            if isinstance(items, dict):
                for number, part in enumerate(value.parts):
                    yield from _check(part, Typed(items, typed.root), known, node, f"{place}[{number}]")
                return


def type_of(value: Value, known: Mapping[str, Typed]) -> Typed:
    """The schema of what a compiled value gives, as far as it can be told."""
    if isinstance(value, Path):
        root = known.get(str(value.parts[0]))
        if root is None:
            return UNKNOWN
        typed, verdict, _ = follow(root, value.parts[1:])
        return typed if verdict == "ok" else UNKNOWN
    if isinstance(value, MixedText):
        return Typed({"type": "string"})
    if isinstance(value, ListOf):
        return Typed({"type": "array"})
    return Typed({"type": "object"}) if isinstance(value, ObjectOf) else UNKNOWN


def schema_of_value(
    value: Any, compiled: Value | None = None, known: Mapping[str, Typed] | None = None
) -> dict[str, Any]:
    """A self-contained schema of an output value; with one argument, of a schema itself."""
    if compiled is None:
        return merged(value) if isinstance(value, dict) and known is None else {}
    if isinstance(compiled, Literal):
        return _schema_of_literal(compiled.value)
    if isinstance(compiled, ObjectOf):
        return {
            "type": "object",
            "properties": {
                key: schema_of_value(None, part, known or {})
                for key, part in zip(compiled.keys, compiled.parts, strict=True)
            },
        }
    return merged(type_of(compiled, known or {}).standalone())


def _schema_of_literal(value: Any) -> dict[str, Any]:
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return {"type": name}
    return {"type": "null" if value is None else "object"}


def _sentence(text: str) -> str:
    text = text[:200]
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _validator(typed: Typed) -> Any:
    """A validator of the schema; kept, because building one costs more than using it."""
    import json

    return _built(json.dumps(typed.standalone(), sort_keys=True))


@lru_cache(maxsize=2_000)
def _built(schema: str) -> Any:
    import json

    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))
