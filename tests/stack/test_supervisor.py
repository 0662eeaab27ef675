"""The supervisor, as a process of its own: it must leave nothing behind however it ends."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.stack import guard
from portal.stack.layout import ROOT, read_json
from portal.stack.processes import is_alive, wait_until

# A child with a child of its own; both write their ids, one line each.
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("pids", __import__("os").getpid(), child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("pids", os.getpid(), flush=True)
time.sleep(600)
"""
CRASHING = """
import os
print("pids", os.getpid(), flush=True)
os._exit(3)
"""
SUPERVISOR = """
import os, sys
from functools import partial
from portal.stack.errors import StackError
from portal.stack.processes import spawn
from portal.stack.supervisor import Child, Supervisor

def start(source, output):
    return spawn([sys.executable, "-c", source], env=os.environ, cwd="/", stdout=output)

supervisor = Supervisor()
supervisor.handle_signals()
try:
    for number, source in enumerate(sys.argv[2:]):
        supervisor.add(Child(f"child{number}", partial(start, source), grace=1.0))
    supervisor.watch(most_failures=int(sys.argv[1]))
except StackError as error:
    print("error:", error, flush=True)
finally:
    supervisor.stop()
"""


class Running:
    """A supervisor under test and what it printed."""

    def __init__(self, log: Path, *sources: str, most_failures: int = 0) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    SUPERVISOR,
                    str(most_failures),
                    *(textwrap.dedent(source) for source in sources),
                ],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def pids(self) -> list[int]:
        """All processes that reported so far."""
        reports = [line.split("pids", 1)[1].split() for line in self.output.splitlines() if "pids" in line]
        return [int(pid) for report in reports for pid in report]

    def wait_for(self, count: int) -> list[int]:
        """Wait until that many processes have reported."""
        assert wait_until(lambda: len(self.pids) >= count, timeout=60), self.output
        return self.pids


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "log"


def all_gone(pids: list[int]) -> bool:
    return not any(is_alive(pid) for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_children_and_their_children(log: Path, number: int) -> None:
    running = Running(log, FAMILY)
    pids = running.wait_for(2)

    running.process.send_signal(number)

    assert running.process.wait(timeout=60) == 0
    assert all_gone(pids)
    assert "child0    pids" in running.output


def test_a_child_that_ignores_the_signal_is_killed_after_its_grace(log: Path) -> None:
    running = Running(log, STUBBORN)
    pids = running.wait_for(1)

    running.process.terminate()

    assert running.process.wait(timeout=60) == 0
    assert all_gone(pids)


def test_killing_the_supervisor_ends_children_and_their_children(log: Path) -> None:
    running = Running(log, FAMILY, FAMILY)
    pids = running.wait_for(4)

    running.process.kill()
    running.process.wait()

    assert wait_until(lambda: all_gone(pids), timeout=60)


def test_a_crashed_child_comes_back_and_the_others_are_left_alone(log: Path) -> None:
    running = Running(log, FAMILY, STUBBORN)
    first = running.wait_for(3)
    leader = next(pid for pid in first if f"pids {pid} " in running.output)

    os.kill(leader, signal.SIGKILL)

    pids = running.wait_for(5)
    assert "ended with SIGKILL; restarting in 0.5 s" in running.output
    stubborn = next(pid for pid in first if f"child1    pids {pid}\n" in running.output)
    assert is_alive(stubborn)
    running.process.terminate()
    running.process.wait(timeout=60)
    assert all_gone(pids)


def test_a_child_that_never_starts_is_given_up_where_that_was_asked_for(log: Path) -> None:
    running = Running(log, CRASHING, most_failures=2)

    running.process.wait(timeout=60)

    assert "error: child0 does not start: it ended 2 times" in running.output
    assert len(running.pids) == 2


def test_the_guard_kills_what_does_not_want_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "GRACE", 0.3)
    stubborn = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True)
    assert stubborn.stdout is not None
    stubborn.stdout.readline()

    guard.end({stubborn.pid: signal.SIGTERM})

    assert stubborn.wait(timeout=60) == -signal.SIGKILL


def test_a_status_file_cut_off_by_a_crash_reads_as_empty(tmp_path: Path) -> None:
    file = tmp_path / "status.json"
    file.write_text(json.dumps({"pid": 1})[:-2])
    assert read_json(file) == {}
