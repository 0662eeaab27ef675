"""What differs between values, graphs and runs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workflows.definition import load
from workflows.differences import MAX_CHANGES, Ran, compare_graphs, compare_runs, first_difference, json_changes

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_a_value_does_not_differ_from_itself(value: object) -> None:
    assert json_changes(value, value) == []


@given(values, values)
def test_changes_are_mirrored(a: object, b: object) -> None:
    there = {(one.path, one.has_old, one.has_new) for one in json_changes(a, b)}
    back = {(one.path, one.has_new, one.has_old) for one in json_changes(b, a)}

    assert there == back
    assert bool(there) == (a != b or repr(a) != repr(b))


def test_the_smallest_part_is_named() -> None:
    old = {"rows": [{"code": "005930", "price": 1}], "gone": 1}
    new = {"rows": [{"code": "005930", "price": 2}, {"code": "x"}]}

    assert [(c.path, c.has_old, c.has_new) for c in json_changes(old, new)] == [
        ("rows[0].price", True, True),
        ("rows[1]", False, True),
        ("gone", True, False),
    ]


def test_ignored_paths_hold_for_every_item() -> None:
    old, new = ({"as_of": n, "rows": [{"at": n, "v": 1}, {"at": n, "v": 1}]} for n in (1, 2))

    assert json_changes(old, new, ignore=frozenset({"as_of", "rows[].at"})) == []


def test_true_is_not_one_but_one_is_one_point_zero() -> None:
    assert json_changes({"a": 1}, {"a": 1.0}) == []
    assert len(json_changes({"a": 1}, {"a": True})) == 1


def test_the_list_is_bounded() -> None:
    assert len(json_changes(list(range(1000)), list(range(1, 1001)))) == MAX_CHANGES


def graph(*names: str, edges: tuple[tuple[str, str], ...] = (), **params: object) -> object:
    nodes = [{"id": name, "action": "text.echo", "params": {"text": params.get(name, "x")}} for name in names]
    return load({"schema_version": 1, "nodes": nodes, "edges": [{"from": a, "to": b} for a, b in edges]})


def test_graphs_are_compared_by_node_and_edge() -> None:
    old = graph("a", "b", "gone", edges=(("a", "b"), ("b", "gone")))
    new = graph("a", "b", "new", edges=(("a", "b"), ("b", "new")), b="y")

    change = compare_graphs(old, new)

    assert change.statuses == {"a": "same", "b": "changed", "new": "added", "gone": "removed"}
    assert change.edges_added == ("b → new",) and change.edges_removed == ("b → gone",)
    assert [node.id for node in change.merged.nodes] == ["a", "b", "new", "gone"]
    assert len(change.merged.edges) == 3
    assert compare_graphs(old, old).is_same and not change.is_same


def test_a_node_that_only_moved_is_the_same() -> None:
    old = graph("a")
    new = load({**old.as_data(), "nodes": [{**old.as_data()["nodes"][0], "position": {"x": 40, "y": 0}}]})

    assert compare_graphs(old, new).is_same


def test_runs_are_compared_in_the_order_of_the_graph() -> None:
    a = {"two": Ran("succeeded", 2), "one": Ran("succeeded", 1)}
    b = {"one": Ran("succeeded", 1), "two": Ran("failed", None, {"code": "x"}), "three": Ran("succeeded")}

    found = compare_runs(a, b, ["one", "two", "three"])

    assert [(one.path, one.status) for one in found] == [("one", "same"), ("two", "different"), ("three", "only_b")]
    first = first_difference(found)
    assert first is not None and first.path == "two"
