"""One process imports the product, then every process of `make run` is a fork of it.

Five interpreters that each import Django, Celery and the connectors take four CPU seconds and 130 MiB apiece; forks
take neither, since they share the imported pages until they write to them. The nursery ends once everything runs: a
process that crashes later is started the ordinary way. Linux only, elsewhere every start is the ordinary one.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from portal.stack.layout import ROOT
from portal.stack.processes import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, Running, prctl

_PATIENCE = 60.0
#: What the processes import anyway, as soon as their commands run.
_COMMON = ("django", "rest_framework", "celery", "mcp.server", "psycopg", "pydantic", "strawberry", "uvicorn", "uvloop")
_PRODUCT = (
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.apps.beat",
    "celery.worker.consumer",
    "celery.concurrency.prefork",
    "celery.concurrency.thread",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
    "portal.asgi",
    "portal.urls",
    "integrations.runtime",
)


class Fork:
    """A process that the nursery forked and that is our child now; the part of `Popen` that a supervisor needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code (negative: the signal that ended it), None while it runs."""
        if self.returncode is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if deadline is not None and timeout is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.02)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The supervisor's end. `fork` answers None where an ordinary start is due."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform != "linux":
            return
        # Forks are orphaned on purpose; a subreaper adopts the orphans of its descendants.
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(_PATIENCE)
        arguments = [sys.executable, "-m", "portal.stack.nursery", str(theirs.fileno()), str(os.getpid())]
        self._process = subprocess.Popen(arguments, cwd=ROOT, pass_fds=[theirs.fileno()], start_new_session=True)
        theirs.close()

    def grow(self, environment: Mapping[str, str]) -> None:
        """Let it import the product under this environment, which names the databases by now."""
        self._send({"environment": dict(environment)})

    def fork(
        self, arguments: Sequence[str], environment: Mapping[str, str], output: int, errors: int
    ) -> Running | None:
        """Fork `python -m …`; None when the nursery cannot, for whatever reason."""
        interpreter, flag, *rest = arguments
        if self._socket is None or (interpreter, flag) != (sys.executable, "-m"):
            return None
        if not self._send({"arguments": rest, "environment": dict(environment)}, output, errors):
            return None
        try:
            answer = self._socket.recv(64)
        except OSError:
            answer = b""
        if not answer:
            # It said why on its own standard error; the ordinary start says it again under the process's name.
            self.close()
            return None
        return Fork(int(answer))

    def _send(self, message: dict[str, Any], *descriptors: int) -> bool:
        if self._socket is None:
            return False
        try:
            socket.send_fds(self._socket, [json.dumps(message).encode()], list(descriptors))
        except OSError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """End the nursery; what it forked goes on."""
        if self._socket is None or self._process is None:
            return
        self._socket.close()
        self._socket = None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()
        prctl(PR_SET_CHILD_SUBREAPER, 0)


# The nursery's own process -----------------------------------------------------------------------------------


def serve(channel: socket.socket, supervisor: int) -> list[str] | None:
    """Import, then fork on request. Returns the arguments to run in each fork, None in the nursery itself."""
    gc.disable()
    _import(_COMMON)
    while True:
        raw, descriptors, _, _ = socket.recv_fds(channel, 1 << 18, 2)
        if not raw:
            return None
        message = json.loads(raw)
        os.environ.clear()
        os.environ.update(message["environment"])
        if "arguments" not in message:
            _import_product()
            continue
        pid = _fork_orphan(supervisor)
        if pid == 0:
            channel.close()
            _become(message["arguments"], supervisor, *descriptors)
            return list(message["arguments"])
        for descriptor in descriptors:
            os.close(descriptor)
        channel.send(str(pid).encode())


def _import(names: Sequence[str]) -> None:
    for name in names:
        import_module(name)


def _import_product() -> None:
    import django

    django.setup()
    from portal.celery import app

    app.loader.import_default_modules()
    _import(_PRODUCT)
    from integrations.registry import registry

    registry()
    if threading.active_count() > 1:
        raise RuntimeError("An import started a thread; a fork would lose it.")
    # Nothing of this is garbage, and a collector that looks at it would copy every page.
    gc.collect()
    gc.freeze()


def _fork_orphan(supervisor: int) -> int:
    """Fork a process whose parent is the supervisor; returns its id, 0 in the process itself."""
    reading, writing = os.pipe()
    between = os.fork()
    if between:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            pid = int(pipe.read())
        os.waitpid(between, 0)
        return pid
    os.close(reading)
    pid = os.fork()
    if pid:
        os.write(writing, str(pid).encode())
        os._exit(0)
    os.close(writing)
    deadline = time.monotonic() + 5
    while os.getppid() != supervisor:
        if time.monotonic() > deadline:
            os._exit(1)
        time.sleep(0.001)
    return 0


def _become(arguments: Sequence[str], supervisor: int, output: int, errors: int) -> None:
    """Make the fork look like a fresh `python -m …`."""
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        # It died before we asked to be told.
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, number in ((nothing, 0), (output, 1), (errors, 2)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.argv = list(arguments)
    gc.enable()


def main() -> None:
    """Run the nursery, and in every fork the module it was asked for."""
    # Ctrl-C in a terminal is the supervisor's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = socket.socket(fileno=int(sys.argv[1]))
    supervisor = int(sys.argv[2])
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    arguments = serve(channel, supervisor)
    if arguments is not None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
