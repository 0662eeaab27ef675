"""What differs between two JSON values, two graphs, and two runs. Pure: pages, tests and the API share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workflows.definition import Definition, Node

#: More differences than this help nobody; the list says when it was cut.
MAX_CHANGES = 200
_MISSING = object()

Status = Literal["same", "changed", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One place where two values differ. A missing side is None with its `has_` flag false."""

    path: str
    old: Any
    new: Any
    has_old: bool = True
    has_new: bool = True


def json_changes(old: Any, new: Any, path: str = "", *, ignore: frozenset[str] = frozenset()) -> list[Change]:
    """The smallest differing parts, in order, at most `MAX_CHANGES`. `ignore` holds paths such as `rows[].at`."""
    found: list[Change] = []
    _collect(old, new, path, _general(path), found, ignore)
    return found


def _general(path: str) -> str:
    """The path with the numbers of list items left out."""
    parts = path.split("[")
    return parts[0] + "".join("[]" + part.partition("]")[2] for part in parts[1:])


def _collect(old: Any, new: Any, path: str, general: str, found: list[Change], ignore: frozenset[str]) -> None:
    if len(found) >= MAX_CHANGES or general in ignore or path in ignore:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            inner = f"{path}.{name}" if path else str(name)
            below = f"{general}.{name}" if general else str(name)
            _collect(old.get(name, _MISSING), new.get(name, _MISSING), inner, below, found, ignore)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            left = old[index] if index < len(old) else _MISSING
            right = new[index] if index < len(new) else _MISSING
            _collect(left, right, f"{path}[{index}]", f"{general}[]", found, ignore)
    elif old is _MISSING or new is _MISSING or type(old) is not type(new) or old != new:
        numbers = isinstance(old, int | float) and isinstance(new, int | float)
        if numbers and old == new and bool not in {type(old), type(new)}:
            return
        found.append(
            Change(
                path,
                None if old is _MISSING else old,
                None if new is _MISSING else new,
                old is not _MISSING,
                new is not _MISSING,
            )
        )


# Graphs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A node on both sides, or on one; `changes` are its fields without its place on the canvas."""

    id: str
    title: str
    status: Status
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphChange:
    """Two definitions side by side. `merged` holds the nodes and edges of both, for a picture."""

    nodes: tuple[NodeChange, ...]
    edges_added: tuple[str, ...]
    edges_removed: tuple[str, ...]
    other: tuple[Change, ...]
    merged: Definition = field(repr=False)

    @property
    def statuses(self) -> dict[str, Status]:
        return {node.id: node.status for node in self.nodes}

    @property
    def is_same(self) -> bool:
        return not (self.changed or self.edges_added or self.edges_removed or self.other)

    @property
    def changed(self) -> tuple[NodeChange, ...]:
        return tuple(node for node in self.nodes if node.status != "same")


def _shown(node: Node) -> dict[str, Any]:
    data = node.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {name: value for name, value in data.items() if name != "position"}


def compare_graphs(old: Definition, new: Definition) -> GraphChange:
    """How `new` differs from `old`: nodes by their ids, edges, and everything else of the definition."""
    before, after = {node.id: node for node in old.nodes}, {node.id: node for node in new.nodes}
    nodes = []
    for name in [*after, *(name for name in before if name not in after)]:
        left, right = before.get(name), after.get(name)
        node = right or left
        assert node is not None
        if left is None or right is None:
            nodes.append(NodeChange(name, node.title or name, "removed" if right is None else "added"))
            continue
        changes = tuple(json_changes(_shown(left), _shown(right)))
        nodes.append(NodeChange(name, node.title or name, "changed" if changes else "same", changes))
    old_edges, new_edges = _edges(old), _edges(new)
    outside = [_rest(old), _rest(new)]
    merged = new.model_copy(
        update={
            "nodes": [*new.nodes, *(node for node in old.nodes if node.id not in after)],
            "edges": [*new.edges, *(edge for key, edge in old_edges.items() if key not in new_edges)],
        }
    )
    return GraphChange(
        tuple(nodes),
        tuple(key for key in new_edges if key not in old_edges),
        tuple(key for key in old_edges if key not in new_edges),
        tuple(json_changes(*outside)),
        merged,
    )


def _edges(definition: Definition) -> dict[str, Any]:
    found = {}
    for edge in definition.edges:
        port = "" if edge.port == "out" else f" ({edge.port})"
        when = f" {edge.when}" if edge.when else ""
        found[f"{edge.source}{port} → {edge.target}{when}"] = edge
    return found


def _rest(definition: Definition) -> dict[str, Any]:
    data = definition.as_data()
    return {name: value for name, value in data.items() if name not in ("nodes", "edges", "schema_version")}


# Runs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ran:
    """What a node did in one run."""

    state: str
    output: Any = None
    error: Any = None
    milliseconds: float = 0.0


RunStatus = Literal["same", "different", "only_a", "only_b"]


@dataclass(frozen=True, slots=True)
class RanChange:
    """One node in two runs."""

    path: str
    status: RunStatus
    a: Ran | None
    b: Ran | None
    changes: tuple[Change, ...] = ()


def compare_runs(a: Mapping[str, Ran], b: Mapping[str, Ran], order: Iterable[str] = ()) -> list[RanChange]:
    """Node by node, in `order` first (that of the graph) and then as they ran."""
    paths = list(dict.fromkeys([*order, *a, *b]))
    found = []
    for path in paths:
        left, right = a.get(path), b.get(path)
        if left is None and right is None:
            continue
        if left is None or right is None:
            found.append(RanChange(path, "only_b" if left is None else "only_a", left, right))
            continue
        sides = [{"state": one.state, "output": one.output, "error": one.error} for one in (left, right)]
        changes = tuple(json_changes(*sides))
        found.append(RanChange(path, "different" if changes else "same", left, right, changes))
    return found


def first_difference(changes: Iterable[RanChange]) -> RanChange | None:
    return next((change for change in changes if change.status != "same"), None)
