"""Everything that can be said about a definition before it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from integrations.sdk.text import Text
from workflows.definition.catalogue import ActionInfo, Catalogue
from workflows.definition.flow import WITH_BODY, find_action, ports_of
from workflows.definition.graph import GraphOrder
from workflows.definition.issues import Issue, Severity
from workflows.definition.model import ERROR, MAX_NODES, Definition, Edge, Graph, Node
from workflows.definition.params import check_params
from workflows.definition.schemas import UNKNOWN, Typed, fields_of, follow
from workflows.expressions import RESERVED, ExpressionSyntaxError, Parts, Value, compile_value, show_path
from workflows.expressions.templates import as_template

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
MAX_BODY_DEPTH = 5

#: Parameters that are evaluated for each item or round, so that `item` and `index` mean something in them.
PER_ITEM_PARAMS = {"flow.map": frozenset({"input"}), "flow.loop": frozenset({"until"})}


@dataclass(slots=True)
class Names:
    """What an expression may refer to, with the schema of each name."""

    known: dict[str, Typed]
    #: Names that exist but not here, with the reason in both languages.
    elsewhere: dict[str, tuple[str, Text, Text]] = field(default_factory=dict)


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

    def report(
        self, code: str, node: str, place: str, message: Text, remedy: Text, severity: Severity = "error"
    ) -> None:
        self.issues.append(Issue(code, severity, node, place, message, remedy))

    def check(self) -> None:
        count = sum(1 for _ in self.definition.every_node())
        if count > MAX_NODES:
            self.report(
                "too_many_nodes", "", "nodes",
                Text(f"The workflow has {count:,} nodes; at most {MAX_NODES:,} are allowed.",
                     f"노드가 {count:,}개입니다. 최대 {MAX_NODES:,}개까지 쓸 수 있습니다."),
                Text("Move a part into a sub-workflow.", "일부를 하위 워크플로로 옮기세요."),
            )  # fmt: skip
            return
        if not self.definition.nodes:
            self.report(
                "no_nodes", "", "nodes", Text("The workflow has no nodes.", "노드가 없습니다."),
                Text("Add a node.", "노드를 추가하세요."),
            )  # fmt: skip
        self.check_inputs()
        names = {
            # What is not declared never arrives.
            "input": Typed({"additionalProperties": False, **self.definition.inputs}),
            "vars": UNKNOWN,
            "caller": UNKNOWN,
            "env": UNKNOWN,
        }
        self.output_schema = self.check_graph(self.definition, names, {}, owner="", depth=0)

    def check_inputs(self) -> None:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError

        inputs = self.definition.inputs
        remedy = Text("Describe the inputs as a JSON Schema object.", "입력을 JSON Schema 객체로 적으세요.")
        if inputs.get("type") != "object":
            self.report(
                "bad_inputs",
                "",
                "inputs",
                Text("The inputs must be of type object.", "입력은 object 형식이어야 합니다."),
                remedy,
            )
            return
        try:
            Draft202012Validator.check_schema(inputs)
        except SchemaError as error:
            place = ".".join(["inputs", *map(str, error.absolute_path)])
            self.report(
                "bad_inputs", "", place,
                Text(f"This is not JSON Schema: {error.message[:200]}", f"올바른 JSON Schema가 아닙니다: {error.message[:200]}"),
                remedy,
            )  # fmt: skip
            return
        for name, schema in (inputs.get("properties") or {}).items():
            if isinstance(schema, dict) and "default" in schema:
                for error in Draft202012Validator(Typed(schema, inputs).standalone()).iter_errors(schema["default"]):
                    self.report(
                        "bad_default", "", f"inputs.properties.{name}.default",
                        Text(f"The default does not fit: {error.message[:200]}", f"기본값이 맞지 않습니다: {error.message[:200]}"),
                        Text("Change the default or the type.", "기본값이나 형식을 바꾸세요."),
                    )  # fmt: skip
                    break

    # One level of the graph

    def check_graph(
        self, graph: Graph, outer: dict[str, Typed], hidden: dict[str, tuple[str, Text, Text]], owner: str, depth: int
    ) -> dict[str, Any]:
        """Check one level; returns the schema of its output."""
        prefix = f"{owner}.body." if owner else ""
        for node in graph.nodes:
            self.check_id(node)
        order = GraphOrder(graph)
        if order.cyclic:
            listed = " → ".join(order.cyclic[:8])
            for node_id in order.cyclic:
                self.report(
                    "cycle", node_id, "edges",
                    Text(f"These nodes wait for one another: {listed}.", f"노드들이 서로를 기다립니다: {listed}."),
                    Text("Remove an edge, or use a Loop node.", "연결 하나를 지우거나 반복 노드를 쓰세요."),
                )  # fmt: skip
        by_id = {node.id: node for node in graph.nodes}
        infos = {node.id: self.check_action(node) for node in graph.nodes}
        self.check_edges(graph, by_id, infos, prefix)
        self.check_reachable(graph, by_id, infos, order)
        schemas: dict[str, Typed] = {}
        with_error = _after_errors(graph, order)
        for node_id in order.order:
            node = by_id[node_id]
            names = self.names_at(node_id, by_id, schemas, order, outer, hidden, node_id in with_error)
            schemas[node_id] = self.check_node(node, infos[node_id], names, depth)
        for number, edge in enumerate(graph.edges):
            if edge.when is not None and edge.source in schemas:
                names = self.names_at(edge.source, by_id, schemas, order, outer, hidden, edge.port == ERROR)
                names.known[edge.source] = schemas[edge.source]
                names.elsewhere.pop(edge.source, None)
                self.check_value(as_template(edge.when), names, edge.source, f"{prefix}edges[{number}].when")
        names = Names({**outer, **{node_id: schemas.get(node_id, UNKNOWN) for node_id in by_id}}, dict(hidden))
        return self.check_output(graph, names, owner, prefix, schemas)

    def names_at(
        self,
        node_id: str,
        by_id: dict[str, Node],
        schemas: dict[str, Typed],
        order: GraphOrder,
        outer: dict[str, Typed],
        hidden: dict[str, tuple[str, Text, Text]],
        has_error: bool,
    ) -> Names:
        names = Names(dict(outer), dict(hidden))
        if has_error:
            names.known["error"] = UNKNOWN
        for other in by_id:
            if order.is_before(other, node_id):
                names.known[other] = schemas.get(other, UNKNOWN)
            else:
                names.elsewhere[other] = (
                    "not_upstream",
                    Text(
                        f"`{other}` does not run before this node.",
                        f"`{other}` 노드는 이 노드보다 먼저 실행되지 않습니다.",
                    ),
                    Text(f"Connect `{other}` to this node.", f"`{other}` 노드를 이 노드에 연결하세요."),
                )
        return names

    def check_id(self, node: Node) -> None:
        if node.id in self.seen:
            self.report(
                "duplicate_id", node.id, "id",
                Text(f"Two nodes are called `{node.id}`.", f"`{node.id}` 노드가 둘 이상입니다."),
                Text("Rename one of them.", "하나의 이름을 바꾸세요."),
            )  # fmt: skip
        self.seen.add(node.id)
        if not _ID.match(node.id):
            self.report(
                "bad_id", node.id[:80], "id",
                Text("A node's name is a letter followed by letters, digits and underscores, at most 64.",
                     "노드 이름은 영문자로 시작하고 영문자, 숫자, 밑줄만 쓰며 64자 이하입니다."),
                Text("Rename the node.", "노드 이름을 바꾸세요."),
            )  # fmt: skip
        elif node.id in RESERVED or node.id in _PYTHON_WORDS:
            self.report(
                "reserved_id", node.id, "id",
                Text(f"`{node.id}` already means something in expressions.", f"`{node.id}`은(는) 식에서 이미 쓰는 이름입니다."),
                Text("Choose another name.", "다른 이름을 고르세요."),
            )  # fmt: skip

    def check_action(self, node: Node) -> ActionInfo | None:
        info = find_action(node.action, self.catalogue)
        if info is None:
            self.report(
                "unknown_action", node.id, "action",
                Text(f"There is no action `{node.action}`.", f"`{node.action}` 동작이 없습니다."),
                Text("Choose an action from the catalogue.", "목록에서 동작을 고르세요."),
            )  # fmt: skip
        return info

    def check_edges(
        self, graph: Graph, by_id: dict[str, Node], infos: dict[str, ActionInfo | None], prefix: str
    ) -> None:
        seen: set[tuple[str, str, str]] = set()
        for number, edge in enumerate(graph.edges):
            place = f"{prefix}edges[{number}]"
            for end, node_id in (("from", edge.source), ("to", edge.target)):
                if node_id not in by_id:
                    self.report(
                        "dangling_edge", edge.source if end == "to" else edge.target, f"{place}.{end}",
                        Text(f"The edge's `{end}` is `{node_id}`, which is not a node of this graph.",
                             f"연결의 `{end}`가 이 그래프에 없는 `{node_id}`입니다."),
                        Text("Remove the edge or choose a node.", "연결을 지우거나 노드를 고르세요."),
                    )  # fmt: skip
            if (key := (edge.source, edge.port, edge.target)) in seen:
                self.report(
                    "duplicate_edge", edge.source, place,
                    Text(f"`{edge.source}` is connected to `{edge.target}` twice.", f"`{edge.source}`와 `{edge.target}`이 두 번 연결되었습니다."),
                    Text("Remove one of the edges.", "연결 하나를 지우세요."), "warning",
                )  # fmt: skip
            seen.add(key)
            if (ports := _ports(edge, by_id, infos)) is not None and edge.port not in ports:
                listed = ", ".join(ports) or "-"
                self.report(
                    "unknown_port", edge.source, f"{place}.port",
                    Text(f"`{edge.source}` has no port `{edge.port}`.", f"`{edge.source}` 노드에 `{edge.port}` 출구가 없습니다."),
                    Text(f"Ports: {listed}. The error port needs the policy `branch`.",
                         f"출구: {listed}. error 출구는 오류 정책이 branch일 때 있습니다."),
                )  # fmt: skip

    def check_reachable(
        self, graph: Graph, by_id: dict[str, Node], infos: dict[str, ActionInfo | None], order: GraphOrder
    ) -> None:
        incoming: dict[str, list[Edge]] = {node_id: [] for node_id in by_id}
        for edge in graph.edges:
            if edge.target in incoming and edge.source in by_id:
                incoming[edge.target].append(edge)
        dead: set[str] = set()
        for node_id in order.order:
            edges = incoming[node_id]
            if edges and all(
                edge.source in dead or ((ports := _ports(edge, by_id, infos)) is not None and edge.port not in ports)
                for edge in edges
            ):
                dead.add(node_id)
                self.report(
                    "unreachable", node_id, "",
                    Text(f"`{node_id}` can never run: nothing leads to it.", f"`{node_id}` 노드에 이르는 길이 없어 실행되지 않습니다."),
                    Text("Connect it to a port that is taken, or remove it.", "지나가는 출구에 연결하거나 지우세요."),
                )  # fmt: skip

    # One node

    def check_node(self, node: Node, info: ActionInfo | None, names: Names, depth: int) -> Typed:
        """Check a node's fields; returns the schema of its output."""
        per_item = PER_ITEM_PARAMS.get(node.action, frozenset())
        inside = Names({**names.known, "item": UNKNOWN, "index": Typed({"type": "integer"})}, names.elsewhere)
        compiled: dict[str, Value] = {}
        for name, value in node.params.items():
            scope = inside if name in per_item else names
            result = self.check_value(value, scope, node.id, f"params.{name}")
            if result is not None:
                compiled[name] = result
        with_error = Names({**names.known, "error": UNKNOWN}, names.elsewhere)
        if node.on_error.policy == "default":
            self.check_value(node.on_error.value, with_error, node.id, "on_error.value")
        if info is None:
            return UNKNOWN
        self.issues += check_params(node, info, names.known)
        return self.check_body(node, info, names, inside, depth)

    def check_body(self, node: Node, info: ActionInfo, names: Names, inside: Names, depth: int) -> Typed:
        has_workflow = node.action == "flow.map" and node.params.get("workflow")
        if node.body is None or node.action not in WITH_BODY:
            if node.action in WITH_BODY and not has_workflow:
                self.report(
                    "missing_body", node.id, "body",
                    Text("This node has nothing to repeat.", "반복할 내용이 없습니다."),
                    Text("Put nodes into its body.", "본문에 노드를 넣으세요."),
                )  # fmt: skip
            elif node.body is not None:
                self.report(
                    "unexpected_body", node.id, "body",
                    Text(f"`{node.action}` has no body.", f"`{node.action}` 동작에는 본문이 없습니다."),
                    Text("Remove the body.", "본문을 지우세요."),
                )  # fmt: skip
            return Typed(info.output_schema)
        if depth >= MAX_BODY_DEPTH:
            self.report(
                "too_deep", node.id, "body",
                Text(f"Bodies may be nested {MAX_BODY_DEPTH} levels deep.", f"본문은 {MAX_BODY_DEPTH}단계까지 겹칠 수 있습니다."),
                Text("Use a sub-workflow.", "하위 워크플로를 쓰세요."),
            )  # fmt: skip
            return Typed(info.output_schema)
        known = dict(inside.known)
        if node.action == "flow.map":
            known["item"] = self.item_schema(node, names)
        output = self.check_graph(node.body, known, inside.elsewhere, node.id, depth + 1)
        properties = dict(info.output_schema["properties"])
        if node.action == "flow.map":
            item = {"anyOf": [output, {"type": "null"}]} if node.params.get("on_item_error") == "collect" else output
            properties["results"] = {"type": "array", "items": item}
        else:
            properties["result"] = output
        return Typed({**info.output_schema, "properties": properties})

    def item_schema(self, node: Node, names: Names) -> Typed:
        try:
            value = compile_value(node.params.get("items"))
        except ExpressionSyntaxError:
            return UNKNOWN
        parts = getattr(value, "parts", None)
        if not isinstance(parts, tuple) or parts[0] not in names.known:
            return UNKNOWN
        typed, verdict, _ = follow(names.known[str(parts[0])], (*parts[1:], 0))
        return typed if verdict == "ok" else UNKNOWN

    def check_output(
        self, graph: Graph, names: Names, owner: str, prefix: str, schemas: dict[str, Typed]
    ) -> dict[str, Any]:
        from workflows.definition.params import schema_of_value

        properties: dict[str, Any] = {}
        if not graph.output:
            sources = {edge.source for edge in graph.edges}
            properties = {
                node.id: schema_of_value(Typed.standalone(schemas.get(node.id, UNKNOWN)))
                for node in graph.nodes
                if node.id not in sources
            }
            return {"type": "object", "properties": properties}
        for name, value in graph.output.items():
            compiled = self.check_value(value, names, owner, f"{prefix}output.{name}")
            properties[name] = schema_of_value(value, compiled, names.known)
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    # Expressions

    def check_value(self, value: Any, names: Names, node: str, place: str) -> Value | None:
        """Compile a value and check every path in it; None when it cannot be read."""
        try:
            compiled = compile_value(value)
        except ExpressionSyntaxError as error:
            self.report(
                "bad_expression", node, place,
                Text(f"{error.message} (at character {error.position + 1})", f"식을 읽을 수 없습니다: {error.message} ({error.position + 1}번째 글자)"),
                Text(error.remedy or "Correct the expression.", "식을 고치세요."),
            )  # fmt: skip
            return None
        for parts in dict.fromkeys(compiled.references):
            self.check_reference(parts, names, node, place)
        return compiled

    def check_reference(self, parts: Parts, names: Names, node: str, place: str) -> None:
        root = str(parts[0])
        shown = show_path(parts)
        if root not in names.known:
            code, message, remedy = names.elsewhere.get(root) or self.unknown_name(root, names)
            self.report(code, node, place, message, remedy)
            return
        typed = names.known[root]
        _, verdict, sound = follow(typed, parts[1:])
        if verdict in {"missing", "doubtful"}:
            here, _, _ = follow(typed, parts[1 : 1 + sound])
            listed = ", ".join(fields_of(here)[:12]) or "-"
            before = show_path(parts[: 1 + sound])
            self.report(
                "unknown_field", node, place,
                Text(f"`{shown}`: `{before}` has no `{parts[1 + sound]}`.", f"`{shown}`: `{before}`에 `{parts[1 + sound]}`이(가) 없습니다."),
                Text(f"Fields there: {listed}.", f"있는 필드: {listed}."),
                "error" if verdict == "missing" else "warning",
            )  # fmt: skip

    def unknown_name(self, root: str, names: Names) -> tuple[str, Text, Text]:
        if root in self.all_ids:
            return (
                "not_upstream",
                Text(f"`{root}` is inside another body.", f"`{root}` 노드는 다른 본문 안에 있습니다."),
                Text("Use that node's own output.", "그 본문을 가진 노드의 결과를 쓰세요."),
            )
        listed = ", ".join(sorted(names.known)[:20])
        return (
            "unknown_reference",
            Text(f"There is no `{root}`.", f"`{root}`이(가) 없습니다."),
            Text(f"Known here: {listed}.", f"쓸 수 있는 이름: {listed}."),
        )


_PYTHON_WORDS = frozenset(
    "and as assert async await break class continue def del elif else except finally for from global if import in is "
    "lambda nonlocal not or pass raise return try while with yield True False None match".split()
)


def _ports(edge: Edge, by_id: dict[str, Node], infos: dict[str, ActionInfo | None]) -> list[str] | None:
    node, info = by_id.get(edge.source), infos.get(edge.source)
    return None if node is None or info is None else ports_of(node, info)


def _after_errors(graph: Graph, order: GraphOrder) -> set[str]:
    """Nodes that an error branch leads to, directly or further on."""
    direct = {edge.target for edge in graph.edges if edge.port == ERROR}
    return direct | {node.id for node in graph.nodes if any(order.is_before(first, node.id) for first in direct)}
