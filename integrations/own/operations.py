"""The operations of an OpenAPI document as actions: names and words to start from, one flat set of fields each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from integrations.own.documents import MAX_SCHEMA_BYTES, Schemas, TooLarge, relaxed, resolved
from integrations.own.spec import OwnAction, Parameter, Sign
from integrations.sdk.connector import Effect
from portal.common.errors import FieldProblem, Invalid

METHODS = ("get", "post", "put", "patch", "delete", "head")
EFFECTS: dict[str, Effect] = {"get": "read", "head": "read", "delete": "destroy"}
MAX_OPERATIONS = 3000
#: Set by the transport, the sign-in, or a danger to either.
_NOT_SETTABLE = frozenset({"authorization", "accept", "content-type", "host", "content-length", "connection", "cookie"})
_ANYTHING: dict[str, Any] = {"type": "object", "properties": {"result": {}}}
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")
_MARKDOWN = re.compile(r"<[^>]*>|[*_`#]+|!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Listed:
    """An operation as the page that offers it shows it."""

    source: str
    method: str
    path: str
    name: str
    title: str
    description: str
    tags: tuple[str, ...]
    is_deprecated: bool


def snake(text: str) -> str:
    """A name for an action out of any identifier: `getPetById` → `get_pet_by_id`."""
    name = "_".join(word.lower() for word in _WORDS.findall(text))[:64].strip("_")
    return name if name[:1].isalpha() else f"do_{name}"[:64].strip("_")


def plain(text: Any, length: int) -> str:
    """Words of a description without markup, cut at a sentence where possible."""
    if not isinstance(text, str):
        return ""
    found = " ".join(_MARKDOWN.sub(lambda match: match.group(1) or "", text.split("\n\n")[0]).split())
    if len(found) <= length:
        return found
    cut = found[:length]
    return cut[: cut.rfind(". ") + 1] or f"{cut[: length - 1]}…"


def listed(document: dict[str, Any]) -> list[Listed]:
    """Every operation, in the document's order; `Invalid` when there are too many."""
    found: list[Listed] = []
    for path, item in document["paths"].items():
        if not isinstance(item, dict) or not path.startswith("/"):
            continue
        item = resolved(document, item)
        for method in METHODS:
            operation = item.get(method)
            if not isinstance(operation, dict):
                continue
            if len(found) >= MAX_OPERATIONS:
                raise Invalid(f"The document has more than {MAX_OPERATIONS} operations.", code="document_too_large")
            found.append(_listed(method, path, operation))
    return found


def _listed(method: str, path: str, operation: dict[str, Any]) -> Listed:
    identifier = operation.get("operationId")
    words = re.sub(r"\{([^}]*)\}", r"by \1", path)
    name = snake(identifier if isinstance(identifier, str) and identifier else f"{method} {words}")
    title = plain(operation.get("summary"), 120) or name.replace("_", " ").capitalize()
    tags = operation.get("tags")
    return Listed(
        source=f"{method.upper()} {path}",
        method=method.upper(),
        path=path,
        name=name,
        title=title,
        description=plain(operation.get("description"), 500) or title,
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        is_deprecated=operation.get("deprecated") is True,
    )


def build(document: dict[str, Any], source: str) -> OwnAction:
    """The action of one operation; `Invalid` says what in it cannot be used."""
    method, _, path = source.partition(" ")
    item = document["paths"].get(path)
    operation = resolved(document, item).get(method.lower()) if isinstance(item, dict) else None
    if not isinstance(operation, dict):
        raise Invalid(f"The document has no operation {source}.", code="no_operation")
    entry = _listed(method.lower(), path, operation)
    try:
        return _build(document, resolved(document, item), operation, entry)
    except Invalid as error:
        raise Invalid(
            f"{source} cannot be used: {error.message}",
            remedy=error.remedy or "Choose another operation, or mend the document.",
            code=error.error_code,
            problems=[FieldProblem(source, error.message, error.remedy)],
        ) from None


def _build(document: dict[str, Any], item: dict[str, Any], operation: dict[str, Any], entry: Listed) -> OwnAction:
    fields = _Fields(document)
    for raw in _parameters(document, item, operation):
        fields.add_parameter(raw)
    body, body_field = fields.add_body(operation)
    missing = set(re.findall(r"\{([^}]*)\}", entry.path)) - {
        one.name for one in fields.parameters if one.place == "path"
    }
    for name in sorted(missing):
        fields.add(name, "path", {"type": "string"}, is_required=True)
    input_schema = {
        "type": "object",
        "properties": fields.properties,
        "required": fields.required,
        "additionalProperties": False,
        **({"$defs": fields.schemas.definitions} if fields.schemas.definitions else {}),
    }
    if len(json.dumps(input_schema)) > MAX_SCHEMA_BYTES:
        raise TooLarge("Its fields are described in too many words.")
    output_schema, wraps = _output(document, operation)
    return OwnAction(
        source=entry.source,
        name=entry.name,
        title=entry.title,
        description=entry.description,
        effect=EFFECTS.get(entry.method.lower(), "write"),
        idempotent=True if entry.method in ("PUT", "DELETE") else None,
        input_schema=input_schema,
        output_schema=output_schema,
        wraps=wraps,
        method=entry.method,
        path=entry.path,
        parameters=fields.parameters,
        body=body,
        body_field=body_field,
    )


def _parameters(document: dict[str, Any], item: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Parameters of the path and of the operation, which come first where both name one."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for raw in [*(item.get("parameters") or []), *(operation.get("parameters") or [])]:
        parameter = resolved(document, raw)
        found[str(parameter.get("in")), str(parameter.get("name"))] = parameter
    return list(found.values())


class _Fields:
    """The fields of an action as they come together out of parameters and body."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self.schemas = Schemas(document)
        self.properties: dict[str, Any] = {}
        self.required: list[str] = []
        self.parameters: list[Parameter] = []

    def add(self, name: str, place: str, schema: Any, *, is_required: bool, explode: bool = True) -> str:
        """Put a field in under its own name, or with its place where that is taken."""
        field = re.sub(r"[^A-Za-z0-9_]", "_", name)[:64] or "field"
        if field[0].isdigit():
            field = f"_{field}"[:64]
        if field in self.properties:
            field = f"{field[:57]}_{place}"
        if field in self.properties:
            raise Invalid(f"Two of its fields are called {name!r}.")
        self.properties[field] = schema
        if is_required:
            self.required.append(field)
        self.parameters.append(Parameter(field=field, name=name, place=place, explode=explode))
        return field

    def add_parameter(self, raw: dict[str, Any]) -> None:
        name, place = str(raw.get("name", "")), str(raw.get("in", ""))
        is_required = raw.get("required") is True or place == "path"
        if place not in ("path", "query", "header", "cookie") or not name:
            raise Invalid("A parameter has no name or no known place.")
        if place == "cookie" or (place == "header" and name.lower() in _NOT_SETTABLE):
            # The sign-in and the client set these; nothing is lost unless the operation insists.
            if is_required and place == "cookie":
                raise Invalid(f"It needs the cookie {name!r}.", remedy="Use the document's sign-in for it.")
            return
        schema = raw.get("schema")
        if schema is None and isinstance(content := raw.get("content"), dict) and content:
            schema = next(iter(content.values())).get("schema", {})
        schema = self.schemas.convert(schema if schema is not None else {})
        if isinstance(schema, dict) and (text := plain(raw.get("description"), 500)):
            schema = {**schema, "description": text}
        self.add(name, place, schema, is_required=is_required, explode=raw.get("explode", place == "query") is True)

    def add_body(self, operation: dict[str, Any]) -> tuple[str, str]:
        """The kind of the body and the field that is the whole of it, if it is one."""
        if operation.get("requestBody") is None:
            return "none", ""
        raw = resolved(self._document, operation["requestBody"])
        content = raw.get("content")
        if not isinstance(content, dict) or not content:
            return "none", ""
        kinds = {kind.partition(";")[0].strip().lower(): value for kind, value in content.items()}
        chosen = next((kind for kind in kinds if kind == "application/json" or kind.endswith("+json")), "")
        body = "json" if chosen else "form"
        chosen = chosen or ("application/x-www-form-urlencoded" if body == "form" else "")
        if chosen not in kinds:
            raise Invalid(f"Its body is {', '.join(kinds)[:120]}.", remedy="JSON and plain form bodies can be sent.")
        schema = (kinds[chosen] or {}).get("schema", {})
        is_required = raw.get("required") is True
        direct = resolved(self._document, schema)
        properties = direct.get("properties")
        mixed = any(name in direct for name in ("allOf", "anyOf", "oneOf", "patternProperties"))
        if (
            isinstance(properties, dict)
            and properties
            and not mixed
            and not isinstance(direct.get("additionalProperties"), dict)
        ):
            raw_required = direct.get("required")
            wanted = raw_required if isinstance(raw_required, list) else []
            for name, value in properties.items():
                converted = self.schemas.convert(value)
                if isinstance(value, dict) and value.get("readOnly") is True:
                    continue
                self.add(name, "body", converted, is_required=is_required and name in wanted)
            return body, ""
        field = self.add("body", "body", self.schemas.convert(schema), is_required=is_required)
        return body, field


def _output(document: dict[str, Any], operation: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The form of the answer as far as one can rely on it, and whether the answer stands under `result` in it."""
    responses = operation.get("responses")
    codes = [code for code in responses if re.match(r"2(\d\d|XX)\Z", code)] if isinstance(responses, dict) else []
    for code in sorted(codes) or ["default"]:
        raw = responses.get(code) if isinstance(responses, dict) else None
        if raw is None:
            continue
        content = resolved(document, raw).get("content")
        for kind, value in (content or {}).items():
            if not kind.partition(";")[0].strip().lower().endswith("json") or not isinstance(value, dict):
                continue
            schemas = Schemas(document)
            try:
                top = schemas.convert(value.get("schema", {}))
            except TooLarge:
                return dict(_ANYTHING), True
            return _record(top, schemas.definitions)
    return dict(_ANYTHING), True


def _record(top: Any, definitions: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """An object as it is; anything else under the name `result`, as tools want it."""
    direct = top
    for _ in range(10):
        if not (isinstance(direct, dict) and str(direct.get("$ref", "")).startswith("#/$defs/")):
            break
        direct = definitions[direct["$ref"].removeprefix("#/$defs/")]
    is_object = isinstance(direct, dict) and isinstance(direct.get("properties"), dict) and bool(direct["properties"])
    found = relaxed(direct if is_object else {"type": "object", "properties": {"result": top}})
    found["type"] = "object"
    if definitions:
        found["$defs"] = {name: relaxed(value) for name, value in definitions.items()}
    return (found, not is_object) if len(json.dumps(found)) <= MAX_SCHEMA_BYTES else (dict(_ANYTHING), True)


def servers(document: dict[str, Any], address: str) -> list[str]:
    """Base addresses the document names, complete where the document's own address is known."""
    found = []
    for raw in document.get("servers") or [{"url": "/"}]:
        if not isinstance(raw, dict) or not isinstance(url := raw.get("url"), str):
            continue
        raw_variables = raw.get("variables")
        variables = raw_variables if isinstance(raw_variables, dict) else {}
        for name, variable in variables.items():
            default = variable.get("default") if isinstance(variable, dict) else ""
            url = url.replace("{" + name + "}", str(default or ""))
        found.append(urljoin(address, url).rstrip("/") or "/")
    return found


def signs(document: dict[str, Any], address: str) -> list[Sign]:
    """The ways to sign in that the document offers and we can follow, those it asks for everywhere first."""
    schemes = (document.get("components") or {}).get("securitySchemes")
    found: dict[str, Sign] = {}
    for key, raw in (schemes or {}).items():
        scheme = resolved(document, raw)
        kind, name = scheme.get("type"), str(scheme.get("name", ""))
        if kind == "apiKey" and scheme.get("in") in ("header", "query", "cookie") and name:
            found[key] = Sign(kind=scheme["in"], name=name)
        elif kind == "http" and str(scheme.get("scheme", "")).lower() in ("basic", "bearer"):
            found[key] = Sign(kind=scheme["scheme"].lower())
        elif kind == "oauth2":
            flow = (scheme.get("flows") or {}).get("clientCredentials")
            if isinstance(flow, dict) and isinstance(url := flow.get("tokenUrl"), str):
                scopes = [str(scope) for scope in flow.get("scopes") or {}]
                found[key] = Sign(kind="client_credentials", token_url=urljoin(address, url), scopes=scopes)
    asked = [key for needed in document.get("security") or [] if isinstance(needed, dict) for key in needed]
    ordered = sorted(found, key=lambda key: asked.index(key) if key in asked else len(asked))
    return [found[key] for key in ordered]
