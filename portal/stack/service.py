"""Start, stop and look at the processes of this checkout from another terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from portal.stack.commands import PROCESSES
from portal.stack.control import order
from portal.stack.errors import StackError
from portal.stack.layout import ROOT, Layout, read_json
from portal.stack.processes import is_alive, wait_until

#: The very first start builds the canvas and the database.
_READY, _GONE = 400.0, 60.0


def is_running(layout: Layout) -> bool:
    """Whether a supervisor of this installation lives."""
    pid = read_json(layout.status_file).get("pid")
    return isinstance(pid, int) and is_alive(pid)


def start(layout: Layout, names: Sequence[str]) -> None:
    """Start processes; without a supervisor, start one in the background that outlives this command."""
    if is_running(layout):
        for name in names:
            order(layout, action="start", process=name)
        return
    log = layout.log_folder() / "start.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.stack", "run", "--only", *names],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def has_answered() -> bool:
        return process.poll() is not None or b"ready in" in log.read_bytes()

    if not wait_until(has_answered, _READY, interval=0.2):
        raise StackError(f"Not ready after {_READY:.0f} s; {log} tells what is slow.")
    if process.poll() is not None:
        lines = log.read_text(errors="replace").strip().splitlines() or ["It ended without a word."]
        raise StackError(lines[-1].removeprefix("error: "))


def stop(layout: Layout, names: Sequence[str]) -> None:
    """Stop processes; when all are named, the supervisor with its databases too."""
    if not is_running(layout):
        return
    if set(names) < set(PROCESSES):
        for name in names:
            order(layout, action="stop", process=name)
        return
    pid = int(read_json(layout.status_file)["pid"])
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    if not wait_until(lambda: not is_alive(pid), _GONE, interval=0.1):
        raise StackError(f"The supervisor (process {pid}) does not stop; its lines tell why.")


def restart(layout: Layout, names: Sequence[str]) -> None:
    """Restart processes one by one; databases stay up. Starts what did not run."""
    if not is_running(layout):
        start(layout, names)
        return
    for name in names:
        order(layout, action="restart", process=name)


def processes(layout: Layout) -> list[dict[str, Any]]:
    """Name, state and process id of everything that is supervised; empty when nothing runs."""
    found: list[dict[str, Any]] = order(layout, action="status")["processes"] if is_running(layout) else []
    return found


def last_lines(layout: Layout, names: Iterable[str], count: int) -> list[str]:
    """The last lines of the log files of these processes, in the order in which they were written."""
    lines: list[tuple[str, str]] = []
    for name in names:
        with suppress(FileNotFoundError), (layout.log_folder() / f"{name}.log").open(errors="replace") as file:
            lines += [(line[:23], f"{name:<9} {line.rstrip()}") for line in deque(file, count)]
    return [line for _, line in sorted(lines, key=lambda item: item[0])][-count:]


def following_lines(layout: Layout, names: Iterable[str], *, interval: float = 0.3) -> Iterator[str]:
    """Lines as they are written from now on, without end; a file that was started anew is read from its start."""
    paths = {name: layout.log_folder() / f"{name}.log" for name in names}
    read = {name: _size(path) for name, path in paths.items()}
    while True:
        for name, path in paths.items():
            size = _size(path)
            if size < read[name]:
                read[name] = 0
            if size > read[name]:
                with path.open("rb") as file:
                    file.seek(read[name])
                    whole = file.read().rpartition(b"\n")[0]
                read[name] += len(whole) + 1 if whole else 0
                yield from (f"{name:<9} {line}" for line in whole.decode(errors="replace").splitlines())
        time.sleep(interval)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
