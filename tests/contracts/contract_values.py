"""Hypothesis strategies for the JSON Schemas that actions have (hypothesis-jsonschema draws the leaves)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

NAMES = st.text("abcdefghijk", min_size=1, max_size=4)
LEAF_KEYS = (
    "type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern", "minLength",
    "maxLength", "format", "enum", "const",
)  # fmt: skip


def values_of(schema: Any, root: dict[str, Any] | None = None, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that the schema allows, small on purpose."""
    root = schema if root is None else root
    if schema is True or schema == {}:
        return anything()
    if "$ref" in schema:
        return values_of(root["$defs"][schema["$ref"].rpartition("/")[2]], root, depth + 1)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            branches = [branch for branch in schema[key] if depth < 6 or "$ref" not in branch] or schema[key]
            return st.one_of(*(values_of(branch, root, depth + 1) for branch in branches))
    kind = schema.get("type")
    if isinstance(kind, list):
        return st.one_of(*(values_of({**schema, "type": one}, root, depth) for one in kind))
    if kind == "object":
        return _objects(schema, root, depth)
    if kind == "array":
        return _arrays(schema, root, depth)
    leaf = {key: schema[key] for key in LEAF_KEYS if key in schema}
    if not leaf:
        return anything()
    if "maxLength" in leaf:
        leaf["maxLength"] = min(leaf["maxLength"], max(40, leaf.get("minLength", 0)))
    return from_schema(leaf)


def anything() -> st.SearchStrategy[Any]:
    """Any small JSON value."""
    leaves = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=8)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2), max_leaves=4
    )


def _arrays(schema: dict[str, Any], root: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    if "prefixItems" in schema:
        return st.tuples(*(values_of(item, root, depth + 1) for item in schema["prefixItems"])).map(list)
    least = schema.get("minItems", 0)
    most = min(schema.get("maxItems", 3), max(3, least)) if depth < 6 else least
    unique = {"unique_by": repr} if schema.get("uniqueItems") else {}
    return st.lists(values_of(schema.get("items", {}), root, depth + 1), min_size=least, max_size=most, **unique)


def _objects(schema: dict[str, Any], root: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    properties = schema.get("properties", {})
    required = set(schema.get("required", ()))
    strategies = {name: values_of(item, root, depth + 1) for name, item in properties.items()}
    fixed = st.fixed_dictionaries(
        {name: strategies[name] for name in properties if name in required},
        optional={name: strategies[name] for name in properties if name not in required},
    )
    extra = schema.get("additionalProperties", not properties)
    if extra is False:
        return fixed
    least, most = schema.get("minProperties", 0), min(schema.get("maxProperties", 2), 2)
    others = st.dictionaries(NAMES, values_of(extra, root, depth + 1), min_size=least, max_size=max(least, most))
    if not properties:
        return others
    return st.builds(lambda known, more: {**more, **known}, fixed, others)
