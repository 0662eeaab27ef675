"""Stand-ins for the engine's ports: for tests, dry runs and notebooks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from workflows.definition.catalogue import MappingCatalogue, SimpleAction
from workflows.engine.ports import Checkpoint, Event, NodeCall, NodeRecord


class MemoryJournal:
    """Keeps one stream of events and records, as a real journal would store them.

    `crash_at` raises at that entry of the stream (from 0), before it is kept; `on_entry` sees each one first.
    """

    def __init__(
        self,
        before: MemoryJournal | None = None,
        *,
        crash_at: int | None = None,
        on_entry: Callable[[Event | NodeRecord], None] | None = None,
    ) -> None:
        self.stream: list[Event | NodeRecord] = [] if before is None else list(before.stream)
        self.crash_at = crash_at
        self.on_entry = on_entry
        self.calls = 0
        #: Entries up to here were on disk when `record` returned: no crash can lose them.
        self.durable = len(self.stream)

    def _take(self, entry: Event | NodeRecord) -> None:
        if self.on_entry is not None:
            self.on_entry(entry)
        if self.calls == self.crash_at:
            raise ConnectionError("the journal's store is gone")
        self.calls += 1
        self.stream.append(entry)

    def append(self, event: Event, /) -> None:
        self._take(event)

    async def record(self, record: NodeRecord, /) -> None:
        self._take(record)
        if record.durable:
            self.durable = len(self.stream)

    @property
    def events(self) -> list[Event]:
        return [entry for entry in self.stream if isinstance(entry, Event)]

    @property
    def records(self) -> dict[str, NodeRecord]:
        """The latest record of each path."""
        return {entry.path: entry for entry in self.stream if isinstance(entry, NodeRecord)}

    def types(self, node: str | None = None) -> list[str]:
        """The types of the events in order, of one node path if given."""
        return [event.type for event in self.events if node is None or event.node == node]

    def lose(self, count: int) -> None:
        """Forget the last entries that were never durable, as a crash between two batches does."""
        del self.stream[max(self.durable, len(self.stream) - count) :]

    def checkpoint(self, **decisions: Mapping[str, Any]) -> Checkpoint:
        """What a resuming run is given."""
        events = self.events
        return Checkpoint(
            records=self.records,
            decisions=decisions,
            next_seq=events[-1].seq + 1 if events else 1,
            started_at=events[0].at if events else None,
        )


class ManualClock:
    """A clock that jumps ahead when somebody sleeps. `chance` is what `random` gives."""

    def __init__(self, now: float = 1_800_000_000.0, chance: float = 0.5) -> None:
        self.time = now
        self.chance = chance
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)

    def random(self) -> float:
        return self.chance


Function = Callable[[NodeCall], Awaitable[Any]]


class FunctionActions:
    """Actions that are plain async functions of the call; counts the calls of every path."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = dict(functions)
        self.calls: list[NodeCall] = []

    async def call(self, call: NodeCall, /) -> Any:
        self.calls.append(call)
        return await self.functions[call.action_id](call)

    @property
    def count(self) -> Counter[str]:
        return Counter(call.path for call in self.calls)

    def catalogue(self, **facts: Any) -> MappingCatalogue:
        """A catalogue of these actions with open schemas and the same `facts`."""
        schema = {"type": "object", "properties": {}, "additionalProperties": True}
        return MappingCatalogue({key: SimpleAction(id=key, input_schema=schema, **facts) for key in self.functions})
