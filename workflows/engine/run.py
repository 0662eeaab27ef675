"""One run of a plan from start, or from a checkpoint, to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from workflows.engine.errors import Failure, debug_of, failure_of
from workflows.engine.graph import GraphRun
from workflows.engine.nodes import run_node
from workflows.engine.plan import Plan
from workflows.engine.ports import Checkpoint, NeverCancelled, Options, Ports, iso
from workflows.engine.state import JournalCrashed, NodeFailed, Result, RunState, Suspended, summary
from workflows.expressions import Scope


async def run(
    plan: Plan,
    input: Mapping[str, Any] | None,
    ports: Ports,
    options: Options,
    *,
    checkpoint: Checkpoint | None = None,
) -> Result:
    """Run a plan; never raises for what goes wrong inside it.

    An exception of the journal comes out as it is: the run stands where its last record says and can be resumed.
    Cancelling this coroutine stops the run without ending it: no final event is written, so it can be resumed too.
    """
    state = RunState(ports, options, checkpoint or Checkpoint())
    began = time.perf_counter()
    try:
        result = await _run(plan, input, state, began)
    except JournalCrashed:
        result = None
    finally:
        state.closed = True
    if state.crash is not None:
        raise state.crash
    assert result is not None
    return result


async def _run(plan: Plan, input: Mapping[str, Any] | None, state: RunState, began: float) -> Result:
    checkpoint, options, clock = state.checkpoint, state.options, state.ports.clock
    resumed = bool(checkpoint.records) or checkpoint.next_seq > 1
    state.emit("run.started", data={"resumed": resumed, "nodes": len(plan.graph.nodes)})
    if state.ports.cancel.is_set():
        return _cancelled(state, began)
    try:
        prepared = plan.prepare_input(input)
    except Exception as error:
        return _failed(state, failure_of(error, None), error, began)
    variables: dict[str, Any] = {}
    names = {"input": prepared, "vars": variables, "caller": dict(options.caller), "env": dict(options.env)}
    left = _seconds_left(plan, state, checkpoint.started_at, clock.now())
    if left is not None:
        state.deadline = asyncio.get_running_loop().time() + left
    level = GraphRun(plan.graph, Scope(names), "", state, run_node, variables)
    main = asyncio.create_task(level.execute())
    watch = None if isinstance(state.ports.cancel, NeverCancelled) else asyncio.create_task(_wait_for_cancel(state))
    try:
        await asyncio.wait(
            {main} if watch is None else {main, watch}, timeout=left, return_when=asyncio.FIRST_COMPLETED
        )
        if main.done():
            return _ended(state, main, began)
        state.cancelled = True
        timed_out = watch is None or not watch.done()
        await _stop(main, options.cancel_grace)
        if timed_out:
            limit = _time_limit(plan, options)
            failure = Failure(
                "run_timeout", f"The run took longer than {limit:g} s.", "Raise its time limit or make it do less."
            )
            return _failed(state, failure, None, began)
        return _cancelled(state, began)
    finally:
        if watch is not None:
            watch.cancel()
        if not main.done():
            state.cancelled = state.closed = True
            await _stop(main, options.cancel_grace)


def _seconds_left(plan: Plan, state: RunState, started_at: float | None, now: float) -> float | None:
    limit = _time_limit(plan, state.options)
    if limit is None:
        return None
    return max(0.0, limit - (0.0 if started_at is None else now - started_at))


def _time_limit(plan: Plan, options: Options) -> float | None:
    return min((limit for limit in (plan.timeout, options.timeout) if limit is not None), default=None)


async def _wait_for_cancel(state: RunState) -> None:
    await state.ports.cancel.wait()


async def _stop(main: asyncio.Task[Any], grace: float) -> None:
    """Cancel and wait at most `grace` seconds for nodes that clean up."""
    main.cancel()
    await asyncio.wait({main}, timeout=grace)
    if main.done() and not main.cancelled():
        main.exception()  # seen: how a stopped run would have ended no longer matters


def _ended(state: RunState, main: asyncio.Task[dict[str, Any]], began: float) -> Result:
    try:
        output = main.result()
    except NodeFailed as error:
        return _failed(state, error.failure, None, began)
    except Suspended:
        waiting = tuple(state.waiting)
        wake = min((item.wake_at for item in waiting if item.wake_at is not None), default=None)
        state.emit(
            "run.waiting", "info", None, "",
            {"nodes": [item.path for item in waiting], "wake_at": None if wake is None else iso(wake)},
        )  # fmt: skip
        return _result(state, "waiting", began, waiting=waiting)
    except Exception as error:
        return _failed(state, failure_of(error, None), error, began)
    ms = (time.perf_counter() - began) * 1000
    state.emit("run.succeeded", data={"ms": round(ms, 3), "counts": dict(state.counts), **summary(output)})
    return _result(state, "succeeded", began, output=output)


def _failed(state: RunState, failure: Failure, error: BaseException | None, began: float) -> Result:
    if error is not None and (hidden := debug_of(error)) is not None:
        state.emit("log", "debug", None, "Unexpected error", hidden)
    ms = (time.perf_counter() - began) * 1000
    data = {"ms": round(ms, 3), "counts": dict(state.counts), "error": failure.as_dict()}
    state.emit("run.failed", "error", failure.node, failure.message, data)
    return _result(state, "failed", began, error=failure)


def _cancelled(state: RunState, began: float) -> Result:
    ms = (time.perf_counter() - began) * 1000
    state.emit("run.cancelled", "warning", None, "", {"ms": round(ms, 3), "counts": dict(state.counts)})
    failure = Failure("cancelled", "The run was stopped.")
    return _result(state, "cancelled", began, error=failure)


def _result(state: RunState, status: Any, began: float, **fields: Any) -> Result:
    ms = (time.perf_counter() - began) * 1000
    return Result(status=status, next_seq=state.seq, ms=ms, counts=dict(state.counts), **fields)
