"""Start child processes that cannot outlive us, and stop whole process groups."""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Running(Protocol):
    """What a supervisor needs of a process, as `subprocess.Popen` has it."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path | str,
    user: tuple[int, int] | None = None,
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
    stderr: int | None = None,
    death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own.

    `user` is (uid, gid) to switch to. On Linux the child gets `death_signal` when the thread that started it
    ends, so call this from the main thread. stderr goes where stdout goes unless it is named.
    """
    return subprocess.Popen(
        [str(part) for part in argv],
        env=dict(env),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.STDOUT if stderr is None else stderr,
        start_new_session=True,
        preexec_fn=_die_with_parent(death_signal),
        user=None if user is None else user[0],
        group=None if user is None else user[1],
        extra_groups=None if user is None else [],
    )


def prctl(option: int, value: int) -> None:
    """Set a property of this process that only Linux has; does nothing elsewhere."""
    if _libc is not None:
        _libc.prctl(option, value, 0, 0, 0)


def _die_with_parent(death_signal: int) -> Callable[[], None] | None:
    if _libc is None:
        return None
    parent = os.getpid()

    def set_death_signal() -> None:
        # Runs in the child after the change of user, which would have cleared the setting.
        prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            os._exit(1)

    return set_death_signal


def raise_file_limit(wanted: int = 65_536) -> None:
    """Let this process and its children hold as many sockets as the system allows: every open stream is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def signal_group(pid: int, number: int) -> bool:
    """Signal the process group led by `pid`; false when nothing of it is left."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def stop_group(process: subprocess.Popen[bytes], *, first: int = signal.SIGTERM, grace: float = 10.0) -> int:
    """Ask the leader to stop, kill whatever of its group is left after `grace` seconds; returns its exit code."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(first)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    signal_group(process.pid, signal.SIGKILL)
    return process.wait()


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists and is not just waiting to be reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "Z"


def command_line(pid: int) -> str:
    """The command line of a process, empty when it is gone."""
    proc = Path(f"/proc/{pid}/cmdline")
    try:
        if proc.parent.parent.joinpath("self").exists():
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
    listing = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)  # noqa: S607
    return listing.stdout.strip()


def wait_until(condition: Callable[[], bool], timeout: float, interval: float = 0.02) -> bool:
    """Poll a cheap local condition until it holds or `timeout` seconds are over."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True
