"""Processes that are forked from one which has imported the product."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import IO

import pytest

from portal.stack.nursery import Fork, Nursery
from portal.stack.processes import Running, is_alive, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux only")


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    yield found
    found.close()


@pytest.fixture
def output() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as file:
        yield file


def run(nursery: Nursery, output: IO[bytes], statement: str, **environment: str) -> Running:
    """Fork a process that runs one Python statement."""
    arguments = [sys.executable, "-m", "timeit", "-n", "1", "-r", "1", statement]
    process = nursery.fork(arguments, os.environ | environment, output.fileno(), output.fileno())
    assert process is not None
    return process


def text(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode()


def test_a_fork_is_our_child_with_its_own_environment_and_output(nursery: Nursery, output: IO[bytes]) -> None:
    said = "import os, sys; print(os.environ['WORD'], os.getppid(), os.getsid(0) == os.getpid(), len(sys.stdin.read()))"
    process = run(nursery, output, said, WORD="hello")
    assert process.wait(20) == 0
    assert text(output).startswith(f"hello {os.getpid()} True 0\n")


def test_exit_codes_and_signals_arrive(nursery: Nursery, output: IO[bytes]) -> None:
    assert run(nursery, output, "raise ValueError").wait(20) == 1
    waiting = run(nursery, output, "import time; time.sleep(60)")
    assert waiting.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.05)
    waiting.send_signal(signal.SIGTERM)
    assert waiting.wait(20) == -signal.SIGTERM
    waiting.kill()  # harmless once it has ended


def test_what_is_no_module_is_started_the_ordinary_way(nursery: Nursery, output: IO[bytes]) -> None:
    assert nursery.fork(["/bin/true", "-m", "x"], os.environ, output.fileno(), output.fileno()) is None


def test_a_nursery_that_cannot_import_hands_over_to_the_ordinary_start(output: IO[bytes]) -> None:
    nursery = Nursery()
    nursery.grow(os.environ | {"DJANGO_SETTINGS_MODULE": "no.such.settings"})
    arguments = [sys.executable, "-m", "calendar"]
    assert nursery.fork(arguments, os.environ, output.fileno(), output.fileno()) is None
    assert nursery.fork(arguments, os.environ, output.fileno(), output.fileno()) is None


def test_what_was_forked_outlives_the_nursery(output: IO[bytes]) -> None:
    nursery = Nursery()
    process = run(nursery, output, "import time; time.sleep(60)")
    nursery.close()
    time.sleep(0.1)
    assert isinstance(process, Fork) and process.poll() is None
    process.kill()
    assert process.wait(20) == -signal.SIGKILL


def test_a_fork_does_not_outlive_the_supervisor(output: IO[bytes]) -> None:
    program = (
        "import os, sys\n"
        "from portal.stack.nursery import Nursery\n"
        "nursery = Nursery()\n"
        "arguments = [sys.executable, '-m', 'timeit', '-n', '1', 'import time; time.sleep(60)']\n"
        "print(nursery.fork(arguments, os.environ, 2, 2).pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=output, check=False)
    pid = int(killed.stdout)
    assert wait_until(lambda: not is_alive(pid), timeout=10)
