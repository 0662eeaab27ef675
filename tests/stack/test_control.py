"""Orders to a running supervisor, and the log files that it keeps."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from portal.stack import service
from portal.stack.control import Control, order
from portal.stack.errors import StackError
from portal.stack.layout import Layout, write_private
from portal.stack.processes import Running, spawn
from portal.stack.supervisor import Child, Supervisor

SPEAKING = "import os, time; print('hello from', os.getpid(), flush=True); time.sleep(600)"


def start(output: int) -> Running:
    return spawn([sys.executable, "-c", SPEAKING], env=os.environ, cwd="/", stdout=output)


def supervised(layout: Layout, work: Callable[[], None]) -> None:
    """Run a supervisor of two processes, `b` held, while `work` gives orders from another thread."""
    layout.prepare()
    supervisor = Supervisor(io.StringIO(), log_folder=layout.log_folder())
    control = Control(layout, supervisor.order)
    failures: list[BaseException] = []

    def orders() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=orders)
    try:
        supervisor.add(Child("a", start, grace=2.0))
        supervisor.add(Child("b", start, grace=2.0), held=True)
        thread.start()
        supervisor.watch(until=lambda: not thread.is_alive(), interval=0.02)
        thread.join(30)
    finally:
        control.close()
        supervisor.stop()
    if failures:
        raise failures[0]


def states(answer: dict[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["state"] for entry in answer["processes"]}


def test_a_process_stops_starts_and_restarts_on_request(layout: Layout) -> None:
    def work() -> None:
        ask = partial(order, layout)
        assert states(ask(action="status")) == {"a": "running", "b": "stopped"}
        first = ask(action="status")["processes"][0]["pid"]
        assert states(ask(action="stop", process="a")) == {"a": "stopped", "b": "stopped"}
        assert states(ask(action="stop", process="a"))["a"] == "stopped"
        assert states(ask(action="start", process="b"))["b"] == "running"
        again = ask(action="restart", process="a")["processes"][0]
        assert again["state"] == "running" and again["pid"] != first
        assert ask(action="start", process="a")["processes"][0]["pid"] == again["pid"]

    supervised(layout, work)


@pytest.mark.parametrize("wrong", [{"action": "start", "process": "z"}, {"action": "explode", "process": "a"}, {}])
def test_a_wrong_order_is_refused_with_what_there_is(layout: Layout, wrong: dict[str, str]) -> None:
    def work() -> None:
        with pytest.raises(StackError, match=r"start, stop and restart of a, b"):
            order(layout, **wrong)
        assert states(order(layout, action="status"))["a"] == "running"

    supervised(layout, work)


def test_the_lines_of_each_process_are_kept(layout: Layout) -> None:
    def work() -> None:
        pid = order(layout, action="restart", process="a")["processes"][0]["pid"]
        while not any(f"hello from {pid}" in line for line in service.last_lines(layout, ["a"], 10)):
            pass

    supervised(layout, work)
    lines = service.last_lines(layout, ["a", "b", "stack"], 10)
    assert any("restarted on request" in line for line in lines)
    assert service.last_lines(layout, ["b"], 10) == []
    assert len(service.last_lines(layout, ["a"], 1)) == 1


def test_only_the_owner_may_give_orders(layout: Layout) -> None:
    def work() -> None:
        assert (layout.state / "control.sock").stat().st_mode & 0o077 == 0

    supervised(layout, work)


def test_a_folder_with_a_long_name_has_a_socket_too(layout: Layout) -> None:
    long = Layout(var=layout.var / ("x" * 90))
    long.var.parent.mkdir(parents=True, exist_ok=True)
    supervised(long, lambda: order(long, action="status") and None)


def test_lines_are_followed_also_into_a_new_file(layout: Layout) -> None:
    layout.prepare()
    path = layout.log_folder() / "a.log"
    path.write_text("old\n")
    lines = service.following_lines(layout, ["a"], interval=0.01)
    found: list[str] = []

    def read(count: int) -> None:
        found.extend(next(lines) for _ in range(count))

    reader = threading.Thread(target=read, args=(3,))
    reader.start()
    threading.Event().wait(0.2)  # the reader notes where the file ends
    with path.open("a") as file:
        file.write("one\ntwo\nthr")
    threading.Event().wait(0.1)
    with path.open("a") as file:
        file.write("ee\n")
    reader.join(10)
    assert [line.split()[-1] for line in found] == ["one", "two", "three"]

    path.write_text("new\n")
    assert next(lines).split()[-1] == "new"


def test_nothing_runs(layout: Layout) -> None:
    layout.prepare()
    assert service.processes(layout) == []
    service.stop(layout, ["web"])
    with pytest.raises(StackError, match="Nothing runs here"):
        order(layout, action="status")
    write_private(layout.status_file, json.dumps({"pid": 2**22 + 1}))
    assert not service.is_running(layout)
