"""Runs that start with results: pinned by a person, or of an earlier run."""

from workflows.definition import load, not_behind, up_to
from workflows.engine import Checkpoint, Given


async def test_a_given_result_stands_for_its_node_and_is_told(world, node, edges):
    definition = {
        "nodes": [node("a", value="fresh"), node("b", value="{{ a.value }}")],
        "edges": edges("a > b"),
    }

    result = await world.run(definition, checkpoint=Checkpoint(given={"a": Given({"value": "kept"}, "out", "earlier")}))

    assert result.output == {"b": {"value": "kept"}}
    assert world.actions.count == {"b": 1}
    assert world.journal.types("a") == ["node.succeeded"]
    told = next(event for event in world.journal.events if event.node == "a")
    assert told.data["source"] == "earlier"
    assert world.journal.records["a"].output == {"value": "kept"}
    assert result.counts == {"given": 1, "succeeded": 1}


async def test_a_given_result_leaves_by_its_port(world, node, edges):
    definition = {
        "nodes": [node("check", "flow.condition", condition="{{ True }}"), node("yes"), node("no")],
        "edges": edges("check.true > yes", "check.false > no"),
    }

    await world.run(definition, checkpoint=Checkpoint(given={"check": Given({"result": False}, "false")}))

    assert world.actions.count == {"no": 1}


async def test_given_variables_are_set(world, node, edges):
    definition = {
        "nodes": [node("s", "flow.set", values={"n": 1}), node("a", value="{{ vars.n }}")],
        "edges": edges("s > a"),
    }

    result = await world.run(definition, checkpoint=Checkpoint(given={"s": Given({"n": 7})}))

    assert result.output == {"a": {"value": 7}}


async def test_what_a_resumed_run_has_done_itself_goes_before_what_it_was_given(world, node, edges):
    definition = {"nodes": [node("a", value="own"), node("b", "t.fail")], "edges": edges("a > b")}
    await world.run(definition)
    own = world.journal.checkpoint()

    await world.run(
        definition,
        checkpoint=Checkpoint(own.records, next_seq=own.next_seq, given={"a": Given({"value": "kept"})}),
    )

    assert world.journal.records["a"].output == {"value": "own"}


def test_a_part_ends_with_its_node_and_knows_what_stays(node, edges):
    definition = load(
        {
            "nodes": [node("a"), node("b"), node("c"), node("side")],
            "edges": edges("a > b", "b > c", "a > side"),
            "output": {"x": "{{ c.value }}"},
        }
    )

    part = up_to(definition, "b")

    assert [item.id for item in part.nodes] == ["a", "b"]
    assert [(edge.source, edge.target) for edge in part.edges] == [("a", "b")]
    assert part.output == {}
    assert not_behind(definition, "b") == ["a", "side"]
