"""A small world for engine tests: a few actions, a journal in memory and a clock that jumps."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from integrations.sdk import RateLimited, Rejected, Unavailable
from integrations.sdk.sandbox import shared_sandbox
from workflows.definition import load
from workflows.engine import Checkpoint, NodeCall, Options, Plan, Ports, Result, compile, run
from workflows.engine.testing import FunctionActions, ManualClock, MemoryJournal


async def echo(call: NodeCall) -> Any:
    return {"value": call.params.get("value")}


async def fail(call: NodeCall) -> Any:
    """Fails until the attempt named `until`."""
    if call.attempt < call.params.get("until", 99):
        kind = {"unavailable": Unavailable, "rejected": Rejected}[call.params.get("kind", "unavailable")]
        raise kind("The upstream does not answer.", remedy="Try again later.")
    return {"attempt": call.attempt}


async def limited(call: NodeCall) -> Any:
    if call.attempt == 1:
        raise RateLimited("Too fast.", retry_after=7)
    return {"attempt": call.attempt}


async def bug(call: NodeCall) -> Any:
    raise ValueError("password=hunter2")


async def hang(call: NodeCall) -> Any:
    await asyncio.Event().wait()


class World:
    """Runs definitions with everything observable afterwards."""

    def __init__(self) -> None:
        functions = {"t.echo": echo, "t.fail": fail, "t.limited": limited, "t.bug": bug, "t.hang": hang}
        self.actions = FunctionActions(functions)
        self.journal = MemoryJournal()
        self.clock = ManualClock()
        self.options: dict[str, Any] = {"execution_id": "run1"}
        self.ports: dict[str, Any] = {}
        self.effect = "read"

    def compile(self, definition: Mapping[str, Any]) -> Plan:
        return compile(load(definition), self.actions.catalogue(effect=self.effect))

    async def run(
        self,
        definition: Mapping[str, Any] | Plan,
        input: Mapping[str, Any] | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> Result:
        plan = definition if isinstance(definition, Plan) else self.compile(definition)
        ports = Ports(self.actions, self.journal, self.clock, sandbox=shared_sandbox(), **self.ports)
        return await asyncio.wait_for(run(plan, input, ports, Options(**self.options), checkpoint=checkpoint), 20)


@pytest.fixture
def world() -> World:
    return World()


def node(id: str, action: str = "t.echo", /, **fields: Any) -> dict[str, Any]:
    """A node; fields that are no fields of a node become parameters."""
    own = {"retry", "timeout", "on_error", "body", "disabled", "connection", "cache"}
    data = {name: value for name, value in fields.items() if name in own}
    return {"id": id, "action": action, "params": {k: v for k, v in fields.items() if k not in own}, **data}


def edges(*texts: str) -> list[dict[str, Any]]:
    """Edges from texts such as `a > b`, `a.error > b` and `a > b if a.value`."""
    made = []
    for text in texts:
        ends, _, when = text.partition(" if ")
        source, target = ends.split(" > ")
        source, _, port = source.partition(".")
        made.append(
            {"from": source, "to": target, **({"port": port} if port else {}), **({"when": when} if when else {})}
        )
    return made


@pytest.fixture(name="node")
def _node():
    return node


@pytest.fixture(name="edges")
def _edges():
    return edges
