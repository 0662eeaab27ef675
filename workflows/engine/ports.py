"""What the engine asks of the world around it; implemented by the Django services, by tests and by exported servers."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from workflows.definition.catalogue import ActionInfo
from workflows.expressions.port import Sandbox

if TYPE_CHECKING:
    from workflows.engine.errors import Failure
    from workflows.engine.plan import Plan

Level = Literal["debug", "info", "warning", "error"]
NodeStatus = Literal["running", "succeeded", "handled", "failed", "waiting"]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a run's story. `seq` has no gaps; `at` is seconds since 1970 UTC; `data` is plain JSON data."""

    seq: int
    at: float
    type: str
    level: Level
    node: str | None = None
    message: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """The state of one node run, keyed by `path`; the latest record of a path counts.

    `durable` asks the journal to store it before it returns: the action writes, or the run rests on it.
    `port` is the way a finished node ended; `waiting` says what a resting node waits for.
    """

    path: str
    node: str
    action: str
    status: NodeStatus
    attempt: int = 1
    durable: bool = False
    output: Any = None
    port: str = "out"
    error: Failure | None = None
    waiting: dict[str, Any] | None = None
    started_at: float = 0.0
    ms: float = 0.0


class Journal(Protocol):
    """Where a run's story and its checkpoints go. Any exception from it ends the run at once, as a crash would."""

    def append(self, event: Event, /) -> None:
        """Take one event, in order. Must not block: collect and write in batches."""
        ...

    async def record(self, record: NodeRecord, /) -> None:
        """Take a node's state. May return before it is stored, in order, unless `record.durable`.

        A durable one is awaited to its end even if the node is cancelled meanwhile.
        """
        ...


@dataclass(slots=True)
class NodeCall:
    """One call of an action. `deadline` is in seconds of the event loop's clock (`time.monotonic`), None without one.

    `idempotency_key` is the same for every attempt and every resumption of this node run.
    """

    execution_id: str
    node_id: str
    path: str
    action_id: str
    action: ActionInfo
    params: dict[str, Any]
    connection: str | None
    attempt: int
    idempotency_key: str
    deadline: float | None
    #: Seconds a result may be reused; 0 means never.
    cache: float
    log: Callable[..., None]
    progress: Callable[..., None]
    is_cancelled: Callable[[], bool]

    @property
    def effect(self) -> str:
        return self.action.effect

    @property
    def heavy(self) -> bool:
        return self.action.heavy


@dataclass(frozen=True, slots=True)
class Ended:
    """What `Actions.call` returns to leave a node by a port other than `out`."""

    value: Any
    port: str


class Actions(Protocol):
    """Carries out an action wherever it belongs: here, or on a worker for heavy ones."""

    async def call(self, call: NodeCall, /) -> Any:
        """The result as plain JSON data, or `Ended`. Raises `PortalError`; anything else is an internal error."""
        ...


class Clock(Protocol):
    """Time and chance."""

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        ...

    async def sleep(self, seconds: float, /) -> None: ...

    def random(self) -> float:
        """A number from 0 up to 1."""
        ...


class Subworkflows(Protocol):
    """Finds the plan of another workflow."""

    async def resolve(self, reference: str, /) -> Plan:
        """The plan to run for the `workflow` parameter; raises `PortalError` when there is none."""
        ...


class Cancel(Protocol):
    """Tells whether somebody stopped the run."""

    def is_set(self) -> bool: ...

    async def wait(self) -> Any:
        """Return once the run is stopped."""
        ...


class SystemClock:
    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float, /) -> None:
        await asyncio.sleep(seconds)

    def random(self) -> float:
        return random.random()  # noqa: S311 - spreads retries, guards nothing


class NeverCancelled:
    def is_set(self) -> bool:
        return False

    async def wait(self) -> None:
        await asyncio.get_running_loop().create_future()


class NoSubworkflows:
    async def resolve(self, reference: str, /) -> Plan:
        from portal.common.errors import NotFound

        raise NotFound(f"There is no workflow `{reference}` here.", remedy="Choose another workflow.")


class Paces(Protocol):
    """Counts the calls of nodes with a pace, over all runs that share it."""

    async def take(self, key: str, limit: int, per: float, /) -> float:
        """Take a place: 0.0 when granted, else the seconds to wait before asking again."""


class NoPaces:
    """Grants every place: for dry runs and measurements."""

    async def take(self, key: str, limit: int, per: float, /) -> float:
        return 0.0


class NullJournal:
    """Forgets everything: for dry runs and measurements."""

    def append(self, event: Event, /) -> None:
        return None

    async def record(self, record: NodeRecord, /) -> None:
        return None


def _shared_sandbox() -> Sandbox:
    from integrations.sdk.sandbox import shared_sandbox

    return shared_sandbox()


@dataclass(slots=True)
class Ports:
    """Everything a run needs from outside. Only `actions` has no default."""

    actions: Actions
    journal: Journal = field(default_factory=NullJournal)
    clock: Clock = field(default_factory=SystemClock)
    cancel: Cancel = field(default_factory=NeverCancelled)
    subworkflows: Subworkflows = field(default_factory=NoSubworkflows)
    sandbox: Sandbox = field(default_factory=_shared_sandbox)
    paces: Paces = field(default_factory=NoPaces)


@dataclass(frozen=True, slots=True)
class Options:
    """How one run is carried out. Times are in seconds.

    Waits longer than `inline_wait` rest instead of holding the worker: the run ends as `waiting` with a `wake_at`.
    """

    execution_id: str
    caller: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    max_concurrency: int = 32
    inline_wait: float = 30.0
    #: Names the workflow, so that paces of nodes without a key of their own are not shared between workflows.
    pace_scope: str = ""
    #: How long a cancelled node may take to clean up before the run ends without it.
    cancel_grace: float = 5.0


@dataclass(frozen=True, slots=True)
class Given:
    """A result that stands for running its node. `source` says where it is from, for the run's story."""

    output: Any
    port: str = "out"
    source: Literal["pinned", "earlier"] = "pinned"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known of an earlier attempt at the same execution.

    `records`: the latest record of each path, in the order in which they were recorded.
    `decisions`: path → what a person decided, e.g. `{"approved": true, "by": "…", "comment": "…"}`.
    `next_seq`: the number after the last stored event. `started_at`: when the run first started.
    `given`: results that the run is started with, pinned by a person or of an earlier run; such nodes are not run.
    """

    records: Mapping[str, NodeRecord] = field(default_factory=dict)
    decisions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    next_seq: int = 1
    started_at: float | None = None
    given: Mapping[str, Given] = field(default_factory=dict)


def iso(seconds: float) -> str:
    """A moment as ISO 8601 text in UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
