"""What a path leads to by JSON Schema, and whether a value of one schema can go where another is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from workflows.expressions import Parts

Schema = dict[str, Any]
#: What a hostile or huge schema may cost: alternatives looked at, and parts copied while following references.
MAX_VARIANTS = 64
MAX_MERGED = 5_000
_KINDS = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


class Typed:
    """A schema together with the document its `$ref`s point into; an empty schema means unknown."""

    __slots__ = ("root", "schema")

    def __init__(self, schema: Schema, root: Schema | None = None) -> None:
        self.schema = schema
        self.root = schema if root is None else root

    def variants(self) -> Iterator[Schema]:
        """The alternatives of the schema with references followed."""
        yield from islice(_variants(self.schema, self.root, 0), MAX_VARIANTS)

    def kinds(self) -> frozenset[str] | None:
        """JSON types a value may have; None when anything is possible."""
        found: set[str] = set()
        for variant in self.variants():
            kinds = _kinds_of(variant)
            if kinds is None:
                return None
            found |= kinds
        return frozenset(found) or None

    def standalone(self) -> Schema:
        """The schema with the definitions it needs beside it."""
        definitions = self.root.get("$defs")
        if definitions is None or self.schema is self.root:
            return self.schema
        return {**self.schema, "$defs": definitions}


UNKNOWN = Typed({})


def _variants(schema: Any, root: Schema, depth: int) -> Iterator[Schema]:
    if not isinstance(schema, dict) or depth > 20:
        yield {}
        return
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target: Any = root
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part, {}) if isinstance(target, dict) else {}
        yield from _variants(target, root, depth + 1)
        return
    for word in ("anyOf", "oneOf"):
        options = schema.get(word)
        if isinstance(options, list) and options:
            for option in options:
                yield from _variants(option, root, depth + 1)
            return
    if isinstance(schema.get("allOf"), list) and len(schema["allOf"]) == 1:
        yield from _variants(schema["allOf"][0], root, depth + 1)
        return
    yield schema


def _kinds_of(schema: Schema) -> set[str] | None:
    kind = schema.get("type")
    if isinstance(kind, str):
        return {kind} if kind in _KINDS else None
    if isinstance(kind, list):
        return {item for item in kind if item in _KINDS}
    values = (
        schema["enum"] if isinstance(schema.get("enum"), list) else [schema["const"]] if "const" in schema else None
    )
    if values:
        return {kind_of(value) for value in values}
    if "properties" in schema:
        return {"object"}
    return {"array"} if "items" in schema else None


def kind_of(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"


def step(typed: Typed, part: str | int) -> tuple[Typed, str]:
    """The schema one step further, and a verdict: `ok`, `unknown`, `doubtful` (may not exist) or `missing`."""
    verdicts: list[str] = []
    known: list[str] = []
    for variant in typed.variants():
        kinds = _kinds_of(variant)
        if kinds is None:
            return UNKNOWN, "unknown"
        if isinstance(part, str) and "object" in kinds:
            properties = variant.get("properties") or {}
            if part in properties:
                return Typed(properties[part], typed.root), "ok"
            extra = variant.get("additionalProperties")
            if isinstance(extra, dict) and extra:
                return Typed(extra, typed.root), "ok"
            if extra or (extra is None and not properties):
                return UNKNOWN, "unknown"
            verdicts.append("missing" if extra is False else "doubtful")
            known += properties
        elif isinstance(part, int) and "array" in kinds:
            prefix = variant.get("prefixItems")
            if isinstance(prefix, list) and 0 <= part < len(prefix):
                return Typed(prefix[part], typed.root), "ok"
            items = variant.get("items")
            return (Typed(items, typed.root), "ok") if isinstance(items, dict) else (UNKNOWN, "unknown")
        elif isinstance(part, int) and "string" in kinds:
            return Typed({"type": "string"}), "ok"
    return UNKNOWN, "doubtful" if "doubtful" in verdicts else "missing"


def follow(typed: Typed, parts: Parts) -> tuple[Typed, str, int]:
    """The schema at the end of a path (its root excluded), the verdict and how many steps were sound."""
    for position, part in enumerate(parts):
        typed, verdict = step(typed, part)
        if verdict != "ok":
            return typed, verdict, position
    return typed, "ok", len(parts)


def fields_of(typed: Typed) -> list[str]:
    """Names a person could continue a path with."""
    return sorted({name for variant in typed.variants() for name in variant.get("properties") or {}})


def may_fit(source: Typed, target: Typed) -> bool:
    """Whether some value of `source` is acceptable to `target`, as far as types tell."""
    given, asked = source.kinds(), target.kinds()
    if given is None or asked is None:
        return True
    if "number" in asked:
        asked |= {"integer"}
    if "number" in given:
        given |= {"integer"}
    return bool(given & asked)


def shown_kinds(typed: Typed) -> str:
    kinds = typed.kinds()
    return " | ".join(sorted(kinds)) if kinds else "any"


def merged(schema: Schema) -> Schema:
    """A schema cut loose from its document: `$ref`s into `$defs` replaced, recursion and excess cut off as unknown."""
    definitions = schema.get("$defs", {})
    budget = MAX_MERGED

    def inline(part: Any, depth: int) -> Any:
        nonlocal budget
        budget -= 1
        if isinstance(part, list):
            return [inline(item, depth) for item in part]
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref")
        if isinstance(reference, str):
            target = definitions.get(reference.removeprefix("#/$defs/")) if reference.startswith("#/$defs/") else None
            if depth > 8 or budget < 0 or not isinstance(target, dict):
                return {}
            rest = {name: value for name, value in part.items() if name != "$ref"}
            return {**inline(target, depth + 1), **inline(rest, depth)}
        return {name: inline(value, depth) for name, value in part.items() if name != "$defs"}

    result: Schema = inline(schema, 0)
    return result
