"""The document of a workflow: one pydantic model, one `schema_version`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1
MAX_NODES = 2_000

#: The port of a node's normal end, and the one taken on failure when `on_error` says `branch`.
OUT, ERROR = "out", "error"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Retry(_Part):
    """How often a failed node is tried: waits of `delay` × `factor`ⁿ seconds, spread by ± `jitter`."""

    max_attempts: int = Field(default=1, ge=1, le=20)
    delay: float = Field(default=1.0, ge=0, le=3600)
    factor: float = Field(default=2.0, ge=1, le=10)
    max_delay: float = Field(default=60.0, ge=0, le=86_400)
    jitter: float = Field(default=0.2, ge=0, le=1)


class Pace(_Part):
    """At most `limit` calls of a node in any `per` seconds, over all runs of the workspace; the rest wait their turn.

    Nodes with the same `key` share one pace; without one a node has its own.
    """

    limit: int = Field(ge=1, le=100_000)
    per: float = Field(default=60.0, gt=0, le=86_400)
    key: str = Field(default="", max_length=80)


class Concurrency(_Part):
    """How many runs with the same `key` may work at once, and what becomes of one too many.

    `queue`: it waits its turn, oldest first; `skip`: it does not run; `cancel_previous`: the older ones are stopped.
    The key is a text with plain paths of `input` and `caller`; empty: all runs of the workflow together.
    """

    key: str = Field(default="", max_length=400)
    limit: int = Field(default=1, ge=1, le=1000)
    policy: Literal["queue", "skip", "cancel_previous"] = "queue"


class OnError(_Part):
    """What a failure means: the run stops, the node gives `value`, or the `error` port is taken."""

    policy: Literal["stop", "default", "branch"] = "stop"
    value: Any = None


class Position(_Part):
    """Where the node stands on the canvas, in canvas units."""

    x: float = 0
    y: float = 0


class Node(_Part):
    """One step. `params` may hold `{{ … }}`; `timeout` and `cache` are seconds, None means the action's own."""

    id: str
    action: str
    params: dict[str, Any] = Field(default_factory=dict)
    connection: str | None = None
    retry: Retry = Field(default_factory=Retry)
    timeout: float | None = Field(default=None, gt=0, le=86_400)
    on_error: OnError = Field(default_factory=OnError)
    cache: float | None = Field(default=None, ge=0, le=2_592_000)
    rate: Pace | None = None
    position: Position = Field(default_factory=Position)
    title: str = ""
    note: str = ""
    disabled: bool = False
    #: The sub-graph that `flow.map` and `flow.loop` run.
    body: Graph | None = None


class Edge(_Part):
    """`to` may start when `from` ended through `port` and `when`, if given, is true."""

    source: str = Field(alias="from")
    port: str = OUT
    target: str = Field(alias="to")
    when: str | None = None


Colour = Literal["grey", "blue", "green", "amber", "red", "violet"]
_PartId = Annotated[str, Field(min_length=1, max_length=64)]


class Frame(_Part):
    """A coloured frame around nodes on the canvas; it has no effect on runs."""

    id: _PartId
    title: str = Field(default="", max_length=120)
    colour: Colour = "grey"
    nodes: list[str] = Field(default_factory=list, max_length=MAX_NODES)
    collapsed: bool = False


class Sticky(_Part):
    """A note that lies on the canvas. Sizes are canvas units."""

    id: _PartId
    text: str = Field(default="", max_length=10_000)
    colour: Colour = "amber"
    position: Position = Field(default_factory=Position)
    width: float = Field(default=220, ge=80, le=2_000)
    height: float = Field(default=140, ge=40, le=2_000)


class Graph(_Part):
    """Nodes, edges and what comes out. A body sees the names of the graph around it."""

    nodes: list[Node] = Field(default_factory=list)
    edges: list[Edge] = Field(default_factory=list)
    #: Name → literal or expression. Empty: the outputs of the last nodes by their ids.
    output: dict[str, Any] = Field(default_factory=dict)
    groups: list[Frame] = Field(default_factory=list, max_length=200)
    notes: list[Sticky] = Field(default_factory=list, max_length=500)

    def every_node(self) -> Iterator[Node]:
        """All nodes, those of bodies included."""
        for node in self.nodes:
            yield node
            if node.body is not None:
                yield from node.body.every_node()


def _no_inputs() -> dict[str, Any]:
    return {"type": "object", "properties": {}}


class Definition(Graph):
    """A whole workflow. `inputs` is a JSON Schema object with defaults; `timeout` of the run is in seconds."""

    schema_version: Literal[1] = 1
    inputs: dict[str, Any] = Field(default_factory=_no_inputs)
    timeout: float | None = Field(default=None, gt=0, le=604_800)
    concurrency: Concurrency | None = None

    def as_data(self) -> dict[str, Any]:
        """Plain JSON data with the document's own names; fields left at their defaults are omitted."""
        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return {"schema_version": SCHEMA_VERSION, "inputs": self.inputs, "nodes": [], "edges": [], "output": {}} | data


Node.model_rebuild()
