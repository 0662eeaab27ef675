"""A read-only picture of a workflow: where nodes and edges go, for the SVG template `workflows/_graph.html`."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflows.definition import ERROR, OUT, Definition, Edge, Node

NODE_WIDTH, NODE_HEIGHT = 220, 64
GAP_X, GAP_Y = 80, 40
MARGIN = 24
TITLE_UNITS, SUBTITLE_UNITS = 20, 26


@dataclass(frozen=True, slots=True)
class Box:
    """A node on the picture. `number` is its place in reading order, from 1."""

    id: str
    title: str
    subtitle: str
    icon: str
    x: float
    y: float
    number: int
    disabled: bool = False
    full_title: str = ""
    #: Where two graphs or runs are compared: same, changed, added, removed, different, only_a, only_b.
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An edge as an SVG path, with its label near the middle."""

    source: str
    target: str
    path: str
    label: str
    label_x: float
    label_y: float
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    lines: tuple[Line, ...] = ()
    #: Each node with the titles it follows: the picture in words.
    outline: tuple[tuple[Box, str], ...] = field(default=())


#: Node → (title, subtitle, icon of the sprite).
Describe = Callable[[Node], tuple[str, str, str]]


def _layers(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, int]:
    """The length of the longest way to each node; edges that would close a circle are ignored."""
    incoming: dict[str, list[str]] = {node.id: [] for node in nodes}
    for edge in edges:
        if edge.target in incoming and edge.source in incoming and edge.source != edge.target:
            incoming[edge.target].append(edge.source)
    layer: dict[str, int] = {}
    ongoing: set[str] = set()
    for start in incoming:
        stack = [start]
        while stack:
            name = stack[-1]
            if name in layer:
                stack.pop()
                continue
            ongoing.add(name)
            waiting = [source for source in incoming[name] if source not in layer and source not in ongoing]
            if waiting:
                stack.append(waiting[0])
                continue
            layer[name] = max((layer[source] + 1 for source in incoming[name] if source in layer), default=0)
            ongoing.discard(name)
            stack.pop()
    return layer


def _arrange(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, tuple[float, float]]:
    """Layers from left to right, each centred; siblings in the order of what they follow."""
    layer = _layers(nodes, edges)
    columns: dict[int, list[str]] = {}
    for node in nodes:
        columns.setdefault(layer[node.id], []).append(node.id)
    row: dict[str, float] = {}
    tallest = max((len(column) for column in columns.values()), default=0)
    places: dict[str, tuple[float, float]] = {}
    for depth in sorted(columns):
        before: dict[str, float] = {}
        for name in columns[depth]:
            sources = [row[edge.source] for edge in edges if edge.target == name and edge.source in row]
            before[name] = sum(sources) / len(sources) if sources else float(columns[depth].index(name))
        ordered = sorted(columns[depth], key=lambda name: before[name])
        offset = (tallest - len(ordered)) / 2
        for index, name in enumerate(ordered):
            row[name] = offset + index
            places[name] = (depth * (NODE_WIDTH + GAP_X), (offset + index) * (NODE_HEIGHT + GAP_Y))
    return places


def _placed(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, tuple[float, float]]:
    """The positions drawn on the canvas; computed ones when somebody left two nodes in one place."""
    drawn = {node.id: (node.position.x, node.position.y) for node in nodes}
    return drawn if len(set(drawn.values())) == len(drawn) and len(drawn) > 1 else _arrange(nodes, edges)


def cut(text: str, units: int) -> str:
    """The text cut to a width; a Hangul syllable counts as nearly two Latin letters."""
    total = 0.0
    for index, character in enumerate(text):
        total += 1.75 if unicodedata.east_asian_width(character) in "WF" else 1
        if total > units:
            return text[: max(1, index - 1)].rstrip() + "…"
    return text


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    bend = max(32.0, abs(x2 - x1) / 2)
    return f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2 - 8:g} {y2:g}"


def draw(definition: Definition, describe: Describe) -> Picture:
    """The picture of the top level of a definition."""
    nodes, edges = definition.nodes, definition.edges
    if not nodes:
        return Picture(0, 0)
    places = _placed(nodes, edges)
    left, top = min(x for x, _ in places.values()), min(y for _, y in places.values())
    boxes: dict[str, Box] = {}
    for number, node in enumerate(sorted(nodes, key=lambda node: places[node.id]), start=1):
        title, subtitle, icon = describe(node)
        x, y = places[node.id]
        boxes[node.id] = Box(
            id=node.id,
            title=cut(title, TITLE_UNITS),
            subtitle=cut(subtitle, SUBTITLE_UNITS),
            icon=icon,
            x=x - left + MARGIN,
            y=y - top + MARGIN,
            number=number,
            disabled=node.disabled,
            full_title=title,
        )
    lines = []
    for edge in edges:
        source, target = boxes.get(edge.source), boxes.get(edge.target)
        if source is None or target is None:
            continue
        x1, y1 = source.x + NODE_WIDTH, source.y + NODE_HEIGHT / 2
        x2, y2 = target.x, target.y + NODE_HEIGHT / 2
        label = edge.port if edge.port not in (OUT, ERROR) else ""
        lines.append(
            Line(
                edge.source,
                edge.target,
                _curve(x1, y1, x2, y2),
                cut(label or edge.when or "", 16),
                (x1 + x2) / 2,
                (y1 + y2) / 2 - 6,
                edge.port == ERROR,
            )
        )
    outline = tuple(
        (
            box,
            ", ".join(
                boxes[edge.source].full_title for edge in edges if edge.target == box.id and edge.source in boxes
            ),
        )
        for box in boxes.values()
    )
    width = max(box.x for box in boxes.values()) + NODE_WIDTH + MARGIN
    height = max(box.y for box in boxes.values()) + NODE_HEIGHT + MARGIN
    return Picture(width, height, tuple(boxes.values()), tuple(lines), outline)


def describe_with(catalogue: Any, language: str) -> Describe:
    """Titles from the action catalogue in a language; the id where an action is gone."""
    from workflows.definition import find_action

    icons = {"flow": "branch", "http": "globe", "python": "code", "data": "transform"}

    def describe(node: Node) -> tuple[str, str, str]:
        action = find_action(node.action, catalogue)
        name = action.title.in_language(language) if action else node.action
        connector = node.action.split(".", 1)[0]
        title = node.title or name
        return title, node.action if title == name else name, icons.get(connector, "cube")

    return describe
