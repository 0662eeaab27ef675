"""Texts from forms, query strings and mappings as the types that a workflow's inputs want."""

from __future__ import annotations

import json
from typing import Any

_TRUE = frozenset({"true", "1", "yes", "on", "예", "참"})
_FALSE = frozenset({"false", "0", "no", "off", "", "아니요", "거짓"})


def type_of(schema: dict[str, Any]) -> str:
    """The one type a schema names, without null; empty when it names several or none."""
    kind = schema.get("type")
    if isinstance(kind, list):
        rest = [one for one in kind if one != "null"]
        return rest[0] if len(rest) == 1 else ""
    if kind is None and isinstance(options := schema.get("anyOf") or schema.get("oneOf"), list):
        rest = [one for one in options if isinstance(one, dict) and one.get("type") != "null"]
        return type_of(rest[0]) if len(rest) == 1 else ""
    return kind or ""


def fit(value: Any, schema: dict[str, Any]) -> Any:
    """A text as the wanted type where that is clear; anything else unchanged, for the schema check to judge."""
    if not isinstance(value, str):
        return value
    kind, text = type_of(schema), value.strip()
    if kind == "boolean":
        lower = text.lower()
        return True if lower in _TRUE else False if lower in _FALSE else value
    if kind in ("integer", "number"):
        try:
            return int(text) if kind == "integer" or text.lstrip("+-").isdigit() else float(text)
        except ValueError:
            return value
    if kind in ("object", "array"):
        try:
            return json.loads(text)
        except ValueError:
            return [line.strip() for line in text.splitlines() if line.strip()] if kind == "array" else value
    return value
