"""Runs that rest and go on: waits, approvals, resumption, cancelling."""

import asyncio

import pytest

from workflows.engine.testing import MemoryJournal


async def test_a_short_wait_holds_the_run(world, node, edges):
    result = await world.run(
        {"nodes": [node("w", "flow.wait", seconds=20), node("a", value=1)], "edges": edges("w > a")}
    )

    assert result.status == "succeeded"
    assert world.clock.slept == [20]


async def test_a_long_wait_rests_until_its_moment_even_if_woken_early(world, node, edges):
    definition = {"nodes": [node("w", "flow.wait", seconds=3_600), node("a", value=1)], "edges": edges("w > a")}

    first = await world.run(definition)
    started = world.clock.time
    world.clock.time += 60
    early = await world.run(definition, checkpoint=world.journal.checkpoint())
    world.clock.time = first.waiting[0].wake_at
    last = await world.run(definition, checkpoint=world.journal.checkpoint())

    assert first.status == early.status == "waiting"
    assert (first.waiting[0].kind, first.waiting[0].wake_at) == ("timer", started + 3_600)
    assert early.waiting[0].wake_at == first.waiting[0].wake_at
    assert last.status == "succeeded"
    assert world.journal.types("w").count("node.waiting") == 1
    assert [event.seq for event in world.journal.events] == list(range(1, len(world.journal.events) + 1))


@pytest.mark.parametrize(("text", "seconds"), [("2027-01-15T17:00:20", 20), ("2027-01-15T08:00:05+00:00", 5)])
async def test_waiting_until_a_moment_means_seoul_time_unless_it_says_otherwise(world, node, text, seconds):
    world.clock.time = 1_800_000_000.0  # 2027-01-15 17:00:00 in Seoul

    await world.run({"nodes": [node("w", "flow.wait", until=text)]})

    assert world.clock.slept == [seconds]


async def test_an_approval_rests_the_run_while_other_branches_finish(world, node, edges):
    definition = {
        "nodes": [
            node("ask", "flow.approval", message="Send {{ input.n }}?", approvers=["kim"]),
            node("send"),
            node("drop"),
            node("beside", value=1),
        ],
        "inputs": {"type": "object", "properties": {"n": {"type": "integer"}}},
        "edges": edges("ask.approved > send", "ask.rejected > drop"),
        "output": {"by": "{{ ask.by }}", "beside": "{{ beside.value }}"},
    }

    resting = await world.run(definition, {"n": 3})
    done = await world.run(
        definition, {"n": 3}, checkpoint=world.journal.checkpoint(ask={"approved": True, "by": "kim", "comment": "ok"})
    )

    assert resting.status == "waiting"
    assert resting.waiting[0].data == {"message": "Send 3?", "approvers": ["kim"], "expires_at": None}
    assert world.journal.types()[-1] == "run.succeeded"
    assert done.output == {"by": "kim", "beside": 1}
    assert world.actions.count == {"beside": 1, "send": 1}


async def test_a_rejected_and_an_expired_approval_go_their_own_ways(world, node, edges):
    definition = {
        "nodes": [
            node("ask", "flow.approval", message="?", expires_in=60),
            node("no", value="no"),
            node("late", value="late"),
        ],
        "edges": edges("ask.rejected > no", "ask.expired > late"),
    }
    await world.run(definition)
    resting = world.journal

    world.journal = MemoryJournal(resting)
    rejected = await world.run(definition, checkpoint=resting.checkpoint(ask={"approved": False}))
    world.journal = MemoryJournal(resting)
    world.clock.time += 61
    expired = await world.run(definition, checkpoint=resting.checkpoint())

    assert rejected.output == {"no": {"value": "no"}}
    assert expired.output == {"late": {"value": "late"}}


async def test_an_approval_inside_a_map_rests_only_its_item(world, node, edges):
    body = {
        "nodes": [
            node("big", "flow.condition", condition="{{ item > 1 }}"),
            node("ask", "flow.approval", message="{{ item }}"),
            node("go", value="{{ item }}"),
        ],
        "edges": edges("big.true > ask", "ask.approved > go", "big.false > go"),
        "output": {"v": "{{ go.value }}"},
    }
    definition = {
        "nodes": [node("each", "flow.map", items=[1, 2, 3], body=body)],
        "output": {"r": "{{ each.results }}"},
    }

    resting = await world.run(definition)
    checkpoint = world.journal.checkpoint(**{"each[1]/ask": {"approved": True}, "each[2]/ask": {"approved": True}})
    done = await world.run(definition, checkpoint=checkpoint)

    assert {item.path for item in resting.waiting} == {"each[1]/ask", "each[2]/ask"}
    assert done.output == {"r": [{"v": 1}, {"v": 2}, {"v": 3}]}
    assert set(world.actions.count.values()) == {1}


async def test_a_failed_node_can_be_tried_again_by_leaving_its_record_out(world, node, edges):
    definition = {"nodes": [node("a", value=1), node("b", "t.fail")], "edges": edges("a > b")}
    first = await world.run(definition)
    checkpoint = world.journal.checkpoint()

    again = await world.run(definition, checkpoint=checkpoint)
    del checkpoint.records["b"]
    world.actions.functions["t.fail"] = world.actions.functions["t.echo"]
    repaired = await world.run(definition, checkpoint=checkpoint)

    assert first.error == again.error
    assert repaired.status == "succeeded"
    assert world.actions.count == {"a": 1, "b": 2}


async def test_variables_are_there_again_after_a_resumption(world, node, edges):
    definition = {
        "nodes": [
            node("s", "flow.set", values={"x": 5}),
            node("w", "flow.wait", seconds=99),
            node("a", value="{{ vars.x }}"),
        ],
        "edges": edges("s > w", "w > a"),
        "output": {"x": "{{ a.value }}"},
    }
    resting = await world.run(definition)
    world.clock.time = resting.waiting[0].wake_at

    assert (await world.run(definition, checkpoint=world.journal.checkpoint())).output == {"x": 5}


async def test_a_write_is_announced_before_it_happens_and_stored_before_anything_follows(world, node, edges):
    world.effect = "write"
    seen = []

    async def write(call):
        record = world.journal.records.get(call.path)
        seen.append((call.path, record.status, record.attempt, world.journal.durable == len(world.journal.stream)))
        return {}

    world.actions.functions["t.echo"] = write

    await world.run({"nodes": [node("a"), node("b")], "edges": edges("a > b")})

    assert seen == [("a", "running", 1, True), ("b", "running", 1, True)]
    assert world.journal.records["a"].durable


async def test_a_write_to_the_journal_is_never_torn_by_a_failure_beside_it(world, node):
    world.effect = "write"
    writing, finished = asyncio.Event(), []

    class SlowJournal(MemoryJournal):
        async def record(self, record):
            if record.node == "slow" and record.status == "succeeded":
                writing.set()
                for _ in range(5):
                    await asyncio.sleep(0)
            await super().record(record)
            finished.append((record.node, record.status))

    async def fail_meanwhile(call):
        await writing.wait()
        raise ValueError

    world.journal = SlowJournal()
    world.actions.functions["t.bug"] = fail_meanwhile

    result = await world.run({"nodes": [node("slow"), node("bad", "t.bug")]})

    assert result.error.node == "bad"
    assert ("slow", "succeeded") in finished
    assert world.journal.types()[-1] == "run.failed"


class Switch:
    """A cancel port that tests press."""

    def __init__(self):
        self.event = asyncio.Event()

    def is_set(self):
        return self.event.is_set()

    async def wait(self):
        await self.event.wait()


async def test_cancelling_reaches_a_running_node(world, node):
    switch, seen = Switch(), []
    world.ports["cancel"] = switch

    async def hang(call):
        switch.event.set()
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(call.is_cancelled())

    world.actions.functions["t.hang"] = hang

    result = await world.run(
        {"nodes": [node("a", "t.hang"), node("each", "flow.map", items=[1], body={"nodes": [node("b", "t.hang")]})]}
    )

    assert result.status == "cancelled"
    assert seen == [True, True]
    assert world.journal.types()[-1] == "run.cancelled"


async def test_a_run_cancelled_before_it_began_calls_nothing(world, node):
    switch = Switch()
    switch.event.set()
    world.ports["cancel"] = switch

    result = await world.run({"nodes": [node("a")]})

    assert (result.status, world.journal.types()) == ("cancelled", ["run.started", "run.cancelled"])


async def test_a_node_that_will_not_stop_does_not_hold_the_run(world, node):
    switch, release = Switch(), asyncio.Event()
    world.ports["cancel"] = switch
    world.options["cancel_grace"] = 0.02

    async def stubborn(call):
        switch.event.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    world.actions.functions["t.hang"] = stubborn

    result = await world.run({"nodes": [node("a", "t.hang")]})
    release.set()

    assert result.status == "cancelled"


async def test_stopping_the_worker_leaves_a_run_that_can_be_resumed(world, node, edges):
    definition = {
        "nodes": [node("a", value=1), node("b", "t.hang")],
        "edges": edges("a > b"),
        "output": {"a": "{{ a.value }}"},
    }
    task = asyncio.create_task(world.run(definition))
    while "b" not in world.actions.count:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    world.actions.functions["t.hang"] = world.actions.functions["t.echo"]
    result = await world.run(definition, checkpoint=world.journal.checkpoint())

    assert result.output == {"a": 1}
    assert world.actions.count == {"a": 1, "b": 2}
    assert world.journal.types().count("run.started") == 2
    assert not {"run.cancelled", "run.failed"} & set(world.journal.types())


async def test_a_journal_that_fails_inside_an_action_ends_the_run_as_a_crash(world, node):
    async def talk(call):
        try:
            call.log("info", "hello")
        except Exception:
            return {}  # an action must not be able to carry on as if nothing had happened

    world.actions.functions["t.echo"] = talk
    world.journal.crash_at = 2

    with pytest.raises(ConnectionError):
        await world.run({"nodes": [node("a")]})
    assert world.journal.types() == ["run.started", "node.started"]
