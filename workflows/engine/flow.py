"""The flow actions that live inside the engine."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from workflows.definition.flow import MAX_LOOP, MAX_MAP_ITEMS
from workflows.engine.errors import RunError
from workflows.engine.graph import GraphRun
from workflows.engine.plan import Plan, PlannedNode
from workflows.engine.ports import Ended, NodeRecord, iso
from workflows.engine.state import MAX_DEPTH, NodeFailed, Suspended, Waiting
from workflows.expressions import Scope

#: A map reports its progress about this many times.
PROGRESS_STEPS = 20


async def run_flow(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    """The value of a flow node, or `Ended` for the port it leaves by."""
    return await _FLOW[node.action.id](level, node, params, scope, path)


async def _condition(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    result = bool(params["condition"])
    return Ended({"result": result}, "true" if result else "false")


async def _switch(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    value = params["value"]
    for case in params["cases"]:
        # 1 and true are equal in Python, but not to a person who reads JSON.
        if case["equals"] == value and isinstance(case["equals"], bool) == isinstance(value, bool):
            return Ended({"port": case["port"], "value": value}, case["port"])
    return Ended({"port": "default", "value": value}, "default")


async def _set(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    values = params["values"]
    if not isinstance(values, dict):
        raise RunError("`values` must be an object of names and values.", remedy="Correct the parameter.")
    level.vars.update(values)
    return values


async def _merge(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    taken = set(level.live_sources.get(node.number, ()))
    sources = [level.graph.nodes[edge.source].id for edge in node.incoming if edge.source in taken]
    # A disabled node passes the flow on without a value.
    names = [name for name in dict.fromkeys(sources) if name in level.scope.names]
    mode = params.get("mode", "object")
    if mode == "first":
        return level.scope.names[names[0]] if names else None
    if mode == "list":
        return [level.scope.names[name] for name in names]
    return {name: level.scope.names[name] for name in names}


async def _stop(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    raise RunError(str(params["message"])[:2_000], code="stopped", remedy=str(params.get("remedy") or ""))


async def _wait(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    state, clock = level.state, level.state.ports.clock
    earlier = state.checkpoint.records.get(path)
    if earlier is not None and earlier.waiting is not None:
        until = float(earlier.waiting["wake_at"])
    elif "until" in params:
        until = _moment(params["until"])
    else:
        seconds = params.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise RunError("`seconds` must be a number from 0 up.", remedy="Correct the parameter.")
        until = clock.now() + seconds
    left = until - clock.now()
    if left > state.options.inline_wait:
        await _rest(level, node, path, Waiting(path, node.id, "timer", {"wake_at": until}, until))
    if left > 0:
        await clock.sleep(left)
    return {"waited_until": iso(until)}


def _moment(text: Any) -> float:
    """Seconds since 1970 of an ISO text; without a zone it means Asia/Seoul."""
    try:
        moment = dt.datetime.fromisoformat(str(text).strip())
    except ValueError:
        raise RunError("`until` is not a date and time.", remedy="Use ISO text such as 2026-01-31T09:00.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.timezone(dt.timedelta(hours=9)))
    return moment.timestamp()


async def _approval(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    state = level.state
    decision = state.checkpoint.decisions.get(path)
    earlier = state.checkpoint.records.get(path)
    data = earlier.waiting if earlier is not None else None
    if decision is not None:
        approved = decision.get("approved") is True
        port = "approved" if approved else "expired" if decision.get("expired") else "rejected"
        return Ended({"comment": "", "by": "", **decision, "approved": approved}, port)
    expires_at = (data or {}).get("expires_at")
    if data is None:
        seconds = params.get("expires_in")
        expires_at = state.ports.clock.now() + float(seconds) if seconds is not None else None
        data = {
            "message": str(params["message"]),
            "approvers": list(params.get("approvers") or []),
            "expires_at": expires_at,
            **{name: params[name] for name in ("email", "slack") if params.get(name)},
        }
    if expires_at is not None and expires_at <= state.ports.clock.now():
        return Ended({"approved": False, "expired": True, "comment": "", "by": ""}, "expired")
    await _rest(level, node, path, Waiting(path, node.id, "approval", data, expires_at))


async def _rest(level: GraphRun, node: PlannedNode, path: str, waiting: Waiting) -> None:
    """Note what the node waits for, once, and leave it."""
    state = level.state
    state.waiting.append(waiting)
    if path not in state.checkpoint.records:
        data = {"kind": waiting.kind, "wake_at": iso(waiting.wake_at) if waiting.wake_at is not None else None}
        state.emit("node.waiting", "info", path, str(waiting.data.get("message", "")), data)
        started_at = state.ports.clock.now()
        record = NodeRecord(path, node.id, node.action.id, "waiting", durable=True, started_at=started_at)
        await state.record(replace(record, waiting=dict(waiting.data)))
    raise Suspended


async def _loop(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    rounds = params["max_rounds"]
    if isinstance(rounds, bool) or not isinstance(rounds, int) or not 1 <= rounds <= MAX_LOOP:
        raise RunError(f"`max_rounds` must be from 1 to {MAX_LOOP}.", remedy="Correct the parameter.")
    until = node.late.get("until")
    result = params.get("initial")
    for index in range(rounds):
        result = await _body(level, node, scope, f"{path}[{index}]/", result, index)
        if until is not None and await level.value_of(until, scope.child({"item": result, "index": index})):
            return {"result": result, "rounds": index + 1, "completed": True}
    if until is not None and params.get("on_limit", "stop") == "fail":
        raise RunError(f"The loop was not done after {rounds} rounds.", code="loop_limit", remedy="Raise `max_rounds`.")
    return {"result": result, "rounds": rounds, "completed": until is None}


async def _body(level: GraphRun, node: PlannedNode, scope: Scope, prefix: str, item: Any, index: int) -> dict[str, Any]:
    assert node.body is not None
    inner = scope.child({"item": item, "index": index})
    run = GraphRun(node.body, inner, prefix, level.state, level.run_node, level.vars, level.depth)
    return await run.execute()


async def _subworkflow(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    plan = await level.state.ports.subworkflows.resolve(str(params["workflow"]))
    return await _sub(level, plan, params.get("input"), path + "/")


async def _sub(level: GraphRun, plan: Plan, value: Any, prefix: str) -> dict[str, Any]:
    if level.depth >= MAX_DEPTH:
        raise RunError(
            f"Sub-workflows are nested deeper than {MAX_DEPTH} levels.",
            code="too_deep",
            remedy="A workflow may not call itself without end.",
        )
    variables: dict[str, Any] = {}
    names = {
        "input": plan.prepare_input(value),
        "vars": variables,
        "caller": scope_value(level, "caller"),
        "env": scope_value(level, "env"),
    }
    run = GraphRun(plan.graph, Scope(names), prefix, level.state, level.run_node, variables, level.depth + 1)
    if plan.timeout is None:
        return await run.execute()
    try:
        async with asyncio.timeout(plan.timeout) as limit:
            return await run.execute()
    except TimeoutError:
        if limit.expired():
            raise RunError(f"The sub-workflow took longer than {plan.timeout:g} s.", code="run_timeout") from None
        raise


def scope_value(level: GraphRun, name: str) -> Any:
    return level.scope.get(name)


async def _map(level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str) -> Any:
    items = params["items"]
    if not isinstance(items, list):
        raise RunError("`items` must be a list.", remedy="Point it at a list.")
    limit = min(int(params.get("limit", 1_000)), MAX_MAP_ITEMS)
    if len(items) > limit:
        raise RunError(
            f"The list has {len(items):,} items; at most {limit:,} are allowed here.",
            code="too_many_items",
            remedy="Filter the list first, or raise `limit`.",
        )
    one = await _map_body(level, node, params, scope, path)
    return await _over_items(level, items, one, params, path)


async def _map_body(
    level: GraphRun, node: PlannedNode, params: dict[str, Any], scope: Scope, path: str
) -> Callable[[int, Any], Awaitable[Any]]:
    """What to do with one item: the body, or another workflow."""
    if node.body is not None:

        async def run_body(index: int, item: Any) -> Any:
            return await _body(level, node, scope, f"{path}[{index}]/", item, index)

        return run_body
    plan = await level.state.ports.subworkflows.resolve(str(params["workflow"]))
    given = node.late.get("input")

    async def run_workflow(index: int, item: Any) -> Any:
        value = item
        if given is not None:
            value = await level.value_of(given, scope.child({"item": item, "index": index}))
        return await _sub(level, plan, value, f"{path}[{index}]/")

    return run_workflow


async def _over_items(
    level: GraphRun, items: list[Any], one: Callable[[int, Any], Awaitable[Any]], params: dict[str, Any], path: str
) -> dict[str, Any]:
    policy = params.get("on_item_error", "fail")
    width = max(1, min(int(params.get("concurrency", 5)), 50, len(items) or 1))
    results: list[Any] = [None] * len(items)
    errors: dict[int, dict[str, Any]] = {}
    upcoming = iter(enumerate(items))
    done, step = 0, max(1, len(items) // PROGRESS_STEPS)
    suspended = False

    async def work() -> None:
        nonlocal done, suspended
        for index, item in upcoming:
            try:
                results[index] = await one(index, item)
            except Suspended:
                suspended = True
                continue
            except NodeFailed as error:
                if policy == "fail":
                    raise
                errors[index] = error.failure.as_dict()
            done += 1
            if done % step == 0 or done == len(items):
                level.state.emit("node.progress", "info", path, data={"done": done, "total": len(items)})

    if width == 1:
        await work()
    else:
        tasks = [asyncio.create_task(work()) for _ in range(width)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    if suspended:
        raise Suspended
    kept = [value for index, value in enumerate(results) if policy != "skip" or index not in errors]
    listed = [{"index": index, "error": errors[index]} for index in sorted(errors)]
    return {"results": kept, "errors": listed, "count": len(items), "failed": len(errors)}


_FLOW: dict[str, Callable[[GraphRun, PlannedNode, dict[str, Any], Scope, str], Awaitable[Any]]] = {
    "flow.condition": _condition,
    "flow.switch": _switch,
    "flow.map": _map,
    "flow.loop": _loop,
    "flow.merge": _merge,
    "flow.wait": _wait,
    "flow.subworkflow": _subworkflow,
    "flow.stop": _stop,
    "flow.set": _set,
    "flow.approval": _approval,
}
