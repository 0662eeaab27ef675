"""Graphs inside graphs: map, loop, sub-workflows."""

import asyncio

from portal.common.errors import NotFound


class Library:
    """Sub-workflows by name."""

    def __init__(self, **plans):
        self.plans = plans

    async def resolve(self, reference):
        if reference not in self.plans:
            raise NotFound(f"There is no workflow `{reference}`.")
        return self.plans[reference]


def mapping(node, body, **params):
    return {"nodes": [node("each", "flow.map", body=body, **params)], "output": {"each": "{{ each }}"}}


async def test_map_keeps_the_order_of_the_items(world, node):
    async def later_items_first(call):
        for _ in range(10 - call.params["value"]):
            await asyncio.sleep(0)
        return {"value": call.params["value"] * 10}

    world.actions.functions["t.echo"] = later_items_first
    body = {"nodes": [node("one", value="{{ item }}")], "output": {"v": "{{ one.value }}", "i": "{{ index }}"}}

    result = await world.run(mapping(node, body, items=[3, 1, 2], concurrency=3))

    assert result.output["each"] == {
        "results": [{"v": 30, "i": 0}, {"v": 10, "i": 1}, {"v": 20, "i": 2}],
        "errors": [],
        "count": 3,
        "failed": 0,
    }
    assert set(world.actions.count) == {"each[0]/one", "each[1]/one", "each[2]/one"}


async def test_map_never_runs_more_items_at_once_than_allowed(world, node):
    running, most = 0, 0

    async def work(call):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return {}

    world.actions.functions["t.echo"] = work

    result = await world.run(mapping(node, {"nodes": [node("one")]}, items=list(range(30)), concurrency=3))

    assert result.output["each"]["count"] == 30
    assert most == 3


async def test_item_policies(world, node):
    async def odd_fails(call):
        if call.params["value"] % 2:
            raise NotFound("No such item.")
        return {"value": call.params["value"]}

    world.actions.functions["t.echo"] = odd_fails
    body = {"nodes": [node("one", value="{{ item }}")], "output": {"v": "{{ one.value }}"}}

    failed = await world.run(mapping(node, body, items=[0, 1, 2], on_item_error="fail"))
    skipped = await world.run(mapping(node, body, items=[0, 1, 2], on_item_error="skip"))
    collected = await world.run(mapping(node, body, items=[0, 1, 2], on_item_error="collect"))

    assert (failed.status, failed.error.node) == ("failed", "each[1]/one")
    assert skipped.output["each"]["results"] == [{"v": 0}, {"v": 2}]
    assert collected.output["each"]["results"] == [{"v": 0}, None, {"v": 2}]
    for result in (skipped, collected):
        assert result.output["each"]["failed"] == 1
        assert result.output["each"]["errors"][0]["index"] == 1
        assert result.output["each"]["errors"][0]["error"]["code"] == "not_found"


async def test_a_list_longer_than_the_limit_is_an_error_before_anything_runs(world, node):
    result = await world.run(mapping(node, {"nodes": [node("one")]}, items=list(range(6)), limit=5))

    assert result.error.code == "too_many_items"
    assert not world.actions.calls


async def test_a_body_sees_the_names_around_it(world, node, edges):
    inner = {
        "nodes": [node("deep", value="{{ base.value }}-{{ item }}-{{ index }}")],
        "output": {"v": "{{ deep.value }}"},
    }
    outer = {
        "nodes": [node("inner", "flow.map", items="{{ item }}", body=inner)],
        "output": {"all": "{{ pluck(inner.results, 'v') }}"},
    }
    result = await world.run(
        {
            "nodes": [node("base", value="b"), node("each", "flow.map", items=[["x"], ["y", "z"]], body=outer)],
            "edges": edges("base > each"),
            "output": {"all": "{{ pluck(each.results, 'all') }}"},
        }
    )

    assert result.output == {"all": [["b-x-0"], ["b-y-0", "b-z-1"]]}
    assert "each[1]/inner[0]/deep" in world.actions.count


async def test_loop_feeds_each_round_with_the_last_and_stops_when_told(world, node):
    body = {"nodes": [node("step", value="{{ item.n + 1 }}")], "output": {"n": "{{ step.value }}"}}
    loop = {"initial": {"n": 0}, "until": "{{ item.n >= 3 }}", "body": body}

    done = await world.run({"nodes": [node("l", "flow.loop", max_rounds=10, **loop)]})
    cut = await world.run({"nodes": [node("l", "flow.loop", max_rounds=2, **loop)]})
    failed = await world.run({"nodes": [node("l", "flow.loop", max_rounds=2, on_limit="fail", **loop)]})

    assert done.output["l"] == {"result": {"n": 3}, "rounds": 3, "completed": True}
    assert cut.output["l"] == {"result": {"n": 2}, "rounds": 2, "completed": False}
    assert failed.error.code == "loop_limit"


async def test_a_sub_workflow_has_its_own_names_and_defaults(world, node):
    sub = world.compile(
        {
            "inputs": {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 2}},
            },
            "nodes": [node("sum", value="{{ sum([input.a, input.b]) }}")],
            "output": {"sum": "{{ sum.value }}"},
        }
    )
    world.ports["subworkflows"] = Library(add=sub)

    result = await world.run({"nodes": [node("s", "flow.subworkflow", workflow="add", input={"a": 5})]})

    assert result.output == {"s": {"sum": 7}}
    assert set(world.actions.count) == {"s/sum"}


async def test_map_over_a_sub_workflow(world, node):
    sub = world.compile(
        {
            "inputs": {"type": "object", "properties": {"x": {"type": "integer"}}},
            "nodes": [node("double", value="{{ input.x * 2 }}")],
            "output": {"y": "{{ double.value }}"},
        }
    )
    world.ports["subworkflows"] = Library(double=sub)

    result = await world.run(
        {"nodes": [node("m", "flow.map", items=[1, 2], workflow="double", input={"x": "{{ item }}"})]}
    )

    assert result.output["m"]["results"] == [{"y": 2}, {"y": 4}]


async def test_a_sub_workflow_with_wrong_input_fails_its_node(world, node):
    sub = world.compile(
        {"inputs": {"type": "object", "required": ["x"], "properties": {"x": {}}}, "nodes": [node("a")]}
    )
    world.ports["subworkflows"] = Library(sub=sub)

    wrong = await world.run({"nodes": [node("s", "flow.subworkflow", workflow="sub")]})
    unknown = await world.run({"nodes": [node("s", "flow.subworkflow", workflow="other")]})

    assert (wrong.error.code, wrong.error.node) == ("invalid_input", "s")
    assert (unknown.error.code, unknown.error.node) == ("not_found", "s")


async def test_a_workflow_that_calls_itself_is_stopped(world, node):
    plan = world.compile({"nodes": [node("again", "flow.subworkflow", workflow="itself")]})
    world.ports["subworkflows"] = Library(itself=plan)

    result = await world.run(plan)

    assert result.error.code == "too_deep"
