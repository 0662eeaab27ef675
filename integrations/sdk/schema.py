"""JSON Schemas of actions, and validation errors turned into words with field and remedy."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from integrations.sdk.errors import FieldProblem

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """Pydantic's generator without the noise: no `title` made from the Python name of a field."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def input_schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a parameter model: an object that refuses unknown fields."""
    schema = model.model_json_schema(schema_generator=_Schema, mode="validation")
    schema.pop("title", None)
    schema.setdefault("properties", {})
    schema["additionalProperties"] = False
    return schema


def output_schema_of(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """The schema of a result in its serialised form."""
    schema: JsonSchemaValue = adapter.json_schema(schema_generator=_Schema, mode="serialization")
    return schema


def problems_of(error: ValidationError, schema: dict[str, Any] | None = None) -> list[FieldProblem]:
    """One problem per wrong field, without echoing the input (it may be secret)."""
    known = sorted((schema or {}).get("properties", {}))
    problems = []
    for item in error.errors(include_url=False, include_input=False, include_context=True):
        # Union branches put the tried type into the location; a person only knows field names and indexes.
        path = [part for part in item["loc"] if isinstance(part, int) or part.isidentifier()]
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        problems.append(FieldProblem(name, _sentence(item["msg"]), _remedy(item["type"], item.get("ctx") or {}, known)))
    return problems


def _sentence(text: str) -> str:
    text = text.removeprefix("Value error, ").strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _remedy(kind: str, ctx: dict[str, Any], known: list[str]) -> str:
    if kind == "missing":
        return "Give a value for this field."
    if kind == "extra_forbidden":
        return f"Remove it; known fields are: {', '.join(known)}." if known else "Remove it."
    if kind in {"enum", "literal_error"}:
        return f"Use one of: {ctx.get('expected', '')}."
    bounds = {
        "greater_than_equal": "ge",
        "greater_than": "gt",
        "less_than_equal": "le",
        "less_than": "lt",
    }
    if kind in bounds:
        words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}[bounds[kind]]
        return f"Use a value of {words} {ctx.get(bounds[kind])}."
    if kind.endswith(("_type", "_parsing")):
        return f"Use a value of type {kind.rsplit('_', 1)[0]}."
    return ""
