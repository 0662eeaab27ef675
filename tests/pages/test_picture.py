"""The drawn graph: layers from left to right, nothing on top of anything, circles survive."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.definition import Definition, Edge, Node
from workflows.picture import NODE_HEIGHT, NODE_WIDTH, Picture, cut, draw


def picture_of(count: int, pairs: list[tuple[int, int]]) -> Picture:
    nodes = [Node(id=f"n{i}", action="text.echo") for i in range(count)]
    edges = [Edge.model_validate({"from": f"n{a}", "to": f"n{b}"}) for a, b in pairs]
    return draw(Definition(nodes=nodes, edges=edges), lambda node: (node.id, node.action, "cube"))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 14), st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=30))
def test_boxes_never_overlap(count: int, pairs: list[tuple[int, int]]) -> None:
    drawn = picture_of(count, [(a % count, b % count) for a, b in pairs])

    assert len(drawn.boxes) == count
    for index, one in enumerate(drawn.boxes):
        assert 0 <= one.x <= drawn.width - NODE_WIDTH and 0 <= one.y <= drawn.height - NODE_HEIGHT
        for other in drawn.boxes[index + 1 :]:
            assert abs(one.x - other.x) >= NODE_WIDTH or abs(one.y - other.y) >= NODE_HEIGHT


def test_a_node_stands_right_of_what_it_follows() -> None:
    drawn = {box.id: box.x for box in picture_of(4, [(0, 1), (1, 3), (0, 2), (2, 3)]).boxes}

    assert drawn["n0"] < drawn["n1"] == drawn["n2"] < drawn["n3"]


def test_a_position_from_the_canvas_is_kept() -> None:
    nodes = [
        Node.model_validate({"id": "a", "action": "x.y", "position": {"x": 500, "y": 40}}),
        Node.model_validate({"id": "b", "action": "x.y", "position": {"x": 100, "y": 240}}),
    ]

    drawn = {box.id: box for box in draw(Definition(nodes=nodes), lambda node: (node.id, "", "cube")).boxes}

    assert drawn["a"].x - drawn["b"].x == 400 and drawn["b"].y - drawn["a"].y == 200


def test_the_outline_names_what_comes_before() -> None:
    outline = {box.id: sources for box, sources in picture_of(3, [(0, 2), (1, 2)]).outline}

    assert outline == {"n0": "", "n1": "", "n2": "n0, n1"}


def test_korean_counts_as_wide() -> None:
    assert cut("a" * 20, 20) == "a" * 20
    assert cut("a" * 30, 20).endswith("…")
    assert len(cut("가" * 20, 20)) < 13


def test_an_empty_graph_is_an_empty_picture() -> None:
    assert picture_of(0, []) == Picture(0, 0)
