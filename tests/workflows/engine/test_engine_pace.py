"""A node's pace: its calls wait for the port's word, all items of a map share it, and the deadline is kept."""

from __future__ import annotations

from typing import Any


class Paces:
    """Says how long to wait, and remembers who asked."""

    def __init__(self, *waits: float) -> None:
        self.waits = list(waits)
        self.asked: list[tuple[str, int, float]] = []

    async def take(self, key: str, limit: int, per: float, /) -> float:
        self.asked.append((key, limit, per))
        return self.waits.pop(0) if self.waits else 0.0


def paced(**rate: Any) -> dict[str, Any]:
    return {"id": "n", "action": "t.echo", "params": {"value": 1}, "rate": {"limit": 2, "per": 10, **rate}}


def document(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"schema_version": 1, "nodes": list(nodes), "edges": [], "output": {"done": "{{ 1 }}"}}


async def test_a_node_waits_for_its_turn_and_says_so_once(world: Any) -> None:
    paces = world.ports["paces"] = Paces(3.0, 2.0)
    world.options["pace_scope"] = "workflow-7"
    begun = world.clock.now()
    result = await world.run(document(paced()))

    assert result.status == "succeeded" and world.clock.now() - begun >= 5
    assert paces.asked == [("workflow-7:n", 2, 10.0)] * 3
    assert world.journal.types("n").count("node.queued") == 1


async def test_items_of_a_map_and_nodes_of_one_key_share_a_pace(world: Any) -> None:
    paces = world.ports["paces"] = Paces()
    body = {"nodes": [paced()], "edges": [], "output": {}}
    each = {"id": "each", "action": "flow.map", "params": {"items": [1, 2, 3]}, "body": body}
    await world.run(document(each))
    assert {key for key, _, _ in paces.asked} == {":each/n"} and len(paces.asked) == 3

    await world.run(document(paced(key="upstream")))
    assert paces.asked[-1][0] == "upstream"


async def test_a_turn_that_comes_after_the_deadline_fails_at_once(world: Any) -> None:
    world.ports["paces"] = Paces(100.0)
    world.options["timeout"] = 5.0
    result = await world.run(document(paced()))
    assert result.status == "failed" and result.error.code == "pace" and "2 times in 10 s" in result.error.message
