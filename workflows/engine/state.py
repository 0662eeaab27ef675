"""What all parts of one run share: ports, options, the sequence of events, and how runs end."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, NoReturn

from workflows.engine.errors import Failure
from workflows.engine.ports import Checkpoint, Event, Level, NodeRecord, Options, Ports

RunStatus = Literal["succeeded", "failed", "cancelled", "waiting"]

#: A node may write this many log and progress lines; the rest is counted and dropped.
MAX_LINES_PER_NODE = 2_000
MAX_LOGGED_TEXT = 10_000
MAX_LOGGED_ITEMS = 200
MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """A resting node: `approval` needs a decision for `path`, `timer` a resumption at `wake_at` (seconds UTC)."""

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


class NodeFailed(Exception):
    """A node failed, in its last `attempt`, and nothing handled it."""

    def __init__(self, failure: Failure, attempt: int = 1) -> None:
        super().__init__(failure.code)
        self.failure = failure
        self.attempt = attempt


class Suspended(Exception):
    """Nothing more can run until the world answers."""


class JournalCrashed(BaseException):
    """The journal failed. Not an `Exception`, so that no action can swallow it."""


class RunState:
    """The shared part of one run."""

    __slots__ = (
        "cancelled",
        "checkpoint",
        "closed",
        "counts",
        "crash",
        "deadline",
        "options",
        "ports",
        "seq",
        "slots",
        "steps",
        "waiting",
    )

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
        #: What the journal raised: nothing may be reported after it.
        self.crash: Exception | None = None
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
            self._crashed(error)

    async def record(self, record: NodeRecord) -> None:
        """Hand over a node's state; nothing is recorded once the run has ended for the world."""
        if self.closed:
            return
        try:
            if record.durable:
                await self._whole(self.ports.journal.record(record))
            else:
                await self.ports.journal.record(record)
        except Exception as error:
            self._crashed(error)

    async def _whole(self, work: Coroutine[Any, Any, None]) -> None:
        """Await a write to its end even when this node is cancelled meanwhile: half a write would tear the story."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled() and isinstance(error := task.exception(), Exception):
                self._crashed(error)
            raise

    def _crashed(self, error: Exception) -> NoReturn:
        self.closed = True
        self.crash = self.crash or error
        raise JournalCrashed from error

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def plain_data(value: Any, _depth: int = 0) -> Any:
    """What an action logs, as JSON data: anything else is written as text, too much of it cut off."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value[:MAX_LOGGED_TEXT]
    if _depth < 6 and isinstance(value, Mapping):
        return {str(key)[:200]: plain_data(item, _depth + 1) for key, item in islice(value.items(), MAX_LOGGED_ITEMS)}
    if _depth < 6 and isinstance(value, list | tuple | set | frozenset):
        return [plain_data(item, _depth + 1) for item in islice(value, MAX_LOGGED_ITEMS)]
    return str(value)[:500]


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
