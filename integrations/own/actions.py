"""Actions whose fields come from a JSON Schema that was read from elsewhere, not from a Python signature."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs
from pydantic import BaseModel

from integrations.own.spec import OwnAction
from integrations.sdk import Action, Context, FieldProblem, InvalidParams, Unavailable
from integrations.sdk.connector import Connector
from integrations.sdk.text import Text

Carry = Callable[[Context, OwnAction, dict[str, Any]], Awaitable[Any]]


@dataclass(slots=True, eq=False)
class OwnedAction(Action[Any]):
    """An action of a workspace's own connector. `function` carries it out."""

    spec: OwnAction = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.params_model = BaseModel
        self.result_type = Any
        self._schemas = {"input": self.spec.input_schema, "output": self.spec.output_schema}

    async def invoke(self, ctx: Context, params: dict[str, Any]) -> Any:
        """Check, call, and check what comes back."""
        given = {name: value for name, value in params.items() if value is not None or self._takes_null(name)}
        check_params(self.title.en, self.input_schema, given)
        return self.dump(await self.function(ctx, self.spec, given))

    def _takes_null(self, name: str) -> bool:
        # A field left empty on the canvas is null; most services want it left out.
        return name in self.input_schema.get("required", [])

    def dump(self, result: Any) -> Any:
        """The result, if it has the form that workflows and clients were told of."""
        if self.spec.checks_answer and (error := first_error(self.output_schema, result)) is not None:
            raise Unavailable(
                f"{self.connector.title.en} answered in another form than it describes: {error[:300]}",
                code="broken_answer",
                remedy="Refresh the connector, or turn off the check of this action's answers.",
            )
        return result


def make_action(connector: Connector, spec: OwnAction, carry: Carry) -> OwnedAction:
    """The action and its place in the connector."""
    words = Text(spec.description or spec.title, spec.description or spec.title)
    action = OwnedAction(
        connector=connector,
        name=spec.name,
        function=carry,
        title=Text(spec.title, spec.title),
        description=words,
        effect=spec.effect,
        timeout=60.0,
        idempotent=spec.idempotent,
        needs_credential=connector.needs_credential,
        icon=connector.icon,
        spec=spec,
    )
    connector.actions[spec.name] = action
    return action


def validator_for(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """A compiled schema. Remote references are refused; `ValueError` for a schema that cannot be used."""
    return _validator(json.dumps(schema, sort_keys=True))


@lru_cache(maxsize=1024)
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(schema), offline=True)


def usable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, without its patterns where they cannot be compiled; `ValueError` when that does not help."""
    try:
        validator_for(schema)
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
        schema = _without(schema, frozenset({"pattern", "patternProperties", "format"}))
        try:
            validator_for(schema)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            raise ValueError(str(error)[:200]) from None
    return schema


def _without(value: Any, names: frozenset[str], *, in_properties: bool = False) -> Any:
    if isinstance(value, list):
        return [_without(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without(item, names, in_properties=key in ("properties", "$defs") and not in_properties)
        for key, item in value.items()
        if in_properties or key not in names
    }


def first_error(schema: dict[str, Any], value: Any) -> str | None:
    """What is wrong with a value first, None when it fits; the value itself is not repeated."""
    for error in validator_for(schema).iter_errors(value):
        problem = _problem(error, schema)
        return f"{problem.field}: {problem.message}" if problem.field else problem.message
    return None


def check_params(title: str, schema: dict[str, Any], values: dict[str, Any]) -> None:
    """Raise `InvalidParams` that names each wrong field and what would be right."""
    problems = [_problem(error, schema) for error in islice(validator_for(schema).iter_errors(values), 20)]
    if problems:
        raise InvalidParams(f"{title}: the parameters do not fit.", problems=problems)


def _problem(error: Any, schema: dict[str, Any]) -> FieldProblem:
    """The library's finding in words of ours: its own repeat the value, which may be secret."""
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path).lstrip(".")
    kind, rule = error.kind, type(error.kind).__name__.rsplit("_", 1)[-1]
    if rule == "Required":
        name = str(kind.property).strip('"')
        return FieldProblem(f"{field}.{name}".lstrip("."), "A value is missing.", "Give a value for it.")
    if rule == "AdditionalProperties":
        known = ", ".join(schema.get("properties", {}))[:500]
        return FieldProblem(", ".join(kind.unexpected), "This field is not known.", f"Known fields are: {known}.")
    if rule == "Type":
        types = kind.types if isinstance(kind.types, list) else [kind.types]
        words = " or ".join(str(item) for item in types)
        return FieldProblem(field, f"This must be of type {words}.", f"Use a value of type {words}.")
    if rule == "Enum":
        return FieldProblem(field, "This value is not one of the choices.", f"Use one of: {str(kind.options)[:200]}.")
    words = "".join(f" {char.lower()}" if char.isupper() else char for char in rule).strip()
    limit = getattr(kind, "limit", None)
    return FieldProblem(
        field, f"This breaks the rule {words}{'' if limit is None else f' {limit}'}.", "Change the value."
    )
