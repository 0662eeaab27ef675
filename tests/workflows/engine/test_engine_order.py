"""Who starts when: order, joins, conditions, skipping, concurrency."""

import asyncio


async def test_values_travel_along_a_chain_and_into_the_output(world, node, edges):
    result = await world.run(
        {
            "inputs": {"type": "object", "properties": {"text": {"type": "string", "default": "hello"}}},
            "nodes": [node("a", value="{{ input.text }}"), node("b", value="{{ a.value }}, again")],
            "edges": edges("a > b"),
            "output": {"text": "{{ b.value }}", "fixed": 7},
        }
    )

    assert result.status == "succeeded"
    assert result.output == {"text": "hello, again", "fixed": 7}
    assert [event.seq for event in world.journal.events] == list(range(1, len(world.journal.events) + 1))
    assert world.journal.types()[0] == "run.started"
    assert world.journal.types()[-1] == "run.succeeded"


async def test_an_empty_output_gives_the_last_nodes(world, node, edges):
    result = await world.run(
        {"nodes": [node("a", value=1), node("b", value=2), node("c", value=3)], "edges": edges("a > b")}
    )

    assert result.output == {"b": {"value": 2}, "c": {"value": 3}}


async def test_independent_nodes_run_at_the_same_time(world, node, edges):
    together = asyncio.Barrier(3)

    async def meet(call):
        await together.wait()  # passes only when all three are running
        return {"value": call.node_id}

    world.actions.functions["t.echo"] = meet

    result = await world.run(
        {"nodes": [node("a"), node("b"), node("c"), node("d", "flow.merge")], "edges": edges("a > d", "b > d", "c > d")}
    )

    assert result.output == {"d": {"a": {"value": "a"}, "b": {"value": "b"}, "c": {"value": "c"}}}


async def test_a_node_starts_as_soon_as_its_own_needs_are_met(world, node, edges):
    release = asyncio.Event()

    async def work(call):
        if call.node_id == "slow":
            await release.wait()
        if call.node_id == "after_quick":
            release.set()  # would never happen if it waited for `slow` too
        return {}

    world.actions.functions["t.echo"] = work

    result = await world.run(
        {"nodes": [node("slow"), node("quick"), node("after_quick")], "edges": edges("quick > after_quick")}
    )

    assert result.status == "succeeded"


async def test_no_more_actions_at_once_than_the_run_allows(world, node):
    running, most = 0, 0

    async def work(call):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return {}

    world.actions.functions["t.echo"] = work
    world.options["max_concurrency"] = 4

    await world.run({"nodes": [node(f"n{number}") for number in range(20)]})

    assert most == 4
    assert "node.queued" in world.journal.types()


async def test_condition_takes_one_way_and_skips_the_other(world, node, edges):
    definition = {
        "inputs": {"type": "object", "properties": {"n": {"type": "integer"}}},
        "nodes": [
            node("check", "flow.condition", condition="{{ input.n > 3 }}"),
            node("big", value="big"),
            node("small", value="small"),
            node("after_small", value=1),
            node("join", "flow.merge", mode="first"),
        ],
        "edges": edges(
            "check.true > big", "check.false > small", "small > after_small", "big > join", "after_small > join"
        ),
        "output": {"big": "{{ big.value }}", "small": "{{ small.value }}", "join": "{{ join }}"},
    }

    result = await world.run(definition, {"n": 5})

    assert result.output == {"big": "big", "small": None, "join": {"value": "big"}}
    assert world.journal.types("small") == ["node.skipped"]
    assert world.journal.types("after_small") == ["node.skipped"]
    assert world.actions.count == {"big": 1}


async def test_switch_leaves_by_the_first_equal_case_and_tells_true_from_one(world, node, edges):
    cases = [{"port": "yes", "equals": True}, {"port": "one", "equals": 1}]
    definition = {
        "inputs": {"type": "object", "properties": {"v": {}}},
        "nodes": [node("s", "flow.switch", value="{{ input.v }}", cases=cases), node("y"), node("o"), node("d")],
        "edges": edges("s.yes > y", "s.one > o", "s.default > d"),
    }

    taken = []
    for value in (True, 1, "1"):
        world.journal.stream.clear()
        result = await world.run(definition, {"v": value})
        taken.append(set(result.output) & {"y", "o", "d"})

    assert taken == [{"y"}, {"o"}, {"d"}]


async def test_an_edge_is_taken_only_when_its_condition_holds(world, node, edges):
    result = await world.run(
        {
            "nodes": [node("a", value=5), node("b", value="b"), node("c", value="c")],
            "edges": edges("a > b if a.value > 4", "a > c if a.value > 5"),
        }
    )

    assert set(result.output) == {"b"}


async def test_a_failing_edge_condition_fails_the_run_and_names_the_node(world, node, edges):
    result = await world.run({"nodes": [node("a", value=5), node("b")], "edges": edges("a > b if a.value.x > 1")})

    assert (result.status, result.error.code, result.error.node) == ("failed", "missing_path", "a")


async def test_a_disabled_node_lets_the_flow_pass_without_a_value(world, node, edges):
    result = await world.run(
        {
            "nodes": [
                node("a", value=1),
                node("off", disabled=True),
                node("b", value="{{ default(off.value, 'none') }}"),
            ],
            "edges": edges("a > off", "off > b"),
        }
    )

    assert result.output == {"b": {"value": "none"}}
    assert "off" not in world.actions.count


async def test_reading_a_skipped_node_says_that_it_was_skipped(world, node, edges):
    result = await world.run(
        {
            "nodes": [node("a", value=0), node("b"), node("c"), node("d", value="{{ b.value }}")],
            "edges": edges("a > b if a.value", "a > c", "b > d", "c > d"),
        }
    )

    assert result.status == "failed"
    assert result.error.code == "missing_path"
    assert result.error.node == "d"
    assert "was skipped" in result.error.message


async def test_variables_reach_later_nodes(world, node, edges):
    result = await world.run(
        {
            "nodes": [node("s", "flow.set", values={"rate": 3}), node("a", value="{{ vars.rate * 2 }}")],
            "edges": edges("s > a"),
        }
    )

    assert result.output == {"a": {"value": 6}}


async def test_caller_and_allowed_environment_are_readable(world, node):
    world.options |= {"caller": {"label": "key 1"}, "env": {"REGION": "seoul"}}

    result = await world.run({"nodes": [node("a", value="{{ caller.label }} {{ env.REGION }}")]})

    assert result.output == {"a": {"value": "key 1 seoul"}}


async def test_wrong_input_fails_with_every_field_and_without_its_value(world, node):
    schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 5}, "m": {}}, "required": ["m"]}

    result = await world.run({"inputs": schema, "nodes": [node("a")]}, {"n": 987654, "x": 1})

    assert result.error.code == "invalid_input"
    assert {problem["field"] for problem in result.error.problems} == {"n", "x", "m"}
    assert "987654" not in str(result.error.as_dict())
    assert not world.actions.calls


async def test_merge_modes(world, node, edges):
    def definition(mode):
        return {
            "nodes": [node("a", value=1), node("b", value=2), node("m", "flow.merge", mode=mode)],
            "edges": edges("b > m", "a > m"),
            "output": {"m": "{{ m }}"},
        }

    assert (await world.run(definition("object"))).output["m"] == {"b": {"value": 2}, "a": {"value": 1}}
    assert (await world.run(definition("list"))).output["m"] == [{"value": 2}, {"value": 1}]
    assert (await world.run(definition("first"))).output["m"] == {"value": 2}
