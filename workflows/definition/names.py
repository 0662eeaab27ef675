"""What an expression at one place of a definition may refer to, and with which schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.definition.graph import GraphOrder
from workflows.definition.issues import Issue
from workflows.definition.messages import finding
from workflows.definition.model import Graph
from workflows.definition.schemas import UNKNOWN, Typed, fields_of, follow
from workflows.expressions import ExpressionSyntaxError, Parts, Value, compile_value, show_path

_SHOWN = 20


class Names:
    """The names at one place: some given ones, before them the nodes of one level, behind them an outer place.

    `place` is the node whose upstream counts; None means the end of the level, where every node has ended.
    """

    __slots__ = ("extra", "level", "outer", "place")

    def __init__(
        self,
        extra: Mapping[str, Typed],
        outer: Names | None = None,
        level: Level | None = None,
        place: str | None = None,
    ) -> None:
        self.extra, self.outer, self.level, self.place = dict(extra), outer, level, place

    def with_names(self, extra: Mapping[str, Typed]) -> Names:
        return Names(extra, self)

    def get(self, name: str) -> Typed | None:
        """The schema of a name, None when it cannot be used here."""
        if name in self.extra:
            return self.extra[name]
        if self.level is not None and name in self.level.order.number:
            if self.place is None or self.level.order.is_before(name, self.place):
                return self.level.schemas.get(name, UNKNOWN)
            return None
        return self.outer.get(name) if self.outer is not None else None

    def is_later(self, name: str) -> bool:
        """Whether the name is a node that exists around this place but does not run before it."""
        if self.level is not None and name in self.level.order.number:
            return self.get(name) is None
        return self.outer.is_later(name) if self.outer is not None else False

    def known(self) -> list[str]:
        found = set(self.extra)
        if self.level is not None:
            found |= {name for name in self.level.order.number if self.get(name) is not None}
        return sorted(found | set(self.outer.known() if self.outer is not None else ()))


class Level:
    """One level of the graph while it is checked: its order and the output schemas known so far."""

    __slots__ = ("graph", "order", "schemas")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.order = GraphOrder(graph)
        self.schemas: dict[str, Typed] = {}


def read_value(value: Any, node: str, place: str) -> tuple[Value | None, Issue | None]:
    """The compiled value, or what is wrong with its expressions."""
    try:
        return compile_value(value), None
    except ExpressionSyntaxError as error:
        return None, finding(
            "bad_expression",
            node,
            place,
            detail=error.message,
            position=error.position + 1,
            remedy=error.remedy or "Correct the expression.",
        )


def check_references(value: Value, names: Names, all_ids: set[str], node: str, place: str) -> Iterator[Issue]:
    """What is wrong with the paths an expression reads."""
    for parts in dict.fromkeys(value.references):
        root = str(parts[0])
        typed = names.get(root)
        if typed is not None:
            yield from _check_fields(typed, parts, node, place)
        elif names.is_later(root):
            yield finding("not_upstream", node, place, name=root)
        elif root in all_ids:
            yield finding("inside_body", node, place, name=root)
        else:
            known = ", ".join(names.known()[:_SHOWN])
            yield finding("unknown_reference", node, place, name=root, known=known)


def _check_fields(typed: Typed, parts: Parts, node: str, place: str) -> Iterator[Issue]:
    _, verdict, sound = follow(typed, parts[1:])
    if verdict not in {"missing", "doubtful"}:
        return
    here, _, _ = follow(typed, parts[1 : 1 + sound])
    yield finding(
        "unknown_field",
        node,
        place,
        "error" if verdict == "missing" else "warning",
        path=show_path(parts),
        before=show_path(parts[: 1 + sound]),
        part=parts[1 + sound],
        known=", ".join(fields_of(here)[:_SHOWN]) or "-",
    )
