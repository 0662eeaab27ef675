"""Parts of a definition: what leads to one node, and what does not depend on it."""

from __future__ import annotations

from workflows.definition.graph import GraphOrder
from workflows.definition.model import Definition


def up_to(definition: Definition, node_id: str) -> Definition:
    """The definition that ends with this node: it and everything before it; the node's value is the output."""
    order = GraphOrder(definition)
    kept = {node.id for node in definition.nodes if node.id == node_id or order.is_before(node.id, node_id)}
    return definition.model_copy(
        update={
            "nodes": [node for node in definition.nodes if node.id in kept],
            "edges": [edge for edge in definition.edges if edge.source in kept and edge.target in kept],
            "output": {},
        }
    )


def not_behind(definition: Definition, node_id: str) -> list[str]:
    """The nodes whose results stay as they are when this node runs again."""
    order = GraphOrder(definition)
    return [node.id for node in definition.nodes if node.id != node_id and not order.is_before(node_id, node.id)]
