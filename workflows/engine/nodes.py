"""Runs one node: restores it from a checkpoint, or resolves parameters, calls, retries and applies its error policy."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from typing import Any

from workflows.definition.model import ERROR, OUT, Pace, Retry
from workflows.engine.errors import Failure, NodeTimeout, RunError, debug_of, failure_of
from workflows.engine.flow import run_flow
from workflows.engine.graph import WAITING, GraphRun, Outcome
from workflows.engine.plan import PlannedNode
from workflows.engine.ports import Ended, Given, Level, NodeCall, NodeRecord
from workflows.engine.state import MAX_LINES_PER_NODE, NodeFailed, RunState, Suspended, plain_data, summary
from workflows.expressions import Scope

#: Characters of a logged message that are kept.
MAX_MESSAGE = 2_000
LEVELS = frozenset({"debug", "info", "warning", "error"})


async def run_node(level: GraphRun, node: PlannedNode, scope: Scope, path: str) -> Outcome:
    """How the node ended; raises `NodeFailed` when its policy is to stop."""
    state = level.state
    earlier = state.checkpoint.records.get(path)
    if earlier is not None and earlier.status in {"succeeded", "handled", "failed"}:
        return _restored(level, node, earlier)
    if earlier is None and (given := state.checkpoint.given.get(path)) is not None:
        return await _given(level, node, path, given)
    if node.disabled:
        state.count("skipped")
        state.emit("node.skipped", "info", path, data={"reason": "disabled"})
        return Outcome(None, None)
    began, started_at = time.perf_counter(), state.ports.clock.now()
    attempt = earlier.attempt if earlier is not None else 1
    try:
        ended = await _attempts(level, node, scope, path, attempt)
    except Suspended:
        return WAITING
    except NodeFailed as error:
        ms = (time.perf_counter() - began) * 1000
        return await _failed(level, node, scope, path, error, started_at, ms)
    except asyncio.CancelledError:
        state.emit("node.cancelled", "info", path)
        raise
    ms = (time.perf_counter() - began) * 1000
    value, port = (ended.value, ended.port) if isinstance(ended, Ended) else (ended, OUT)
    state.count("succeeded")
    state.emit("node.succeeded", "info", path, data={"ms": round(ms, 3), "port": port, **summary(value)})
    await state.record(
        NodeRecord(
            path, node.id, node.action.id, "succeeded", attempt, node.durable, value, port, None, None, started_at, ms
        )
    )
    return Outcome(value, port)


def _restored(level: GraphRun, node: PlannedNode, record: NodeRecord) -> Outcome:
    level.state.count("restored")
    if record.status == "failed":
        assert record.error is not None
        raise NodeFailed(record.error)
    if node.action.id == "flow.set":
        level.vars.update(record.output)
    return Outcome(record.output, record.port)


async def _given(level: GraphRun, node: PlannedNode, path: str, given: Given) -> Outcome:
    """Take a result that the run was started with in place of running the node."""
    state = level.state
    if node.action.id == "flow.set" and isinstance(given.output, dict):
        level.vars.update(given.output)
    state.count("given")
    data = {"ms": 0.0, "port": given.port, "source": given.source, **summary(given.output)}
    state.emit("node.succeeded", "info", path, data=data)
    await state.record(
        NodeRecord(
            path, node.id, node.action.id, "succeeded", 1, False, given.output, given.port, None, None,
            state.ports.clock.now(),
        )
    )  # fmt: skip
    return Outcome(given.output, given.port)


async def _attempts(level: GraphRun, node: PlannedNode, scope: Scope, path: str, attempt: int) -> Any:
    """The value of the first attempt that succeeds; raises `NodeFailed` from the last error."""
    state, retry = level.state, node.retry
    while True:
        try:
            if node.is_flow:
                return await _flow(level, node, scope, path)
            return await _call(level, node, scope, path, attempt)
        except (NodeFailed, Suspended):
            raise
        except asyncio.CancelledError as cancelled:
            task = asyncio.current_task()
            if state.cancelled or task is None or task.cancelling():
                raise
            error: BaseException = cancelled  # raised by the action of its own accord: nobody stopped it
        except Exception as raised:
            error = raised
        failure = failure_of(error, path)
        # Nodes inside a flow node have finished: running it again would run them again.
        if node.is_flow or not failure.retryable or attempt >= retry.max_attempts:
            raise NodeFailed(failure, attempt) from error
        wait = _wait_before(retry, attempt, failure, state.ports.clock.random())
        if state.deadline is not None and asyncio.get_running_loop().time() + wait >= state.deadline:
            raise NodeFailed(failure, attempt) from error
        attempt += 1
        state.count("retries")
        data = {"attempt": attempt, "wait_ms": round(wait * 1000), "code": failure.code}
        state.emit("node.retrying", "warning", path, failure.message, data)
        await state.ports.clock.sleep(wait)


def _wait_before(retry: Retry, attempt: int, failure: Failure, chance: float) -> float:
    """Seconds before the next attempt: what the upstream asks for, else exponential with jitter."""
    if failure.retry_after is not None:
        # Spread late only: coming early would be refused again.
        return max(0.0, failure.retry_after) * (1 + retry.jitter * chance * 0.1)
    wait: float = min(retry.max_delay, retry.delay * retry.factor ** (attempt - 1))
    return max(0.0, wait * (1 + retry.jitter * (2 * chance - 1)))


async def _flow(level: GraphRun, node: PlannedNode, scope: Scope, path: str) -> Any:
    if path not in level.state.checkpoint.records:
        level.state.emit("node.started", "info", path, data={"action": node.action.id, "attempt": 1})
    params = await level.value_of(node.params, scope)
    if node.timeout is None:
        return await run_flow(level, node, params, scope, path)
    return await _in_time(run_flow(level, node, params, scope, path), node.timeout)


async def _in_time(work: Any, seconds: float) -> Any:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await work
    except TimeoutError:
        if limit.expired():
            raise NodeTimeout(
                f"The step took longer than {seconds:g} s.", remedy="Raise its time limit or ask for less."
            ) from None
        raise


async def _call(level: GraphRun, node: PlannedNode, scope: Scope, path: str, attempt: int) -> Any:
    state = level.state
    if node.rate is not None:
        await _take_turn(state, node, node.rate, path)
    if state.slots.locked():
        state.emit("node.queued", "debug", path)
    async with state.slots:
        state.emit("node.started", "info", path, data={"action": node.action.id, "attempt": attempt})
        params = await level.value_of(node.params, scope)
        if node.durable:
            await state.record(
                NodeRecord(path, node.id, node.action.id, "running", attempt, True, started_at=state.ports.clock.now())
            )
        deadline = None if node.timeout is None else asyncio.get_running_loop().time() + node.timeout
        if state.deadline is not None:
            deadline = state.deadline if deadline is None else min(deadline, state.deadline)
        lines = _Lines(state, path)
        call = NodeCall(
            execution_id=state.options.execution_id,
            node_id=node.id,
            path=path,
            action_id=node.action.id,
            action=node.action,
            params=params,
            connection=node.connection,
            attempt=attempt,
            idempotency_key=f"{state.options.execution_id}:{path}",
            deadline=deadline,
            cache=node.cache,
            log=lines.log,
            progress=lines.progress,
            is_cancelled=lambda: state.cancelled,
        )
        try:
            if node.timeout is None:
                return await state.ports.actions.call(call)
            return await _in_time(state.ports.actions.call(call), node.timeout)
        finally:
            lines.close()


async def _take_turn(state: RunState, node: PlannedNode, rate: Pace, path: str) -> None:
    """Wait until the node's pace has room. It holds no slot meanwhile, so that other nodes go on."""
    key, told = rate.key or f"{state.options.pace_scope}:{path_without_items(path)}", False
    while (wait := await state.ports.paces.take(key, rate.limit, rate.per)) > 0:
        if state.deadline is not None and asyncio.get_running_loop().time() + wait > state.deadline:
            raise RunError(
                f"The node may run {rate.limit} times in {rate.per:g} s, and the run ends before its turn.",
                code="pace",
                remedy="Raise the node's rate or the run's time limit.",
            )
        if not told:
            state.emit("node.queued", "info", path, "Waits for its turn", {"wait_ms": round(wait * 1000)})
            told = True
        await state.ports.clock.sleep(wait)


def path_without_items(path: str) -> str:
    """`each[3]/fetch` → `each/fetch`: all items of a map share the node's pace."""
    return re.sub(r"\[\d+\]", "", path)


class _Lines:
    """A node's log and progress lines, bounded in number, silent after its end."""

    __slots__ = ("closed", "count", "loop", "path", "state", "thread")

    def __init__(self, state: RunState, path: str) -> None:
        self.state, self.path = state, path
        self.count, self.closed = 0, False
        self.loop, self.thread = asyncio.get_running_loop(), threading.get_ident()

    def _emit(self, *event: Any) -> None:
        """An action may work in a thread of its own, but the story is written in one."""
        if threading.get_ident() == self.thread:
            self.state.emit(*event)
        else:
            self.loop.call_soon_threadsafe(self.state.emit, *event)

    def _may_write(self) -> bool:
        self.count += 1
        return not self.closed and self.count <= MAX_LINES_PER_NODE

    def log(self, level: Level, message: str, **data: Any) -> None:
        if self._may_write():
            known = level if level in LEVELS else "info"
            self._emit("log", known, self.path, str(message)[:MAX_MESSAGE], plain_data(data))

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        if self._may_write():
            data = {"done": plain_data(done), "total": plain_data(total)}
            self._emit("node.progress", "info", self.path, str(message)[:MAX_MESSAGE], data)

    def close(self) -> None:
        dropped = self.count - MAX_LINES_PER_NODE
        if dropped > 0 and not self.closed:
            self.state.emit("log", "warning", self.path, f"{dropped} more lines were dropped.", {"dropped": dropped})
        self.closed = True


async def _failed(
    level: GraphRun,
    node: PlannedNode,
    scope: Scope,
    path: str,
    error: NodeFailed,
    started_at: float,
    ms: float,
) -> Outcome:
    """Apply the node's error policy."""
    state, policy = level.state, node.on_error.policy
    failure, cause, attempt = error.failure, error.__cause__, error.attempt
    if cause is not None and (hidden := debug_of(cause)) is not None:
        state.emit("log", "debug", path, "Unexpected error", hidden)
    value: Any = None
    if policy == "default" and node.default is not None:
        try:
            value = await level.value_of(node.default, scope.child({"error": failure.as_dict()}))
        except Exception as wrong:
            failure, policy = failure_of(wrong, path), "stop"
    data = {"ms": round(ms, 3), "error": failure.as_dict(), "attempt": attempt}
    if policy == "stop":
        state.count("failed")
        state.emit("node.failed", "error", path, failure.message, data)
        await state.record(
            NodeRecord(
                path, node.id, node.action.id, "failed", attempt, False, None, OUT, failure, None, started_at, ms
            )
        )
        raise NodeFailed(failure, attempt)
    port = ERROR if policy == "branch" else OUT
    output = {"error": failure.as_dict()} if policy == "branch" else value
    state.count("handled")
    state.emit("node.handled", "warning", path, failure.message, {**data, "policy": policy, "port": port})
    await state.record(
        NodeRecord(
            path, node.id, node.action.id, "handled", attempt, node.durable, output, port, failure, None, started_at, ms
        )
    )
    return Outcome(output, port)
