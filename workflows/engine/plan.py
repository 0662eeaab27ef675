"""A definition compiled for running: immutable, shareable by any number of runs at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.common.errors import FieldProblem, Invalid
from workflows.definition.catalogue import ActionInfo, Catalogue
from workflows.definition.document import content_hash
from workflows.definition.flow import find_action
from workflows.definition.graph import GraphOrder
from workflows.definition.issues import InvalidDefinition
from workflows.definition.json_schema import problems_of
from workflows.definition.model import Concurrency, Definition, Graph, Node, OnError, Pace, Retry
from workflows.definition.validation import PER_ITEM_PARAMS, validate
from workflows.engine.errors import InvalidInput
from workflows.expressions import Parts, Value, compile_value
from workflows.expressions.templates import ObjectOf, as_template


@dataclass(frozen=True, slots=True, eq=False)
class PlannedEdge:
    """Leaves a node by `port` towards the node of number `target`, if `when` is true."""

    source: int
    port: str
    target: int
    when: Value | None


@dataclass(frozen=True, slots=True, eq=False)
class PlannedNode:
    """A node ready to run: `params` resolves to a dictionary, `late` holds what is resolved per item or round."""

    id: str
    number: int
    action: ActionInfo
    is_flow: bool
    params: Value
    late: Mapping[str, Value]
    connection: str | None
    retry: Retry
    timeout: float | None
    on_error: OnError
    default: Value | None
    cache: float
    rate: Pace | None
    disabled: bool
    body: PlannedGraph | None
    title: str
    durable: bool
    outgoing: tuple[PlannedEdge, ...]
    incoming: tuple[PlannedEdge, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PlannedGraph:
    """One level of the plan. Nodes stand in an order that respects the edges; `entries` wait for nothing."""

    nodes: tuple[PlannedNode, ...]
    entries: tuple[int, ...]
    output: tuple[tuple[str, Value], ...]
    #: Nodes without outgoing edges: their outputs are the graph's when `output` is empty.
    ends: tuple[str, ...]
    #: Every node has at most one way in and out: no two nodes can run at once.
    is_chain: bool


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The result of `compile`. `references` are all paths the expressions read."""

    graph: PlannedGraph
    inputs: Mapping[str, Any]
    defaults: Mapping[str, Any]
    timeout: float | None
    content_hash: str
    references: frozenset[Parts]
    #: How many runs with the same key may work at once; None: any number.
    concurrency: Concurrency | None = None
    concurrency_key: Value | None = None

    def prepare_input(self, value: Mapping[str, Any] | None) -> dict[str, Any]:
        """The input with defaults filled in; raises `InvalidInput` naming each wrong field."""
        prepared = {**self.defaults, **(value or {})}
        properties = self.inputs.get("properties") or {}
        problems = []
        unknown = [name for name in prepared if name not in properties]
        if unknown and not self.inputs.get("additionalProperties"):
            known = ", ".join(properties) or "none"
            problems += [FieldProblem(name, "Unknown input.", f"Inputs: {known}.") for name in unknown]
        problems += problems_of(dict(self.inputs), prepared)
        if problems:
            raise InvalidInput(
                "The input does not fit the workflow.", problems=problems, remedy="Correct these fields."
            )
        return prepared


def compile(definition: Definition, catalogue: Catalogue, *, check: bool = True) -> Plan:
    """Compile a definition; raises `InvalidDefinition` with all issues.

    `check=False` skips the types and references that `validate` has already approved for a stored version.
    """
    if check:
        issues = validate(definition, catalogue)
        if any(issue.severity == "error" for issue in issues):
            raise InvalidDefinition(issues)
    references: set[Parts] = set()
    graph = _compile_graph(definition, catalogue, references)
    properties = definition.inputs.get("properties") or {}
    defaults = {
        name: schema["default"]
        for name, schema in properties.items()
        if isinstance(schema, dict) and "default" in schema
    }
    return Plan(
        graph=graph,
        inputs=definition.inputs,
        defaults=defaults,
        timeout=definition.timeout,
        content_hash=content_hash(definition),
        references=frozenset(references),
        concurrency=definition.concurrency,
        concurrency_key=_concurrency_key(definition),
    )


def _concurrency_key(definition: Definition) -> Value | None:
    """The compiled key; only plain paths of `input` and `caller`, because no run has begun when it is read."""
    if definition.concurrency is None:
        return None
    key = compile_value(definition.concurrency.key)
    if key.needs_sandbox or any(parts[0] not in {"input", "caller"} for parts in key.references):
        raise Invalid(
            "The key for runs at the same time cannot be used.",
            problems=[FieldProblem("concurrency.key", "It may hold plain paths of input and caller only.")],
        )
    return key


def _compile_graph(graph: Graph, catalogue: Catalogue, references: set[Parts]) -> PlannedGraph:
    order = GraphOrder(graph)
    by_id = {node.id: node for node in graph.nodes}
    if len(order.order) != len(graph.nodes):
        raise InvalidDefinition(validate(Definition(**graph.model_dump(include={"nodes", "edges"})), catalogue))
    numbers = {node_id: number for number, node_id in enumerate(order.order)}

    def value(raw: Any) -> Value:
        compiled = compile_value(raw)
        references.update(compiled.references)
        return compiled

    outgoing: list[list[PlannedEdge]] = [[] for _ in numbers]
    incoming: list[list[PlannedEdge]] = [[] for _ in numbers]
    for edge in graph.edges:
        planned = PlannedEdge(
            source=numbers[edge.source],
            port=edge.port,
            target=numbers[edge.target],
            when=None if edge.when is None else value(as_template(edge.when)),
        )
        outgoing[planned.source].append(planned)
        incoming[planned.target].append(planned)
    nodes = tuple(
        _compile_node(by_id[node_id], number, catalogue, value, references, outgoing[number], incoming[number])
        for node_id, number in numbers.items()
    )
    return PlannedGraph(
        nodes=nodes,
        entries=tuple(node.number for node in nodes if not node.incoming),
        output=tuple((name, value(raw)) for name, raw in graph.output.items()),
        ends=tuple(node.id for node in graph.nodes if not outgoing[numbers[node.id]]),
        is_chain=sum(not node.incoming for node in nodes) == 1
        and all(len(node.incoming) <= 1 and len(node.outgoing) <= 1 for node in nodes),
    )


def _compile_node(
    node: Node,
    number: int,
    catalogue: Catalogue,
    value: Any,
    references: set[Parts],
    outgoing: list[PlannedEdge],
    incoming: list[PlannedEdge],
) -> PlannedNode:
    info = find_action(node.action, catalogue)
    if info is None:
        raise InvalidDefinition(validate(Definition(nodes=[node.model_copy(update={"body": None})]), catalogue))
    late_names = PER_ITEM_PARAMS.get(node.action, frozenset())
    early = {name: raw for name, raw in node.params.items() if name not in late_names}
    return PlannedNode(
        id=node.id,
        number=number,
        action=info,
        is_flow=node.action.startswith("flow."),
        params=ObjectOf(list(early), [value(raw) for raw in early.values()]),
        late={name: value(node.params[name]) for name in late_names if name in node.params},
        connection=node.connection,
        retry=node.retry,
        timeout=node.timeout if node.timeout is not None or node.action.startswith("flow.") else info.timeout,
        on_error=node.on_error,
        default=value(node.on_error.value) if node.on_error.policy == "default" else None,
        cache=info.cache if node.cache is None else node.cache,
        rate=node.rate,
        disabled=node.disabled,
        body=_compile_graph(node.body, catalogue, references) if node.body is not None else None,
        title=node.title or node.id,
        durable=info.effect != "read",
        outgoing=tuple(outgoing),
        incoming=tuple(incoming),
    )
