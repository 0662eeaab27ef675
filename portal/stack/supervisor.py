"""Starts processes, shows their output with a prefix, restarts what crashes, and leaves nothing behind."""

import contextlib
import logging
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from portal.stack import guard
from portal.stack.errors import StackError
from portal.stack.processes import Running, signal_group

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92)
_BACKOFF_FIRST, _BACKOFF_MOST, _HEALTHY_AFTER = 0.5, 30.0, 30.0


@dataclass
class Child:
    """One process to keep running. `start` gets the descriptor for its output, returns once the process is usable."""

    name: str
    start: Callable[[int], Running]
    stop_signal: int = signal.SIGTERM
    grace: float = 10.0
    is_service: bool = False  # services start before and stop after everything else
    hidden: re.Pattern[str] | None = None  # lines nobody needs to see

    process: Running | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    failures: int = field(default=0, init=False)
    restarts: int = field(default=0, init=False)
    due: float | None = field(default=None, init=False)
    held: bool = field(default=False, init=False)  # stopped on request: stays down until it is wanted again

    @property
    def is_running(self) -> bool:
        """Whether the process exists now."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps children running until `stop` is requested. Use from the main thread of a process."""

    def __init__(
        self,
        output: TextIO = sys.stdout,
        on_change: Callable[[], None] = lambda: None,
        log_folder: Path | None = None,
    ) -> None:
        self.children: list[Child] = []
        self.stopping = threading.Event()
        self._orders: queue.SimpleQueue[tuple[dict[str, Any], Future[dict[str, Any]]]] = queue.SimpleQueue()
        self._logs: dict[str, logging.Handler] = {}
        self._log_folder = log_folder
        self._urgent = False
        self._output = output
        self._on_change = on_change
        self._colour = output.isatty() and "NO_COLOR" not in os.environ
        self._write_lock = threading.Lock()
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__], stdin=subprocess.PIPE, start_new_session=True, cwd="/"
        )

    def handle_signals(self) -> None:
        """SIGINT, SIGTERM and SIGHUP stop everything; a second one stops it without patience."""

        def request_stop(number: int, frame: FrameType | None) -> None:
            self._urgent = self.stopping.is_set()
            self.stopping.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, request_stop)

    def add(self, child: Child, *, held: bool = False) -> None:
        """Start a child and keep it running from now on; raises what its first start raises. A held one waits."""
        self.children.append(child)
        child.held = held
        if not held:
            self._start(child)

    def order(self, message: dict[str, Any]) -> Future[dict[str, Any]]:
        """Queue an order (`action`: start, stop, restart, status; `process`: a name); from any thread."""
        answer: Future[dict[str, Any]] = Future()
        self._orders.put((message, answer))
        return answer

    def watch(
        self, *, until: Callable[[], bool] = lambda: False, interval: float = 0.2, most_failures: int = 0
    ) -> None:
        """Restart what crashes until a stop is requested or `until` holds.

        With `most_failures`, a child that crashes that often in a row raises StackError.
        """
        while not self.stopping.is_set() and not until():
            self._obey()
            for child in self.children:
                self._look_after(child)
                if most_failures and child.failures >= most_failures:
                    raise StackError(
                        f"{child.name} does not start: it ended {child.failures} times, see its lines above."
                    )
            self.stopping.wait(interval)

    def stop(self) -> None:
        """End all children, services last, and whatever they started."""
        self.stopping.set()
        for is_service in (False, True):
            self._stop_all([child for child in reversed(self.children) if child.is_service == is_service])
        self._on_change()
        for handler in self._logs.values():
            handler.close()
        assert self._guard.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._guard.stdin.close()
        self._guard.wait()

    def say(self, text: str, name: str = "stack") -> None:
        """Print lines under a name."""
        index = next((number for number, child in enumerate(self.children) if child.name == name), None)
        prefix = f"{name:<9}"
        if self._colour:
            prefix = f"\x1b[{_COLOURS[index % len(_COLOURS)] if index is not None else 1}m{prefix}\x1b[0m"
        with self._write_lock, contextlib.suppress(BrokenPipeError, ValueError):
            self._keep(name, text)
            self._output.write("".join(f"{prefix} {line}\n" for line in text.splitlines()))
            self._output.flush()

    def _keep(self, name: str, text: str) -> None:
        """Append to the process's log file, which starts anew at five megabytes and keeps one older part."""
        if self._log_folder is None:
            return
        if name not in self._logs:
            path = self._log_folder / f"{name}.log"
            self._logs[name] = RotatingFileHandler(path, maxBytes=5_000_000, backupCount=1, encoding="utf-8")
            self._logs[name].setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        for line in text.splitlines():
            self._logs[name].emit(logging.LogRecord(name, logging.INFO, "", 0, line, None, None))

    def _start(self, child: Child) -> None:
        reading, writing = os.pipe()
        threading.Thread(target=self._relay, args=(child, reading), daemon=True).start()
        child.due = None
        child.started = time.monotonic()
        try:
            child.process = child.start(writing)
        finally:
            os.close(writing)
        self._tell_guard(f"+{child.process.pid} {int(child.stop_signal)}")
        self._on_change()

    def _obey(self) -> None:
        while not self._orders.empty():
            message, answer = self._orders.get()
            try:
                self._act(str(message.get("action")), str(message.get("process", "")))
            except StackError as error:
                answer.set_exception(error)
            else:
                answer.set_result({"processes": list(describe_children(self.children))})

    def _act(self, action: str, name: str) -> None:
        if action == "status":
            return
        child = next((child for child in self.children if child.name == name and not child.is_service), None)
        if child is None or action not in ("start", "stop", "restart"):
            names = ", ".join(child.name for child in self.children if not child.is_service)
            raise StackError(f"Cannot {action} `{name}`: orders are start, stop and restart of {names}.")
        if action != "start" and child.is_running:
            self._stop_all([child])
        child.held = action == "stop"
        if not child.held and not child.is_running:
            child.failures = 0
            self._start(child)
        self.say({"start": "started", "stop": "stopped", "restart": "restarted"}[action] + " on request", child.name)
        self._on_change()

    def _look_after(self, child: Child) -> None:
        if child.held:
            return
        now = time.monotonic()
        if child.process is not None and child.process.poll() is None:
            if child.failures and now - child.started > _HEALTHY_AFTER:
                child.failures = 0
            return
        if child.process is not None:
            code = child.process.returncode
            self._forget(child)
            assert code is not None
            self._plan_restart(child, f"ended with {_describe(code)}", now)
        elif child.due is not None and now >= child.due:
            child.restarts += 1
            try:
                self._start(child)
            except StackError as error:
                self._plan_restart(child, str(error), now)

    def _plan_restart(self, child: Child, reason: str, now: float) -> None:
        delay = min(_BACKOFF_FIRST * 2**child.failures, _BACKOFF_MOST)
        child.failures += 1
        child.due = now + delay
        self.say(f"{reason}; restarting in {delay:g} s", child.name)
        self._on_change()

    def _forget(self, child: Child) -> None:
        """Clear away what a dead leader left of its group."""
        assert child.process is not None
        signal_group(child.process.pid, signal.SIGKILL)
        self._tell_guard(f"-{child.process.pid}")
        child.process = None

    def _stop_all(self, children: list[Child]) -> None:
        running = [child for child in children if child.process is not None]
        for child in running:
            assert child.process is not None
            if child.process.poll() is None:
                child.process.send_signal(child.stop_signal)
        begun = time.monotonic()
        for child in running:
            assert child.process is not None
            while child.process.poll() is None and time.monotonic() - begun < child.grace and not self._urgent:
                time.sleep(0.02)
            if child.process.poll() is None:
                child.process.kill()
            child.process.wait()
            self._forget(child)

    def _tell_guard(self, line: str) -> None:
        assert self._guard.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._guard.stdin.write(f"{line}\n".encode())
            self._guard.stdin.flush()

    def _relay(self, child: Child, reading: int) -> None:
        with os.fdopen(reading, "r", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.strip() and not (child.hidden and child.hidden.search(line)):
                    self.say(line.rstrip("\n"), child.name)


def _describe(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"code {code}"


def describe_children(children: list[Child]) -> Iterator[dict[str, object]]:
    """What the status file says about each child."""
    for child in children:
        yield {
            "name": child.name,
            "pid": child.process.pid if child.is_running and child.process else None,
            "state": "running" if child.is_running else "stopped" if child.held else "restarting",
            "restarts": child.restarts,
        }
