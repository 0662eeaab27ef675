"""Random graphs against a slow and simple model of what the engine promises."""

import asyncio
from collections import Counter, defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.sdk import Rejected, Unavailable
from workflows.definition import load
from workflows.engine import Options, Ports, compile, run
from workflows.engine.testing import FunctionActions, ManualClock, MemoryJournal

quick = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
KINDS = ["echo", "echo", "write", "write", "true", "false", "merge", "default", "branch", "stop", "map", "off"]


@st.composite
def graphs(draw):
    """A definition whose every node has a literal behaviour, so that a model can follow it."""
    count = draw(st.integers(1, 9))
    kinds = [draw(st.sampled_from(KINDS)) for _ in range(count)]
    nodes, edges = [], []
    for number, kind in enumerate(kinds):
        params: dict = {"pause": draw(st.integers(0, 3))}
        fields: dict = {}
        action = "t.write" if kind == "write" else "t.echo"
        if kind in {"true", "false"}:
            action, params = "flow.condition", {"condition": kind == "true"}
        elif kind == "merge":
            action, params = "flow.merge", {}
        elif kind in {"default", "branch", "stop"}:
            action = "t.fail"
            fields["on_error"] = {"policy": kind, **({"value": "instead"} if kind == "default" else {})}
            fields["retry"] = {"max_attempts": draw(st.integers(1, 3)), "delay": 1}
        elif kind == "map":
            action, params = (
                "flow.map",
                {"items": [1] * draw(st.integers(0, 4)), "concurrency": draw(st.integers(1, 3))},
            )
            fields["body"] = {
                "nodes": [{"id": f"in{number}", "action": "t.write", "params": {"pause": 1}}],
                "output": {"v": f"{{{{ in{number}.v }}}}"},
            }
        elif kind == "off":
            fields["disabled"] = True
        nodes.append({"id": f"n{number}", "action": action, "params": params, **fields})
        ports = {"true": ["true", "false"], "false": ["true", "false"], "branch": ["out", "error"]}.get(kind, ["out"])
        for later in draw(st.lists(st.integers(number + 1, count), max_size=3, unique=True)):
            if later < count:
                edges.append({"from": f"n{number}", "port": draw(st.sampled_from(ports)), "to": f"n{later}"})
    return {"nodes": nodes, "edges": edges}


def model(definition):
    """The outputs of all nodes that run, by walking the graph in order; None when the run must fail."""
    outputs, port_of, failed = {}, {}, False
    for node in definition["nodes"]:
        incoming = [edge for edge in definition["edges"] if edge["to"] == node["id"]]
        taken = [edge for edge in incoming if port_of.get(edge["from"]) == edge["port"]]
        if incoming and not taken:
            continue
        port_of[node["id"]] = "out"
        policy = node.get("on_error", {}).get("policy")
        if node.get("disabled"):
            continue
        if node["action"] == "flow.condition":
            result = node["params"]["condition"]
            outputs[node["id"]], port_of[node["id"]] = {"result": result}, "true" if result else "false"
        elif node["action"] == "flow.merge":
            sources = [edge["from"] for edge in incoming if edge in taken]
            outputs[node["id"]] = {source: outputs[source] for source in sources if source in outputs}
        elif node["action"] == "flow.map":
            count = len(node["params"]["items"])
            outputs[node["id"]] = {"results": [{"v": 1}] * count, "errors": [], "count": count, "failed": 0}
        elif policy == "default":
            outputs[node["id"]] = "instead"
        elif policy == "branch":
            port_of[node["id"]] = "error"
        elif policy == "stop":
            failed = True
        else:
            outputs[node["id"]] = {"v": 1}
    return None if failed else outputs


class Actions(FunctionActions):
    """Echo after some turns of the loop, or fail; notes when each call begins and ends."""

    def __init__(self):
        super().__init__({"t.echo": self.echo, "t.write": self.echo, "t.fail": self.fail})
        self.moment = 0
        self.began: dict[str, int] = {}
        self.ended: dict[str, int] = {}

    async def echo(self, call):
        self.moment += 1
        self.began[call.path] = self.moment
        for _ in range(call.params.get("pause", 0)):
            await asyncio.sleep(0)
        self.moment += 1
        self.ended[call.path] = self.moment
        return {"v": 1}

    async def fail(self, call):
        await self.echo(call)
        raise (Unavailable if call.attempt % 2 else Rejected)("No.")


def compiled(definition, actions):
    catalogue = actions.catalogue()
    catalogue.actions["t.write"] = type(catalogue.actions["t.write"])(
        id="t.write", input_schema=catalogue.actions["t.write"].input_schema, effect="write"
    )
    return compile(load(definition), catalogue, check=False)


async def attempt(plan, actions, journal, cancel=None):
    ports = Ports(actions, journal, ManualClock(), **({"cancel": cancel} if cancel else {}))
    result = await asyncio.wait_for(run(plan, {}, ports, Options("x"), checkpoint=journal.checkpoint()), 20)
    assert asyncio.all_tasks() == {asyncio.current_task()}, "the run left tasks behind"
    return result


def ends(definition):
    sources = {edge["from"] for edge in definition["edges"]}
    return [node["id"] for node in definition["nodes"] if node["id"] not in sources]


@quick
@given(graphs())
def test_random_graphs_finish_as_the_model_says_and_respect_order(definition):
    actions, journal = Actions(), MemoryJournal()

    result = asyncio.run(attempt(compiled(definition, actions), actions, journal))

    expected = model(definition)
    if expected is None:
        assert result.status == "failed"
        assert journal.types()[-1] == "run.failed"
    else:
        assert result.status == "succeeded"
        assert result.output == {name: expected[name] for name in ends(definition) if name in expected}
        finished = {record.path: record.output for record in journal.records.values() if record.port != "error"}
        assert {path: output for path, output in finished.items() if "/" not in path} == expected
    for edge in definition["edges"]:
        if edge["from"] in actions.ended and edge["to"] in actions.began:
            assert actions.ended[edge["from"]] < actions.began[edge["to"]]
    assert [event.seq for event in journal.events] == list(range(1, len(journal.events) + 1))


@quick
@given(graphs(), st.data())
def test_a_crash_anywhere_loses_nothing_and_repeats_nothing_finished(definition, data):
    actions = Actions()
    plan = compiled(definition, actions)
    journal = MemoryJournal()
    calls_before: Counter[str] = Counter()
    finished: set[str] = set()
    keys: dict[str, set[str]] = defaultdict(set)
    for _ in range(12):
        crash_at = data.draw(st.integers(0, 14) | st.none(), label="crash at")
        journal = MemoryJournal(journal, crash_at=crash_at)
        try:
            result = asyncio.run(attempt(plan, actions, journal))
        except ConnectionError:
            result = None
        for path, count in actions.count.items():
            assert path not in finished or count == calls_before[path], f"{path} finished and ran again"
        for call in actions.calls:
            keys[call.path].add(call.idempotency_key)
        if result is not None:
            break
        written = {path for path, record in journal.records.items() if record.action == "t.write" and record.output}
        journal.lose(data.draw(st.integers(0, 5), label="unsaved entries"))
        assert written <= {path for path, record in journal.records.items() if record.output}
        finished = {
            path for path, record in journal.records.items() if record.status in {"succeeded", "handled", "failed"}
        }
        calls_before = Counter(actions.count)
    else:
        journal = MemoryJournal(journal)
        result = asyncio.run(attempt(plan, actions, journal))

    untouched = Actions()
    expected = asyncio.run(attempt(compiled(definition, untouched), untouched, MemoryJournal()))
    assert result.status == expected.status
    assert result.output == expected.output
    assert all(used == {f"x:{path}"} for path, used in keys.items())
    assert [event.seq for event in journal.events] == list(range(1, len(journal.events) + 1))


def test_a_crash_at_every_single_entry_is_survived():
    body = {"nodes": [{"id": "inner", "action": "t.write", "params": {"pause": 1}}], "output": {"v": "{{ inner.v }}"}}
    definition = {
        "nodes": [
            {"id": "a", "action": "t.write", "params": {}},
            {"id": "b", "action": "t.fail", "params": {}, "on_error": {"policy": "default", "value": 1}},
            {"id": "c", "action": "flow.condition", "params": {"condition": True}},
            {"id": "d", "action": "flow.map", "params": {"items": [1, 2, 3], "concurrency": 2}, "body": body},
            {"id": "e", "action": "flow.merge", "params": {}},
        ],
        "edges": [
            {"from": "a", "to": "b"},
            {"from": "a", "to": "c"},
            {"from": "c", "port": "true", "to": "d"},
            {"from": "b", "to": "e"},
            {"from": "d", "to": "e"},
        ],
    }
    untouched, whole = Actions(), MemoryJournal()
    expected = asyncio.run(attempt(compiled(definition, untouched), untouched, whole))

    for crash_at in range(len(whole.stream)):
        for lost in (0, 100):
            actions, journal = Actions(), MemoryJournal(crash_at=crash_at)
            plan = compiled(definition, actions)
            with pytest.raises(ConnectionError):
                asyncio.run(attempt(plan, actions, journal))
            written = {path for path, record in journal.records.items() if record.action == "t.write" and record.output}
            journal.lose(lost)
            calls = Counter(actions.count)
            journal = MemoryJournal(journal)
            result = asyncio.run(attempt(plan, actions, journal))

            assert result.output == expected.output
            assert all(actions.count[path] == calls[path] for path in written)
            assert [event.seq for event in journal.events] == list(range(1, len(journal.events) + 1))


class Switch:
    def __init__(self):
        self.pressed = False
        self.event = asyncio.Event()

    def press(self):
        self.pressed = True
        self.event.set()

    def is_set(self):
        return self.pressed

    async def wait(self):
        await self.event.wait()


@quick
@given(graphs(), st.integers(0, 25))
def test_cancelling_at_any_point_ends_the_run(definition, cancel_at):
    async def scenario():
        switch, actions = Switch(), Actions()
        seen = 0

        def on_entry(entry):
            nonlocal seen
            seen += 1
            if seen == cancel_at:
                switch.press()

        journal = MemoryJournal(on_entry=on_entry)
        return await attempt(compiled(definition, actions), actions, journal, switch), journal, seen

    result, journal, seen = asyncio.run(scenario())

    assert result.status in {"succeeded", "failed", "cancelled"}
    assert journal.types()[-1] == f"run.{result.status}"
    if result.status == "cancelled":
        assert seen >= cancel_at
    last = journal.events[-1].seq
    assert [event.seq for event in journal.events] == list(range(1, last + 1))


def test_two_thousand_nodes_in_a_row_and_side_by_side():
    nodes = [{"id": f"n{number}", "action": "t.echo", "params": {}} for number in range(2_000)]
    actions = Actions()
    row = compiled({"nodes": nodes, "edges": [{"from": f"n{n}", "to": f"n{n + 1}"} for n in range(1_999)]}, actions)
    wide = compiled({"nodes": nodes, "edges": []}, actions)

    async def scenario():
        return [await attempt(plan, actions, MemoryJournal()) for plan in (row, wide)]

    in_row, side_by_side = asyncio.run(scenario())

    assert in_row.output == {"n1999": {"v": 1}}
    assert len(side_by_side.output) == 2_000
