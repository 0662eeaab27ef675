"""Runs one level of a plan: starts nodes as soon as their edges allow, joins, skips, and gathers the output."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from workflows.definition.model import ERROR, OUT
from workflows.engine.errors import failure_of
from workflows.engine.plan import PlannedGraph, PlannedNode
from workflows.engine.state import NodeFailed, RunState, Suspended
from workflows.expressions import MissingPath, Scope, Value

#: Let the event loop breathe after this many nodes that never had to wait.
BREATH = 64


class Outcome:
    """How a node ended: its output and the port it left by. `port=None`: it did not run."""

    __slots__ = ("output", "port")

    def __init__(self, output: Any, port: str | None = OUT) -> None:
        self.output = output
        self.port = port


SKIPPED = Outcome(None, None)
WAITING = Outcome(None, None)

RunNode = Callable[["GraphRun", PlannedNode, Scope, str], Awaitable[Outcome]]


class GraphRun:
    """One running level. `prefix` is the path of the node around it, with its slash; `vars` belong to the workflow."""

    __slots__ = (
        "_active",
        "_done",
        "_remaining",
        "_suspended",
        "_taken",
        "_tasks",
        "depth",
        "error_of",
        "graph",
        "live_sources",
        "prefix",
        "run_node",
        "scope",
        "state",
        "vars",
    )

    def __init__(
        self,
        graph: PlannedGraph,
        scope: Scope,
        prefix: str,
        state: RunState,
        run_node: RunNode,
        vars_: dict[str, Any],
        depth: int = 0,
    ) -> None:
        self.graph, self.scope, self.prefix, self.state = graph, scope, prefix, state
        self.run_node, self.vars, self.depth = run_node, vars_, depth
        self._remaining = [len(node.incoming) for node in graph.nodes]
        self._taken = [False] * len(graph.nodes)
        #: Target → sources whose edges were taken, in the order of the edges as they settled.
        self.live_sources: dict[int, list[int]] = {}
        #: Node → the failure whose error branch led to it.
        self.error_of: dict[int, dict[str, Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._active = 0
        self._suspended = False
        self._done: asyncio.Future[None] | None = None

    async def execute(self) -> dict[str, Any]:
        """Run to the end and return the output; raises `NodeFailed` or `Suspended`."""
        if self.graph.is_chain:
            await self._follow(self.graph.entries[0])
        elif self.graph.nodes:
            self._done = asyncio.get_running_loop().create_future()
            try:
                for number in self.graph.entries:
                    self._spawn(number)
                await self._done
            finally:
                await self._stop_tasks()
                if self._done.done() and not self._done.cancelled():
                    self._done.exception()  # seen, even if this level was stopped before it looked
        if self._suspended:
            raise Suspended
        return await self._gather_output()

    def _spawn(self, number: int) -> None:
        self._active += 1
        task = asyncio.get_running_loop().create_task(self._branch(number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _branch(self, number: int) -> None:
        done = self._done
        assert done is not None
        try:
            await self._follow(number)
        except asyncio.CancelledError:
            if not done.done():
                done.cancel()
            raise
        except BaseException as error:
            if not done.done():
                done.set_exception(error)
            elif not isinstance(error, Exception):
                raise
            return
        self._active -= 1
        if not self._active and not done.done():
            done.set_result(None)

    async def _stop_tasks(self) -> None:
        tasks = [task for task in self._tasks if not task.done()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, number: int) -> None:
        """Run a node, then those it makes ready: the first here, the others beside."""
        state = self.state
        while True:
            state.steps += 1
            if not state.steps % BREATH:
                await asyncio.sleep(0)
            node = self.graph.nodes[number]
            outcome = await self.run_node(self, node, self.scope_for(number), self.prefix + node.id)
            if outcome is WAITING:
                self._suspended = True
                return
            ready = await self._settle(node, outcome)
            if not ready:
                return
            for other in ready[1:]:
                self._spawn(other)
            number = ready[0]

    def scope_for(self, number: int) -> Scope:
        """The names a node sees: those of its level, and `error` behind an error branch."""
        error = self.error_of.get(number)
        return self.scope if error is None else self.scope.child({"error": error})

    async def _settle(self, node: PlannedNode, outcome: Outcome) -> list[int]:
        """Publish a node's end to its edges; returns the nodes that may start now."""
        ready: list[int] = []
        ended = deque([(node, outcome)])
        while ended:
            node, outcome = ended.popleft()
            if outcome.port is None:
                self.scope.absent[node.id] = "is disabled" if node.disabled else "was skipped"
            elif outcome.port == ERROR:
                self.scope.absent[node.id] = "failed, and its error branch was taken"
            else:
                self.scope.names[node.id] = outcome.output
            for edge in node.outgoing:
                # A disabled node lets the flow pass.
                port = OUT if outcome.port is None and node.disabled and outcome is not SKIPPED else outcome.port
                taken = port == edge.port
                if taken and edge.when is not None:
                    taken = await self._holds(edge.when, node)
                target = edge.target
                if taken:
                    self._taken[target] = True
                    self.live_sources.setdefault(target, []).append(node.number)
                    if edge.port == ERROR and outcome.port == ERROR:
                        self.error_of[target] = outcome.output["error"]
                    elif node.number in self.error_of:
                        self.error_of.setdefault(target, self.error_of[node.number])
                self._remaining[target] -= 1
                if not self._remaining[target]:
                    successor = self.graph.nodes[target]
                    if self._taken[target]:
                        ready.append(target)
                    else:
                        self.state.count("skipped")
                        self.state.emit("node.skipped", "debug", self.prefix + successor.id)
                        ended.append((successor, SKIPPED))
        return ready

    async def _holds(self, condition: Value, node: PlannedNode) -> bool:
        try:
            return bool(await self.value_of(condition, self.scope_for(node.number)))
        except Exception as error:
            raise NodeFailed(failure_of(error, self.prefix + node.id)) from error

    async def value_of(self, value: Value, scope: Scope) -> Any:
        if value.needs_sandbox:
            return await value.resolve(scope, self.state.ports.sandbox)
        return value.resolve_now(scope)

    async def _gather_output(self) -> dict[str, Any]:
        if not self.graph.output:
            return {name: self.scope.names[name] for name in self.graph.ends if name in self.scope.names}
        output = {}
        for name, value in self.graph.output:
            try:
                output[name] = await self.value_of(value, self.scope)
            except MissingPath as error:
                if not error.absent:
                    raise NodeFailed(failure_of(error, self.prefix.rstrip("/") or None)) from error
                output[name] = None  # that branch was not taken
            except Exception as error:
                raise NodeFailed(failure_of(error, self.prefix.rstrip("/") or None)) from error
        return output
