"""OpenAPI documents from outside: read within bounds, references followed, schemas as JSON Schema 2020-12.

https://spec.openapis.org/oas/v3.0.4.html and https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from portal.common.errors import Invalid

MAX_BYTES = 4 * 1024 * 1024
MAX_VALUES = 400_000
MAX_DEPTH = 100
#: Schemas that one operation may bring along, and how deep they may go.
MAX_DEFINITIONS = 120
MAX_SCHEMA_DEPTH = 40
MAX_SCHEMA_BYTES = 96 * 1024
_VERSION = re.compile(r"3\.[01](\.\d+)?\Z")
_SCHEMAS = "#/components/schemas/"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


class TooLarge(Invalid):
    """A schema that no form and no model could use any more."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as JSON has it: dates stay text, and `on` or `no` are words."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
)


def read_document(content: bytes) -> dict[str, Any]:
    """The document in plain JSON values; `Invalid` says what is wrong with it."""
    if len(content) > MAX_BYTES:
        raise Invalid(
            f"The document is larger than {MAX_BYTES // 1024 // 1024} MiB.",
            remedy="Use a document of the part of the API that you need.",
            code="document_too_large",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable("It is not UTF-8 text.") from None
    data = _plain(_parse(text))
    if not isinstance(data, dict):
        raise _unreadable("It holds no object.")
    version = str(data.get("openapi", ""))
    if not _VERSION.match(version):
        found = f"Swagger {data['swagger']}" if "swagger" in data else f"OpenAPI {version}" if version else "no version"
        raise Invalid(
            f"OpenAPI 3.0 and 3.1 can be read; the document has {found}.",
            remedy="Convert the document to OpenAPI 3.",
            code="unknown_version",
        )
    if not isinstance(data.get("paths"), dict) or not data["paths"]:
        raise _unreadable("It names no paths.")
    return data


def _unreadable(why: str) -> Invalid:
    return Invalid(
        f"This is no OpenAPI document. {why}",
        remedy="Give the address or the file of an OpenAPI 3 document in JSON or YAML.",
        code="no_openapi_document",
    )


def _parse(text: str) -> Any:
    try:
        if text.lstrip()[:1] == "{":
            return json.loads(text)
        _check_depth(text)
        return yaml.load(text, _Loader)  # noqa: S506  # nosec B506 - a safe loader with fewer kinds of values
    except RecursionError:
        raise _unreadable("It is nested too deep.") from None
    except ValueError as error:
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "a value"
        raise _unreadable(f"It cannot be read at {place}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _unreadable(f"It cannot be read at line {mark.line + 1}." if mark else "It cannot be read.") from None


def _check_depth(text: str) -> None:
    """Refuse what is nested too deep before it is built: the parser in C would run out of stack and take us along."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _unreadable("It is nested too deep.")


def _plain(root: Any) -> Any:
    """The value with text keys only. Counted as written out, so that aliases of YAML cannot multiply without end."""
    count = 0

    def copy(value: Any, depth: int) -> Any:
        nonlocal count
        count += 1
        if count > MAX_VALUES or depth > MAX_DEPTH:
            raise Invalid("The document holds too much.", remedy="Use a smaller one.", code="document_too_large")
        if isinstance(value, dict):
            return {str(key): copy(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [copy(item, depth + 1) for item in value]
        if isinstance(value, float) and value != value:
            return None
        return value if isinstance(value, str | int | float | bool | None) else str(value)

    return copy(root, 0)


def point(document: dict[str, Any], reference: str) -> Any:
    """What a reference within the document leads to; `Invalid` for one that leads outside or nowhere."""
    if not reference.startswith("#/"):
        raise Invalid(f"The reference {reference[:200]!r} leads out of the document.", code="outside_reference")
    found: Any = document
    for part in reference[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        elif isinstance(found, dict) and name in found:
            found = found[name]
        else:
            raise Invalid(f"The reference {reference[:200]!r} leads nowhere.", code="dangling_reference")
    return found


def resolved(document: dict[str, Any], value: Any) -> dict[str, Any]:
    """An object of the document, references followed."""
    seen: set[str] = set()
    while isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
        if reference in seen:
            raise Invalid(f"The reference {reference[:200]!r} leads to itself.", code="circular_reference")
        seen.add(reference)
        value = point(document, reference)
    if not isinstance(value, dict):
        raise Invalid("The document has something else where an object belongs.", code="no_openapi_document")
    return value


class Schemas:
    """Schemas of one operation, brought into JSON Schema 2020-12 with `$defs` for what they share."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._names: dict[str, str] = {}
        self.definitions: dict[str, Any] = {}

    def convert(self, schema: Any, *, depth: int = 0) -> Any:
        """The schema as 2020-12. References stay references, so that recursive ones end."""
        if depth > MAX_SCHEMA_DEPTH:
            raise TooLarge("A schema of the operation is nested too deep.")
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            raise Invalid("A schema of the operation is no object.", code="no_openapi_document")
        if isinstance(reference := schema.get("$ref"), str):
            found: dict[str, Any] = {"$ref": f"#/$defs/{self._define(reference, depth)}"}
            if isinstance(text := schema.get("description"), str):
                found["description"] = text[:1000]
            return found
        return _modern(dict(self._keywords(schema, depth)), schema)

    def _define(self, reference: str, depth: int) -> str:
        if reference in self._names:
            return self._names[reference]
        if len(self._names) >= MAX_DEFINITIONS:
            raise TooLarge(f"The operation uses more than {MAX_DEFINITIONS} schemas.")
        plain = _UNSAFE.sub("_", reference.removeprefix(_SCHEMAS).removeprefix("#/"))[-80:]
        name, number = plain, 1
        while name in self._names.values():
            number += 1
            name = f"{plain}_{number}"
        self._names[reference] = name
        self.definitions[name] = self.convert(point(self._document, reference), depth=depth + 1)
        return name

    def _keywords(self, schema: dict[str, Any], depth: int) -> Iterator[tuple[str, Any]]:
        for name, value in schema.items():
            if name in ("properties", "patternProperties") and isinstance(value, dict):
                yield name, {key: self.convert(item, depth=depth + 1) for key, item in value.items()}
            elif name in ("items", "additionalProperties", "not") and isinstance(value, dict | bool):
                yield name, self.convert(value, depth=depth + 1)
            elif name in ("allOf", "anyOf", "oneOf", "prefixItems") and isinstance(value, list) and value:
                yield name, [self.convert(item, depth=depth + 1) for item in value]
            elif name == "description" and isinstance(value, str):
                yield name, value[:1000]
            elif name in _KEPT:
                yield name, value


_KEPT = frozenset(
    [
        *("type", "title", "default", "enum", "const", "format", "required", "pattern", "readOnly", "writeOnly"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    ]
)


def _modern(found: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """What 3.0 says in words of its own: null, and limits that exclude."""
    for name, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(name), bool):
            excludes = found.pop(name)
            if excludes and limit in found:
                found[name] = found.pop(limit)
    if old.get("nullable") is True:
        if isinstance(kind := found.get("type"), str):
            found["type"] = [kind, "null"]
            if isinstance(found.get("enum"), list) and None not in found["enum"]:
                found["enum"] = [*found["enum"], None]
        elif found:
            found = {"anyOf": [found, {"type": "null"}]}
    if found.get("type") == "file" or found.get("format") == "binary":
        found = {"type": "string", "description": found.get("description", "")}
    return found


def relaxed(schema: Any) -> Any:
    """What an answer may be relied on for: the kinds of its fields, each of which may be missing or null."""
    if isinstance(schema, list):
        return [relaxed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Any] = {}
    for name, value in schema.items():
        if name in ("properties", "$defs"):
            found[name] = {key: relaxed(item) for key, item in value.items()}
        elif name in ("items", "anyOf", "allOf", "prefixItems"):
            found[name] = relaxed(value)
        elif name == "oneOf":
            found["anyOf"] = relaxed(value)
        elif name in ("description", "title", "$ref"):
            found[name] = value
        elif name == "additionalProperties" and isinstance(value, dict):
            found[name] = relaxed(value)
        elif name == "type":
            kinds = value if isinstance(value, list) else [value]
            found[name] = kinds if "null" in kinds else [*kinds, "null"]
    return found
