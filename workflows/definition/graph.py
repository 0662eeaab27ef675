"""Order in a graph: who comes before whom, and what lies on a cycle."""

from __future__ import annotations

from workflows.definition.model import Graph


class GraphOrder:
    """Topological order and ancestors of one level of a graph; edges to unknown nodes are ignored."""

    def __init__(self, graph: Graph) -> None:
        ids = list(dict.fromkeys(node.id for node in graph.nodes))
        self.number = {node_id: position for position, node_id in enumerate(ids)}
        count = len(ids)
        successors: list[list[int]] = [[] for _ in range(count)]
        waiting = [0] * count
        for edge in graph.edges:
            source, target = self.number.get(edge.source), self.number.get(edge.target)
            if source is not None and target is not None:
                successors[source].append(target)
                waiting[target] += 1
        #: Node ids in an order that respects all edges; nodes on or behind a cycle are missing from it.
        self.order: list[str] = []
        ancestors = [0] * count
        ready = [number for number in range(count) if not waiting[number]]
        for number in ready:
            self.order.append(ids[number])
            for target in successors[number]:
                ancestors[target] |= ancestors[number] | (1 << number)
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
        self._ancestors = ancestors
        left = {number for number in range(count) if waiting[number]}
        self.cyclic = [ids[number] for number in sorted(_on_cycles(left, successors))]

    def is_before(self, earlier: str, later: str) -> bool:
        """Whether a way of edges leads from `earlier` to `later`."""
        source, target = self.number.get(earlier), self.number.get(later)
        return source is not None and target is not None and bool(self._ancestors[target] >> source & 1)


def _on_cycles(left: set[int], successors: list[list[int]]) -> set[int]:
    """Of the nodes no order reaches, those on a cycle: peel off what has no successor among them."""
    remaining = set(left)
    outgoing = {number: sum(target in remaining for target in successors[number]) for number in remaining}
    sources: dict[int, list[int]] = {number: [] for number in remaining}
    for number in remaining:
        for target in successors[number]:
            if target in remaining:
                sources[target].append(number)
    peel = [number for number in remaining if not outgoing[number]]
    while peel:
        number = peel.pop()
        remaining.discard(number)
        for source in sources[number]:
            outgoing[source] -= 1
            if source in remaining and not outgoing[source]:
                peel.append(source)
    return remaining
