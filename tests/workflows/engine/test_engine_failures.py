"""What happens when a node fails: policies, retries, timeouts, and what may be said about it."""

import asyncio
import threading

import pytest

from workflows.engine import Failure


async def test_a_failure_stops_the_run_and_the_nodes_beside_it(world, node):
    cleaned = asyncio.Event()

    async def hang(call):
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    world.actions.functions["t.hang"] = hang

    result = await world.run({"nodes": [node("a", "t.hang"), node("b", "t.fail", kind="rejected")]})

    assert result.status == "failed"
    assert (result.error.node, result.error.code, result.error.remedy) == ("b", "rejected", "Try again later.")
    assert cleaned.is_set()
    assert world.journal.types("a") == ["node.started", "node.cancelled"]
    assert world.journal.types()[-1] == "run.failed"


async def test_a_default_value_takes_the_place_of_a_failed_output(world, node, edges):
    result = await world.run(
        {
            "nodes": [
                node("a", "t.fail", on_error={"policy": "default", "value": {"rows": [], "why": "{{ error.code }}"}}),
                node("b", value="{{ a.why }}"),
            ],
            "edges": edges("a > b"),
        }
    )

    assert result.output == {"b": {"value": "unavailable"}}
    assert world.journal.types("a") == ["node.started", "node.handled"]
    assert world.journal.records["a"].status == "handled"


async def test_an_error_branch_sees_the_error_and_so_does_what_follows(world, node, edges):
    result = await world.run(
        {
            "nodes": [
                node("a", "t.fail", on_error={"policy": "branch"}),
                node("ok"),
                node("rescue", value="{{ error.message }}"),
                node("later", value="{{ error.node }}"),
            ],
            "edges": edges("a > ok", "a.error > rescue", "rescue > later"),
            "output": {"a": "{{ a.x }}", "rescue": "{{ rescue.value }}", "later": "{{ later.value }}"},
        }
    )

    assert result.output == {"a": None, "rescue": "The upstream does not answer.", "later": "a"}
    assert world.journal.types("ok") == ["node.skipped"]


async def test_the_error_branch_is_skipped_when_nothing_fails(world, node, edges):
    result = await world.run(
        {
            "nodes": [node("a", value=1, on_error={"policy": "branch"}), node("ok"), node("rescue")],
            "edges": edges("a > ok", "a.error > rescue"),
        }
    )

    assert set(result.output) == {"ok"}


async def test_retries_wait_longer_each_time_and_keep_the_idempotency_key(world, node):
    retry = {"max_attempts": 4, "delay": 2, "factor": 3, "jitter": 0.5, "max_delay": 10}
    world.clock.chance = 1.0  # the longest wait the jitter allows

    result = await world.run({"nodes": [node("a", "t.fail", until=4, retry=retry)]})

    assert result.output == {"a": {"attempt": 4}}
    assert world.clock.slept == [3.0, 9.0, 15.0]
    assert {call.idempotency_key for call in world.actions.calls} == {"run1:a"}
    assert [call.attempt for call in world.actions.calls] == [1, 2, 3, 4]
    assert world.journal.types("a") == ["node.started", "node.retrying"] * 3 + ["node.started", "node.succeeded"]


async def test_retrying_honours_what_the_upstream_asks_for(world, node):
    world.clock.chance = 0.0

    result = await world.run({"nodes": [node("a", "t.limited", retry={"max_attempts": 2, "delay": 1})]})

    assert result.status == "succeeded"
    assert world.clock.slept == [7.0]


@pytest.mark.parametrize(("action", "params"), [("t.fail", {"kind": "rejected"}), ("t.bug", {})])
async def test_only_retryable_errors_are_tried_again(world, node, action, params):
    result = await world.run({"nodes": [node("a", action, retry={"max_attempts": 5}, **params)]})

    assert result.status == "failed"
    assert world.actions.count == {"a": 1}


async def test_the_text_of_a_bug_stays_in_the_debug_log(world, node, edges):
    result = await world.run(
        {
            "nodes": [node("a", "t.bug", on_error={"policy": "branch"}), node("b", value="{{ error }}")],
            "edges": edges("a.error > b"),
        }
    )

    assert result.output["b"]["value"]["code"] == "internal_error"
    with_secret = [event for event in world.journal.events if "hunter2" in str(event)]
    assert [(event.type, event.level) for event in with_secret] == [("log", "debug")]
    assert "hunter2" not in str(world.journal.records)


async def test_a_slow_node_is_cut_off_and_may_be_tried_again(world, node):
    async def slow_once(call):
        if call.attempt == 1:
            await asyncio.Event().wait()
        return {"deadline": call.deadline is not None}

    world.actions.functions["t.hang"] = slow_once

    result = await world.run({"nodes": [node("a", "t.hang", timeout=0.02, retry={"max_attempts": 2, "delay": 0})]})

    assert result.output == {"a": {"deadline": True}}
    retrying = next(event for event in world.journal.events if event.type == "node.retrying")
    assert retrying.data["code"] == "node_timeout"


async def test_a_timeout_error_of_the_action_itself_is_a_bug_not_a_timeout(world, node):
    async def raises(call):
        raise TimeoutError("of its own")

    world.actions.functions["t.bug"] = raises

    result = await world.run({"nodes": [node("a", "t.bug")]})

    assert result.error.code == "internal_error"


async def test_an_action_that_cancels_itself_fails_like_any_bug(world, node):
    async def raises(call):
        raise asyncio.CancelledError

    world.actions.functions["t.bug"] = raises

    result = await world.run({"nodes": [node("a", "t.bug"), node("b", value=1)]})

    assert (result.status, result.error.code) == ("failed", "internal_error")


async def test_the_run_ends_at_its_time_limit(world, node):
    result = await world.run({"timeout": 0.05, "nodes": [node("a", "t.hang", timeout=60)]})

    assert (result.status, result.error.code) == ("failed", "run_timeout")
    assert world.journal.types()[-2:] == ["node.cancelled", "run.failed"]


async def test_time_spent_before_a_resumption_counts(world, node):
    world.options["timeout"] = 100
    await world.run({"nodes": [node("a", value=1)]})
    world.clock.time += 200

    result = await world.run({"nodes": [node("b", "t.hang")]}, checkpoint=world.journal.checkpoint())

    assert result.error.code == "run_timeout"


async def test_stop_ends_the_run_with_its_message(world, node, edges):
    stop = node("s", "flow.stop", message="No {{ a.value }} today", remedy="Wait")

    result = await world.run({"nodes": [node("a", value="x"), stop], "edges": edges("a > s")})

    assert (result.error.code, result.error.message, result.error.remedy) == ("stopped", "No x today", "Wait")


async def test_a_failing_expression_names_node_and_reason(world, node, edges):
    result = await world.run(
        {"nodes": [node("a", value=[1]), node("b", value="{{ a.value[3] }}")], "edges": edges("a > b")}
    )

    assert (result.error.node, result.error.code) == ("b", "missing_path")
    assert result.error.message == "`a.value` has 1 items, so there is no item 3."


async def test_a_failing_output_fails_the_run(world, node):
    result = await world.run({"nodes": [node("a", value=1)], "output": {"x": "{{ a.value.deep }}"}})

    assert (result.status, result.error.code) == ("failed", "missing_path")


async def test_logs_and_progress_become_events_and_are_bounded(world, node):
    async def talk(call):
        call.log("info", "starting", rows=3, thing=object())
        for number in range(3_000):
            call.progress(number, 3_000)
        world.late = call
        return {}

    world.actions.functions["t.echo"] = talk

    await world.run({"nodes": [node("a")]})
    before = len(world.journal.events)
    world.late.log("info", "too late")

    types = world.journal.types("a")
    assert types.count("node.progress") == 1_999
    dropped = [event.data for event in world.journal.events if event.message.endswith("lines were dropped.")]
    assert dropped == [{"dropped": 1_001}]
    first = next(event for event in world.journal.events if event.message == "starting")
    assert first.data["rows"] == 3
    assert isinstance(first.data["thing"], str)
    assert len(world.journal.events) == before


async def test_lines_written_from_a_thread_keep_the_order_whole(world, node):
    async def work(call):
        await asyncio.to_thread(lambda: [call.log("info", f"line {number}") for number in range(50)])
        call.progress(50, 50)
        return {"thread": True}

    world.actions.functions["t.echo"] = work
    threads = set()
    world.journal.on_entry = lambda entry: threads.add(threading.get_ident())

    await world.run({"nodes": [node("a"), node("b")]})

    assert threads == {threading.get_ident()}
    assert [event.seq for event in world.journal.events] == list(range(1, len(world.journal.events) + 1))
    assert world.journal.types().count("log") == 100


def test_a_failure_survives_storage():
    failure = Failure(
        "rate_limited",
        "Too fast.",
        "Wait.",
        "a[3]/b",
        True,
        5.0,
        ({"field": "n", "message": "m", "remedy": ""},),
        {"k": 1},
    )

    assert Failure.from_dict(failure.as_dict()) == failure
