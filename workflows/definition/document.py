"""Reading, writing and comparing workflow documents: old versions are migrated, content has one canonical form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from portal.common.errors import FieldProblem, Invalid
from workflows.definition.json_schema import path_text
from workflows.definition.model import SCHEMA_VERSION, Definition

DOCUMENT_KIND = "mcp-portal/workflow"

#: Version → the step to the next version; each takes and returns a whole document.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def migration(version: int) -> Callable[[Callable[[dict[str, Any]], dict[str, Any]]], Callable[..., dict[str, Any]]]:
    """Register the function that lifts documents of `version` to `version + 1`."""

    def register(function: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        MIGRATIONS[version] = function
        return function

    return register


@migration(0)
def _from_drafts(data: dict[str, Any]) -> dict[str, Any]:
    """Version 0 had `source`/`target` in edges and a bare string or null in `on_error`."""

    def graph(part: dict[str, Any]) -> dict[str, Any]:
        part = dict(part)
        part["edges"] = [
            {{"source": "from", "target": "to"}.get(name, name): value for name, value in edge.items()}
            for edge in part.get("edges") or []
        ]
        nodes = []
        for node in part.get("nodes") or []:
            node = dict(node)
            policy = node.pop("on_error", None)
            if policy is not None:
                node["on_error"] = {"policy": policy} if isinstance(policy, str) else policy
            if isinstance(node.get("body"), dict):
                node["body"] = graph(node["body"])
            nodes.append(node)
        part["nodes"] = nodes
        return part

    return graph(data)


def migrate(data: Mapping[str, Any]) -> dict[str, Any]:
    """The document in the present schema version; raises `Invalid` for versions from the future or unknown ones."""
    document = dict(data)
    version = document.get("schema_version", SCHEMA_VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version > SCHEMA_VERSION or version < 0:
        raise Invalid(
            f"This document has schema version {version!r}; this portal reads up to {SCHEMA_VERSION}.",
            problems=[FieldProblem("schema_version", "Unknown version.", "Update the portal, or export it again.")],
        )
    while version < SCHEMA_VERSION:
        if version not in MIGRATIONS:
            raise Invalid(f"Documents of schema version {version} can no longer be read.")
        document = MIGRATIONS[version](document)
        version += 1
        document["schema_version"] = version
    return document


def load(data: Mapping[str, Any]) -> Definition:
    """The definition in a JSON document, migrated; raises `Invalid` naming each wrong field."""
    try:
        return Definition.model_validate(migrate(data))
    except ValidationError as error:
        problems = [
            FieldProblem(
                path_text(list(item["loc"]))[:200],
                item["msg"],
            )
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise Invalid("This is not a workflow definition.", problems=problems) from None
    except (AttributeError, TypeError, RecursionError):  # a migration met a shape it does not know
        raise Invalid("This is not a workflow definition.") from None


def canonical_json(definition: Definition) -> str:
    """One text per content: sorted keys, no blanks, defaults omitted."""
    return json.dumps(definition.as_data(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(definition: Definition) -> str:
    """SHA-256 in hexadecimal of what the workflow does; moving a node or editing a note does not change it."""
    data = definition.as_data()

    def strip(part: dict[str, Any]) -> None:
        part.pop("groups", None)
        part.pop("notes", None)
        for node in part.get("nodes", []):
            for field in ("position", "note", "title"):
                node.pop(field, None)
            if node.get("body"):
                strip(node["body"])

    strip(data)
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def export_document(definition: Definition, *, name: str, description: str = "") -> dict[str, Any]:
    """A document for a file. Connections are ids of one workspace, so they stay behind."""
    data = definition.as_data()

    def strip(part: dict[str, Any]) -> None:
        for node in part.get("nodes", []):
            node.pop("connection", None)
            if node.get("body"):
                strip(node["body"])

    strip(data)
    return {"kind": DOCUMENT_KIND, "name": name, "description": description, "definition": data}


def import_document(document: Mapping[str, Any]) -> tuple[str, str, Definition]:
    """Name, description and definition of an exported document; raises `Invalid`."""
    if document.get("kind") != DOCUMENT_KIND or not isinstance(document.get("definition"), Mapping):
        raise Invalid(
            "This file is not an exported workflow.",
            problems=[FieldProblem("kind", f"Must be {DOCUMENT_KIND}.", "Choose a file made by Export.")],
        )
    return str(document.get("name") or ""), str(document.get("description") or ""), load(document["definition"])
