"""Feeds hostile sources to the sandbox in a process of its own and reports, as JSON, how each one ended.

Run by test_hostile_code.py. The limits of this process are only a safety net for the machine.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from integrations.sdk.sandbox import Limits, Sandbox
from portal.common.errors import PortalError

MIB = 1024 * 1024
LIMITS = Limits(seconds=0.2, memory=32 * MIB, recursion=100, printed=20_000, result_values=20_000, result_text=MIB)


def own_peak() -> int:
    """Peak resident memory of this process in bytes; `getrusage` would count the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


async def main(sources: list[str]) -> None:
    sandbox = Sandbox(width=1)
    await sandbox.evaluate("1", {})
    results = []
    for source in sources:
        began = time.perf_counter()
        try:
            ended = repr(await sandbox.evaluate(source, {"text": "a" * 100}, LIMITS))[:200]
        except PortalError as error:
            ended = error.error_code
        results.append({"source": source, "ended": ended, "seconds": time.perf_counter() - began})
        assert await sandbox.evaluate("40 + 2", {}) == 42  # the pool still works
    sandbox.close()
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    json.dump({"results": results, "peak": own_peak(), "workers_peak": workers}, sys.stdout)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
    resource.setrlimit(resource.RLIMIT_DATA, (3 * 1024 * MIB, 3 * 1024 * MIB))
    asyncio.run(main(json.load(sys.stdin)))
