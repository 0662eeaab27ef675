"""Ends what a killed supervisor left running. Reads `+PID SIGNAL` and `-PID` lines; acts when its input closes.

The kernel's parent-death signal ends our direct children on Linux; this catches their children too, and other systems.
Started as a plain script so that it costs little memory: standard library only.
"""

import os
import signal
import sys
import time

GRACE = 8.0


def watch() -> dict[int, int]:
    """Follow the lines until the supervisor is gone; the process groups it had not taken back, with their signals."""
    groups: dict[int, int] = {}
    for line in sys.stdin:
        if line.startswith("+"):
            pid, number = line[1:].split()
            groups[int(pid)] = int(number)
        elif line.startswith("-"):
            groups.pop(int(line[1:]), None)
    return groups


def end(groups: dict[int, int]) -> None:
    """Ask every group to stop, wait a little, then kill."""
    left = {pid for pid, number in groups.items() if _send(pid, number)}
    deadline = time.monotonic() + GRACE
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left = {pid for pid in left if _send(pid, 0)}
    for pid in left:
        _send(pid, signal.SIGKILL)


def _send(pid: int, number: int) -> bool:
    try:
        os.killpg(pid, number)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    end(watch())
