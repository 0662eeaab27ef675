"""An example for every request and every answer of the OpenAPI document, made from its schema and telling values."""

from __future__ import annotations

import re
from typing import Any

_ID = "01a2b3c4-5d6e-7f80-9123-456789abcdef"
#: Values by name of the field; they must fit every field of that name, or they are left out there.
VALUES: dict[str, Any] = {
    "id": _ID,
    "name": "Trading-value ranking",
    "slug": "trading-value-ranking",
    "title": "Trading-value ranking",
    "description": "Stocks ranked by traded value of the session",
    "email": "minji@example.com",
    "label": "Nightly report",
    "prefix": "pat_4fQz9K",
    "language": "ko",
    "time_zone": "Asia/Seoul",
    "state": "succeeded",
    "source": "api",
    "connector": "kis",
    "action": "kis.get_volume_ranking",
    "node": "rank",
    "tool": "get_volume_ranking",
    "template": "trading_value_ranking",
    "url": "https://portal.example.com/mcp/trading-value-ranking",
    "sse_url": "https://portal.example.com/mcp/trading-value-ranking/sse",
    "next": None,
    "previous": None,
    "error": None,
    "message": "Ready",
    "remedy": "",
    "kind": "run.succeeded",
    "level": "info",
    "seq": 4,
    "path": "rank",
    "category": "데스크톱컴퓨터",
    "area": "강남구",
    "platform": "molit",
    "platforms": ["molit"],
    "areas": ["강남구"],
    "region_name": "서울특별시 강남구",
    "model_name": "daily-sales",
    "data": [12.0, 13.5, 12.8, 14.1, 15.0, 14.2],
    "values": {"app_key": "…", "app_secret": "…"},
    "input": {"market": "ALL", "count": 20},
    "definition": {
        "schema_version": 1,
        "inputs": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
        "nodes": [{"id": "echo", "action": "text.echo", "params": {"text": "{{ input.text }}"}}],
        "output": {"text": "{{ echo.text }}"},
    },
    "percent": 10,
    "calls": 120,
    "errors": 2,
    "live_calls": 1080,
    "live_errors": 11,
    "per_minute": 60,
    "daily_calls": 5000,
    "monthly_calls": 100_000,
    "instructions": "Ask for the ranking first, then for single stocks.",
    "note": "A second tool",
    "cause": "The service refused the credential.",
    "where": "In the node “rank”.",
    "changed": ["The version is 4; the last good run was of version 3."],
    "remedies": ["Replace the credential of the connection."],
    "caller": {"kind": "user", "label": "minji@example.com"},
    "timezone": "Asia/Seoul",
    "currency": "KRW",
    "query": "{ properties(first: 2) { id title price } }",
}
_FORMATS: dict[str, Any] = {
    "uuid": _ID,
    "date-time": "2036-11-20T09:30:00+09:00",
    "date": "2026-11-20",
    "time": "22:00:00",
    "email": "minji@example.com",
    "uri": "https://portal.example.com/",
    "ipv4": "203.0.113.7",
    "ip": "203.0.113.7",
    "ipv6": "2001:db8::7",
    "decimal": "12.5",
    "binary": "…",
}
_NEVER = object()


class _Builder:
    def __init__(self, components: dict[str, Any]) -> None:
        self.schemas = components.get("schemas", {})

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        reference = schema.get("$ref")
        return self.schemas[reference.rpartition("/")[2]] if reference else schema

    def build(self, schema: dict[str, Any], name: str = "", depth: int = 0) -> Any:
        schema = self.resolve(schema)
        if "example" in schema:
            return schema["example"]
        if "const" in schema:
            return schema["const"]
        known = VALUES.get(name, _NEVER)
        if known is not _NEVER and self._fits(known, schema):
            return known
        for key in ("allOf", "oneOf", "anyOf"):
            if options := schema.get(key):
                chosen = [option for option in options if option.get("type") != "null"] or options
                return self.build(chosen[0], name, depth)
        if "enum" in schema:
            return next((value for value in schema["enum"] if value not in ("", None)), schema["enum"][0])
        if "default" in schema and schema["default"] != "":
            return schema["default"]
        return self._by_type(schema, name, depth)

    def _by_type(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            # What may be missing is shown where it says something, and as null deep inside.
            kind = next((one for one in kind if one != "null"), "null")
        if kind == "object" or "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            if depth > 6:
                return []
            return [self.build(schema.get("items", {}), _singular(name), depth + 1)] * max(1, schema.get("minItems", 1))
        if kind == "integer":
            return int(_within(schema, 1))
        if kind == "number":
            return _within(schema, 1.5)
        if kind == "boolean":
            return True
        if kind == "string":
            return self._text(schema, name)
        return None

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        required = set(schema.get("required", properties))
        return {
            name: self.build(part, name, depth + 1)
            for name, part in properties.items()
            if depth < 2 or name in required
        }

    def _text(self, schema: dict[str, Any], name: str) -> str:
        if (form := schema.get("format")) and form in _FORMATS:
            return str(_FORMATS[form])
        text = name.replace("_", " ") or "text"
        return text[: schema.get("maxLength", 200)].ljust(schema.get("minLength", 0), "x")

    def _fits(self, value: Any, schema: dict[str, Any]) -> bool:
        if not schema:
            return True
        options = schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf")
        if options:
            return any(self._fits(value, self.resolve(option)) for option in options)
        if "enum" in schema:
            return value in schema["enum"]
        kinds = schema.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if schema.get("format") and not (value is None or schema["format"] in ("uri", "uuid", "email")):
            return False
        if schema.get("format") == "uuid" and value != _ID:
            return False
        if isinstance(value, str) and len(value) > schema.get("maxLength", 10_000):
            return False
        if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
            return False
        if isinstance(value, dict) and schema.get("properties"):
            return False
        if isinstance(value, list) and value and not self._fits(value[0], self.resolve(schema.get("items", {}))):
            return False
        return _kind(value) in kinds


def _kind(value: Any) -> str:
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "array" if isinstance(value, list) else "null"


def _within(schema: dict[str, Any], value: float) -> float:
    if (low := schema.get("minimum")) is not None and value < low:
        value = low
    if (low := schema.get("exclusiveMinimum")) is not None and value <= low:
        value = low + 1
    if (high := schema.get("maximum")) is not None and value > high:
        value = high
    if (high := schema.get("exclusiveMaximum")) is not None and value >= high:
        value = high / 2
    return value


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") else name


def add_examples(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """After the work: every body, in and out, carries an example unless its view gave one."""
    builder = _Builder(result.get("components", {}))
    for methods in result["paths"].values():
        for operation in methods.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                for kind, media in body.get("content", {}).items():
                    if "examples" not in media and "example" not in media:
                        media["example"] = _EVENTS if kind == "text/event-stream" else builder.build(media["schema"])
    return result


_EVENTS = (
    'id: 1\nevent: run.started\ndata: {"seq": 1, "kind": "run.started", "message": ""}\n\n'
    'id: 2\nevent: run.succeeded\ndata: {"seq": 2, "kind": "run.succeeded", "message": ""}\n\n'
)
