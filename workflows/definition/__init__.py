"""The document of a workflow: model, validation, migrations, canonical form. Pure Python."""

from workflows.definition.catalogue import ActionInfo, Catalogue, MappingCatalogue, SimpleAction
from workflows.definition.document import (
    canonical_json,
    content_hash,
    export_document,
    import_document,
    load,
    migrate,
)
from workflows.definition.flow import FLOW_ACTIONS, find_action, ports_of
from workflows.definition.issues import InvalidDefinition, Issue
from workflows.definition.model import (
    ERROR,
    MAX_NODES,
    OUT,
    SCHEMA_VERSION,
    Definition,
    Edge,
    Frame,
    Graph,
    Node,
    OnError,
    Position,
    Retry,
    Sticky,
)
from workflows.definition.part import not_behind, up_to
from workflows.definition.validation import infer_output_schema, validate

__all__ = [
    "ERROR",
    "FLOW_ACTIONS",
    "MAX_NODES",
    "OUT",
    "SCHEMA_VERSION",
    "ActionInfo",
    "Catalogue",
    "Definition",
    "Edge",
    "Frame",
    "Graph",
    "InvalidDefinition",
    "Issue",
    "MappingCatalogue",
    "Node",
    "OnError",
    "Position",
    "Retry",
    "SimpleAction",
    "Sticky",
    "canonical_json",
    "content_hash",
    "export_document",
    "find_action",
    "import_document",
    "infer_output_schema",
    "load",
    "migrate",
    "not_behind",
    "ports_of",
    "up_to",
    "validate",
]
