"""What all parts of one run share: ports, options, the sequence of events, and how runs end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workflows.engine.errors import Failure
from workflows.engine.ports import Checkpoint, Event, Level, NodeRecord, Options, Ports

RunStatus = Literal["succeeded", "failed", "cancelled", "waiting"]

#: A node may write this many log and progress lines; the rest is counted and dropped.
MAX_LINES_PER_NODE = 2_000
MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """A resting node: `kind` is `approval` (needs a decision for `path`) or `timer` (resume at `wake_at`, seconds UTC)."""

    path: str
    node: str
    kind: str
    data: Mapping[str, Any]
    wake_at: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. `next_seq` continues the events if it is resumed; `ms` is this run's own time."""

    status: RunStatus
    output: dict[str, Any] | None = None
    error: Failure | None = None
    waiting: tuple[Waiting, ...] = ()
    next_seq: int = 1
    ms: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)


class NodeFailed(Exception):  # noqa: N818 - internal signal
    """A node failed and nothing handled it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


class Suspended(Exception):  # noqa: N818 - internal signal
    """Nothing more can run until the world answers."""


class JournalCrashed(BaseException):
    """The journal failed. Not an `Exception`, so that no action can swallow it."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


class RunState:
    """The shared part of one run."""

    __slots__ = (
        "cancelled", "checkpoint", "closed", "counts", "deadline", "options", "ports", "seq", "slots", "steps", "waiting",
    )  # fmt: skip

    def __init__(self, ports: Ports, options: Options, checkpoint: Checkpoint) -> None:
        self.ports = ports
        self.options = options
        self.checkpoint = checkpoint
        self.seq = checkpoint.next_seq
        self.slots = asyncio.Semaphore(options.max_concurrency)
        self.waiting: list[Waiting] = []
        self.counts: dict[str, int] = {}
        self.deadline: float | None = None
        self.cancelled = False
        self.closed = False
        self.steps = 0

    def emit(
        self, type_: str, level: Level = "info", node: str | None = None, message: str = "", data: Any = None
    ) -> None:
        """Append one event; nothing is appended after the run's last one."""
        if self.closed:
            return
        event = Event(self.seq, self.ports.clock.now(), type_, level, node, message, data or {})
        self.seq += 1
        try:
            self.ports.journal.append(event)
        except Exception as error:
            self.closed = True
            raise JournalCrashed(error) from error

    async def record(self, record: NodeRecord) -> None:
        try:
            await self.ports.journal.record(record)
        except Exception as error:
            self.closed = True
            raise JournalCrashed(error) from error

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def summary(value: Any) -> dict[str, Any]:
    """Sizes and counts of a value for an event, never its content."""
    if isinstance(value, list | tuple):
        return {"kind": "list", "count": len(value)}
    if isinstance(value, Mapping):
        lists = {str(name): len(item) for name, item in list(value.items())[:50] if isinstance(item, list)}
        return {"kind": "object", "fields": len(value)} | ({"lists": lists} if lists else {})
    if isinstance(value, str):
        return {"kind": "text", "size": len(value)}
    return {"kind": "none" if value is None else "boolean" if isinstance(value, bool) else "number"}
