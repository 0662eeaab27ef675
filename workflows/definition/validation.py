"""Everything that can be said about a definition before it runs."""

from __future__ import annotations

import keyword
import re
from typing import Any

from workflows.definition.catalogue import ActionInfo, Catalogue
from workflows.definition.flow import PREFIX, WITH_BODY, find_action, ports_of
from workflows.definition.issues import Issue
from workflows.definition.json_schema import BadSchema, problems_of, validator_of
from workflows.definition.messages import finding
from workflows.definition.model import ERROR, MAX_NODES, OUT, Definition, Edge, Graph, Node
from workflows.definition.names import Level, Names, check_references, read_value
from workflows.definition.params import check_params, schema_of_schema, schema_of_value
from workflows.definition.schemas import UNKNOWN, Typed, follow
from workflows.expressions import SCOPE_NAMES, Value
from workflows.expressions.templates import Path, as_template

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
MAX_BODY_DEPTH = 5

#: Parameters that are evaluated for each item or round, so that `item` and `index` mean something in them.
PER_ITEM_PARAMS = {"flow.map": frozenset({"input"}), "flow.loop": frozenset({"until"})}


def validate(definition: Definition, catalogue: Catalogue) -> list[Issue]:
    """All findings, errors first; a definition without an `error` can be compiled and run."""
    checker = _Checker(definition, catalogue)
    checker.check()
    return sorted(checker.issues, key=lambda issue: issue.severity != "error")


def infer_output_schema(definition: Definition, catalogue: Catalogue) -> dict[str, Any]:
    """The JSON Schema of what the workflow gives, as far as the actions' schemas tell."""
    checker = _Checker(definition, catalogue)
    checker.check()
    return checker.output_schema


class _Checker:
    def __init__(self, definition: Definition, catalogue: Catalogue) -> None:
        self.definition = definition
        self.catalogue = catalogue
        self.issues: list[Issue] = []
        self.seen: set[str] = set()
        self.all_ids = {node.id for node in definition.every_node()}
        self.output_schema: dict[str, Any] = {"type": "object"}

    def report(self, key: str, node: str = "", place: str = "", **values: Any) -> None:
        self.issues.append(finding(key, node, place, **values))

    def check(self) -> None:
        count = sum(1 for _ in self.definition.every_node())
        if count > MAX_NODES:
            self.report("too_many_nodes", place="nodes", count=count, limit=MAX_NODES)
            return
        if not count:
            self.report("no_nodes", place="nodes")
        # What is not declared never arrives.
        declared = Typed({"additionalProperties": False, **self.definition.inputs})
        given = declared if self.check_inputs() else UNKNOWN
        names = Names({"input": given, "vars": UNKNOWN, "caller": UNKNOWN, "env": UNKNOWN})
        self.output_schema = self.check_graph(self.definition, names, owner="", depth=0)

    def check_inputs(self) -> bool:
        """Whether the inputs are a schema to go by."""
        inputs = self.definition.inputs
        if inputs.get("type") != "object":
            self.report("inputs_not_object", place="inputs")
            return False
        try:
            validator_of(inputs)
        except BadSchema as error:
            self.report("bad_inputs", place=".".join(filter(None, ["inputs", error.place])), detail=str(error))
            return False
        for name, schema in (inputs.get("properties") or {}).items():
            if isinstance(schema, dict) and "default" in schema:
                wrong = next(problems_of(Typed(schema, inputs).standalone(), schema["default"]), None)
                if wrong is not None:
                    self.report("bad_default", place=f"inputs.properties.{name}.default", detail=wrong.message)
        return True

    # One level of the graph

    def check_graph(self, graph: Graph, outer: Names, owner: str, depth: int) -> dict[str, Any]:
        """Check one level; returns the schema of its output."""
        prefix = f"{owner}.body." if owner else ""
        for node in graph.nodes:
            self.check_id(node)
        level = Level(graph)
        order = level.order
        for node_id in order.cyclic:
            self.report("cycle", node_id, "edges", nodes=" → ".join(order.cyclic[:8]))
        by_id = {node.id: node for node in graph.nodes}
        infos = {node.id: self.check_action(node) for node in graph.nodes}
        ports = {node_id: ports_of(by_id[node_id], info) for node_id, info in infos.items() if info is not None}
        self.check_edges(graph, by_id, ports, prefix)
        self.check_reachable(graph, level, ports)
        behind_errors = _behind_errors(level)
        for node_id in order.order:
            extra = {"error": UNKNOWN} if node_id in behind_errors else {}
            names = Names(extra, outer, level, node_id)
            level.schemas[node_id] = self.check_node(by_id[node_id], infos[node_id], names, depth)
        for number, edge in enumerate(graph.edges):
            if edge.when is not None and edge.source in level.schemas:
                extra = {edge.source: level.schemas[edge.source]}
                if edge.port == ERROR or edge.source in behind_errors:
                    extra["error"] = UNKNOWN
                names = Names(extra, outer, level, edge.source)
                self.check_value(as_template(edge.when), names, edge.source, f"{prefix}edges[{number}].when")
        return self.check_output(level, Names({}, outer, level), owner, prefix)

    def check_id(self, node: Node) -> None:
        if node.id in self.seen:
            self.report("duplicate_id", node.id, "id", name=node.id)
        self.seen.add(node.id)
        if not _ID.match(node.id):
            self.report("bad_id", node.id[:80], "id")
        elif node.id in SCOPE_NAMES or keyword.iskeyword(node.id):
            self.report("reserved_id", node.id, "id", name=node.id)

    def check_action(self, node: Node) -> ActionInfo | None:
        info = find_action(node.action, self.catalogue)
        if info is None:
            self.report("unknown_action", node.id, "action", action=node.action[:120])
        elif node.action.startswith(PREFIX) and node.retry.max_attempts > 1:
            self.report("ignored_retry", node.id, "retry", severity="warning")
        return info

    def check_edges(self, graph: Graph, by_id: dict[str, Node], ports: dict[str, list[str]], prefix: str) -> None:
        seen: set[tuple[str, str, str]] = set()
        for number, edge in enumerate(graph.edges):
            place = f"{prefix}edges[{number}]"
            for end, name, other in (("from", edge.source, edge.target), ("to", edge.target, edge.source)):
                if name not in by_id:
                    self.report("dangling_edge", other, f"{place}.{end}", end=end, name=name)
            if (key := (edge.source, edge.port, edge.target)) in seen:
                self.report(
                    "duplicate_edge", edge.source, place, severity="warning", source=edge.source, target=edge.target
                )
            seen.add(key)
            if _has_no_port(edge, ports):
                listed = ", ".join(ports[edge.source]) or "-"
                self.report(
                    "unknown_port", edge.source, f"{place}.port", source=edge.source, port=edge.port, ports=listed
                )

    def check_reachable(self, graph: Graph, level: Level, ports: dict[str, list[str]]) -> None:
        incoming: dict[str, list[Edge]] = {}
        for edge in graph.edges:
            if edge.source in level.order.number:
                incoming.setdefault(edge.target, []).append(edge)
        dead: set[str] = set()
        for node_id in level.order.order:
            edges = incoming.get(node_id)
            if edges and all(edge.source in dead or _has_no_port(edge, ports) for edge in edges):
                dead.add(node_id)
                self.report("unreachable", node_id, name=node_id)

    # One node

    def check_node(self, node: Node, info: ActionInfo | None, names: Names, depth: int) -> Typed:
        """Check a node's fields; returns the schema of its output."""
        per_item = PER_ITEM_PARAMS.get(node.action, frozenset())
        inside = names.with_names({"item": UNKNOWN, "index": Typed({"type": "integer"})})
        compiled: dict[str, Value] = {}
        for name, value in node.params.items():
            result = self.check_value(value, inside if name in per_item else names, node.id, f"params.{name}")
            if result is not None:
                compiled[name] = result
        if node.on_error.policy == "default":
            self.check_value(node.on_error.value, names.with_names({"error": UNKNOWN}), node.id, "on_error.value")
        if info is None:
            return UNKNOWN
        self.issues += check_params(node, info, compiled, names)
        return self.check_body(node, info, names, compiled, depth)

    def check_body(self, node: Node, info: ActionInfo, names: Names, compiled: dict[str, Value], depth: int) -> Typed:
        plain = Typed(info.output_schema)
        if node.action == "flow.merge" and names.level is not None:
            return _merged_schema(node, names.level)
        if node.action == "flow.set" and "values" in compiled:
            return Typed(schema_of_value(compiled["values"], names))
        if node.action not in WITH_BODY:
            if node.body is not None:
                self.report("unexpected_body", node.id, "body", action=node.action)
            return plain
        if node.body is None:
            if node.action != "flow.map" or not node.params.get("workflow"):
                self.report("missing_body", node.id, "body")
            return plain
        if depth >= MAX_BODY_DEPTH:
            self.report("too_deep", node.id, "body", limit=MAX_BODY_DEPTH)
            return plain
        item = _item_of(compiled.get("items"), names) if node.action == "flow.map" else UNKNOWN
        inside = names.with_names({"item": item, "index": Typed({"type": "integer"})})
        output = self.check_graph(node.body, inside, node.id, depth + 1)
        properties = dict(info.output_schema["properties"])
        if node.action == "flow.map":
            or_null = {"anyOf": [output, {"type": "null"}]}
            collects = node.params.get("on_item_error") == "collect"
            properties["results"] = {"type": "array", "items": or_null if collects else output}
        else:
            properties["result"] = output
        return Typed({**info.output_schema, "properties": properties})

    def check_output(self, level: Level, names: Names, owner: str, prefix: str) -> dict[str, Any]:
        graph = level.graph
        if not graph.output:
            sources = {edge.source for edge in graph.edges}
            properties = {
                node.id: schema_of_schema(level.schemas.get(node.id, UNKNOWN))
                for node in graph.nodes
                if node.id not in sources
            }
            return {"type": "object", "properties": properties}
        properties = {}
        for name, value in graph.output.items():
            compiled = self.check_value(value, names, owner, f"{prefix}output.{name}")
            properties[name] = {} if compiled is None else _with_null(compiled, schema_of_value(compiled, names), level)
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    def check_value(self, value: Any, names: Names, node: str, place: str) -> Value | None:
        """Compile a value and check every path in it; None when it cannot be read."""
        compiled, issue = read_value(value, node, place)
        if issue is not None:
            self.issues.append(issue)
        if compiled is not None:
            self.issues += check_references(compiled, names, self.all_ids, node, place)
        return compiled


def _has_no_port(edge: Edge, ports: dict[str, list[str]]) -> bool:
    known = ports.get(edge.source)
    return known is not None and edge.port not in known


def _behind_errors(level: Level) -> set[str]:
    """Nodes that an error branch leads to, directly or further on."""
    found = {edge.target for edge in level.graph.edges if edge.port == ERROR}
    if not found:
        return found
    onward: dict[str, list[str]] = {}
    for edge in level.graph.edges:
        onward.setdefault(edge.source, []).append(edge.target)
    for node_id in level.order.order:
        if node_id in found:
            found.update(onward.get(node_id, ()))
    return found


def _merged_schema(node: Node, level: Level) -> Typed:
    """What a merge gives: by node id, or the schemas of its branches in a list or alone."""
    sources = dict.fromkeys(edge.source for edge in level.graph.edges if edge.target == node.id)
    schemas = {source: schema_of_schema(level.schemas.get(source, UNKNOWN)) for source in sources}
    mode = node.params.get("mode", "object")
    if mode == "object":
        return Typed({"type": "object", "properties": schemas})
    options = {"anyOf": list(schemas.values())} if schemas and all(schemas.values()) else {}
    return Typed({"type": "array", "items": options} if mode == "list" else options)


def _item_of(items: Value | None, names: Names) -> Typed:
    """The schema of one item of a map's list."""
    root = names.get(str(items.parts[0])) if isinstance(items, Path) else None
    if root is None or not isinstance(items, Path):
        return UNKNOWN
    typed, verdict, _ = follow(root, (*items.parts[1:], 0))
    return typed if verdict == "ok" else UNKNOWN


def _with_null(value: Value, schema: dict[str, Any], level: Level) -> dict[str, Any]:
    """An output read from a node that may be skipped may be null."""
    if not schema or not isinstance(value, Path) or not _may_be_skipped(str(value.parts[0]), level):
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _may_be_skipped(name: str, level: Level) -> bool:
    """Whether the node may have no value: it is disabled or may fail, or every way to it depends on something."""
    incoming: dict[str, list[Edge]] = {}
    for edge in level.graph.edges:
        incoming.setdefault(edge.target, []).append(edge)
    unsure = {node.id for node in level.graph.nodes if node.disabled or node.on_error.policy == "branch"}
    for node_id in level.order.order:
        edges = incoming.get(node_id)
        if edges and not any(edge.when is None and edge.port == OUT and edge.source not in unsure for edge in edges):
            unsure.add(node_id)
    return name in unsure
