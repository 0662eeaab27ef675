"""JSON Schema of people, checked safely: nothing is fetched, patterns run in bounded time, values are not repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jsonschema_rs

from portal.common.errors import FieldProblem

MAX_PROBLEMS = 20


class BadSchema(ValueError):
    """The document is not JSON Schema 2020-12; `place` is where."""

    def __init__(self, detail: str, place: str = "") -> None:
        super().__init__(detail)
        self.place = place


def validator_of(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """A validator, kept for the next use because building one costs more than using it; raises `BadSchema`."""
    try:
        return _built(json.dumps(schema, sort_keys=True))
    except jsonschema_rs.ValidationError as error:
        raise BadSchema(error.message[:200], path_text(error.instance_path)) from None
    except (ValueError, RecursionError, jsonschema_rs.ReferencingError) as error:
        raise BadSchema(str(error)[:200]) from None


@lru_cache(maxsize=2_000)
def _built(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(schema), offline=True)


def path_text(parts: list[str | int]) -> str:
    """A place in a document as a person writes it: `rows[2].code`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def problems_of(schema: dict[str, Any], value: Any) -> Iterator[FieldProblem]:
    """What is wrong with a value, field by field, never repeating it; raises `BadSchema`."""
    validator = validator_of(schema)
    if validator.is_valid(value):
        return
    for count, error in enumerate(validator.iter_errors(value)):
        if count == MAX_PROBLEMS:
            return
        yield _problem(error)


def _problem(error: Any) -> FieldProblem:
    kind = error.kind
    field, rule = path_text(error.instance_path), type(kind).__name__.rsplit("_", 1)[-1]
    if rule == "Required":
        name = str(kind.property).strip('"')
        return FieldProblem(f"{field}.{name}".lstrip("."), "A value is missing.", "Give a value for it.")
    if rule == "Type":
        types = kind.types if isinstance(kind.types, list) else [kind.types]
        words = " or ".join(str(item) for item in types)
        return FieldProblem(field, f"This must be of type {words}.", f"Give a value of type {words}.")
    if rule == "Enum":
        return FieldProblem(field, "This value is not one of the choices.", f"Use one of: {str(kind.options)[:200]}.")
    limit = getattr(kind, "limit", None)
    words = _words(rule)
    if limit is not None:
        return FieldProblem(field, f"This breaks the rule {words} {limit}.", "Change the value.")
    return FieldProblem(field, f"This breaks the rule {words}.", "Change the value.")


def _words(rule: str) -> str:
    """`MaxLength` as `max length`."""
    return "".join(f" {char.lower()}" if char.isupper() else char for char in rule).strip()
