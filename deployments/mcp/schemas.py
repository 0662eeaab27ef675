"""Checking arguments and results against tool schemas, in words that a person or a model can act on."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from portal.common.errors import FieldProblem

MAX_PROBLEMS = 20


def compile_schema(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """A validator for JSON Schema 2020-12. References outside the schema are never fetched."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, offline=True)


def check_arguments(validator: jsonschema_rs.Validator, arguments: Any, schema: dict[str, Any]) -> list[FieldProblem]:
    """One problem per wrong field. Values are not echoed: they may be secret or huge."""
    if validator.is_valid(arguments):
        return []
    problems = []
    for error in validator.iter_errors(arguments):
        problems.append(_problem(error, schema))
        if len(problems) == MAX_PROBLEMS:
            break
    return problems


def _path(parts: list[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def _problem(error: Any, schema: dict[str, Any]) -> FieldProblem:
    field, kind = _path(list(error.instance_path)), error.kind
    name = type(kind).__name__
    if name == "Required":
        missing = kind.property.strip('"') if isinstance(kind.property, str) else str(kind.property)
        return FieldProblem(f"{field}.{missing}".lstrip("."), "This field is required.", "Give a value for it.")
    if name in {"AdditionalProperties", "UnevaluatedProperties"}:
        known = ", ".join(sorted(schema.get("properties", {}))) or "none"
        unexpected = ", ".join(kind.unexpected)
        return FieldProblem(unexpected or field, "This field is not known.", f"Remove it; known fields are: {known}.")
    if name == "Type":
        expected = kind.types if isinstance(kind.types, list) else [kind.types]
        words = " or ".join(str(item) for item in expected)
        return FieldProblem(field, f"This must be of type {words}.", f"Send a value of type {words}.")
    if name == "Enum":
        options = kind.options if isinstance(kind.options, list) else [kind.options]
        return FieldProblem(field, "This value is not allowed.", f"Use one of: {', '.join(map(str, options))}.")
    if name in {"Maximum", "Minimum", "ExclusiveMaximum", "ExclusiveMinimum"}:
        words = {
            "Maximum": "at most",
            "Minimum": "at least",
            "ExclusiveMaximum": "less than",
            "ExclusiveMinimum": "more than",
        }[name]
        return FieldProblem(field, "This number is out of range.", f"Use {words} {kind.limit}.")
    if name in {"MaxLength", "MinLength", "MaxItems", "MinItems"}:
        words = "at most" if name.startswith("Max") else "at least"
        unit = "characters" if name.endswith("Length") else "items"
        return FieldProblem(field, "The length is out of range.", f"Use {words} {kind.limit} {unit}.")
    if name == "Pattern":
        return FieldProblem(field, "This text does not have the expected form.", f"It must match {kind.pattern}.")
    if name == "Format":
        return FieldProblem(field, "This text does not have the expected form.", f"Send a valid {kind.format}.")
    return FieldProblem(field, "This value does not fit the tool's input schema.", "Compare it with the schema.")
