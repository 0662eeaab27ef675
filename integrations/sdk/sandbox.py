"""Run untrusted Python of people in a bounded, killable place: expressions and the code node share this wall.

The interpreter is `pydantic-monty`: no imports of the host, no files, no network, no attribute tricks. It runs in
pooled worker processes, so time, memory and even a crash of the interpreter are bounded from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import math
import os
import re
import signal
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portal.common.errors import PortalError, Unready

if TYPE_CHECKING:
    from pydantic_monty import CollectString, MontyRuntimeError, MontySyntaxError

MIB = 1024 * 1024
RESULT_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use: `seconds` of running, bytes of `memory` and `printed` text, call depth, result size."""

    seconds: float = 1.0
    memory: int = 64 * MIB
    recursion: int = 200
    printed: int = 64 * 1024
    result_values: int = 500_000
    result_text: int = 16 * MIB

    def __post_init__(self) -> None:
        if self.recursion <= RESULT_DEPTH:
            # The interpreter would cut deeper results off without a word.
            raise ValueError(f"recursion must be more than {RESULT_DEPTH}")


EXPRESSION_LIMITS = Limits()
CODE_LIMITS = Limits(seconds=10.0, memory=128 * MIB, recursion=500, printed=256 * 1024)
#: Longer sources are refused before anything parses them.
MAX_SOURCE = 100_000
#: The worker is killed this long after a limit that the interpreter itself did not notice.
KILL_GRACE_SECONDS = 0.5
#: Work allowed no longer than this goes to the lane of short work.
SHORT_SECONDS = 2.0
MAX_INTEGER_BITS = 1024


class CodeError(PortalError):
    """The person's code raised an error; `line` counts from 1."""

    code = "code_failed"
    status = 422

    def __init__(self, message: str, *, kind: str = "", line: int | None = None, **extra: Any) -> None:
        super().__init__(message, **extra)
        self.kind = kind
        self.line = line


class CodeSyntaxError(CodeError):
    """The source is not Python, or uses a part of Python the sandbox does not offer."""

    code = "syntax_error"


class LimitExceeded(CodeError):
    """The code used more time, memory, depth or output than it may."""

    code = "limit_exceeded"


@dataclass(frozen=True, slots=True)
class CodeResult:
    """What a program gave back: plain JSON data, the printed lines, and the milliseconds it took."""

    result: Any
    printed: list[str] = field(default_factory=list)
    ms: float = 0.0


class _Turn:
    """One run on a worker, and the right to kill that worker while it is ours."""

    __slots__ = ("_lock", "_pid", "_revoked")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._revoked = False

    def begin(self, pid: int | None) -> bool:
        """Whether the run is still wanted."""
        with self._lock:
            self._pid = pid
            return not self._revoked

    def end(self) -> None:
        with self._lock:
            self._pid = None

    def revoke(self) -> None:
        """Stop the run for good; the pool replaces the worker."""
        with self._lock:
            self._revoked = True
            if self._pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)


class _Workers:
    """The started pool with its threads: short work and long work never wait for one another."""

    def __init__(self, width: int) -> None:
        from pydantic_monty import Monty

        self.owner = os.getpid()
        self.pool = Monty(
            min_processes=1,
            max_processes=2 * width,
            checkout_timeout=30.0,
            max_checkouts_per_worker=500,
            feed_duration_limit_grace=KILL_GRACE_SECONDS,
            turn_duration_limit_grace=KILL_GRACE_SECONDS,
        )
        self.pool.__enter__()
        self.short = ThreadPoolExecutor(width, "sandbox-short")
        self.long = ThreadPoolExecutor(width, "sandbox-long")

    def run(self, source: str, inputs: dict[str, Any], limits: Limits, printed: CollectString, turn: _Turn) -> Any:
        """Run on a fresh session, blocking this thread."""
        session = self.pool.checkout(
            script_name="code",
            limits={
                "max_feed_duration_secs": limits.seconds,
                "max_memory": limits.memory,
                "max_recursion_depth": limits.recursion,
                "max_suspensions": 10,
                "max_total_sleep_secs": 0.0,
            },
            # Asia/Seoul as a fixed offset: a slim image has no zone database.
            os_policy={"timezone": {"offset_seconds": 9 * 3600, "name": "KST"}, "sleep": "zero"},
            assert_message_annotations=False,
        )
        with session:
            if not turn.begin(session.worker_pid):
                return None  # nobody waits for it any more
            try:
                return session.feed_run(source, inputs=inputs, print_callback=printed)
            finally:
                turn.end()

    def stop(self) -> None:
        self.short.shutdown(wait=True, cancel_futures=True)
        self.long.shutdown(wait=True, cancel_futures=True)
        self.pool.__exit__(None, None, None)


class Sandbox:
    """A pool of sandbox workers; safe to use from any thread and any event loop of one process.

    The pool's own asyncio front end is not used: its background threads abort the process at exit now and then.
    """

    def __init__(self, *, width: int | None = None) -> None:
        self.width = width or min(4, max(2, os.cpu_count() or 2))
        self._workers: _Workers | None = None
        self._lock = threading.Lock()

    async def evaluate(self, source: str, values: Mapping[str, Any], limits: Limits = EXPRESSION_LIMITS) -> Any:
        """The value of an expression (statements may precede it) as plain data; raises `CodeError`."""
        return (await self.run_code(source, values, limits)).result

    async def run_code(self, source: str, inputs: Mapping[str, Any], limits: Limits = CODE_LIMITS) -> CodeResult:
        """Run a program with `inputs` as its global names; its last expression or `return` is the result.

        Raises `CodeSyntaxError`, `LimitExceeded`, `CodeError`, `Unready` (no free worker). Cancelling kills the worker.
        """
        from pydantic_monty import CollectString, MontyError

        if len(source) > MAX_SOURCE:
            raise CodeSyntaxError(
                f"The code has {len(source):,} characters; at most {MAX_SOURCE:,} are allowed.",
                remedy="Split it into several nodes.",
            )
        workers = self._started()
        printed, turn = CollectString(max_bytes=limits.printed), _Turn()
        lane = workers.short if limits.seconds <= SHORT_SECONDS else workers.long
        began = time.perf_counter()
        try:
            raw = await asyncio.get_running_loop().run_in_executor(
                lane, workers.run, source, dict(inputs), limits, printed, turn
            )
        except asyncio.CancelledError:
            turn.revoke()
            raise
        except MontyError as error:
            raise _explain(error, limits) from None
        except TimeoutError:
            raise Unready(
                "Every sandbox worker is busy.", remedy="Try again in a moment.", code="sandbox_busy"
            ) from None
        except ValueError as error:  # a cyclic input, or a number too large for Python's own conversion
            raise CodeError(f"The value cannot cross the sandbox: {error}"[:300]) from None
        return CodeResult(plain(raw, limits), printed.output.splitlines(), (time.perf_counter() - began) * 1000)

    def close(self) -> None:
        """Stop the workers. The next use starts new ones."""
        with self._lock:
            workers, self._workers = self._workers, None
        if workers is not None and workers.owner == os.getpid():
            workers.stop()

    def _started(self) -> _Workers:
        workers = self._workers
        if workers is None:
            with self._lock:
                workers = self._workers = self._workers or _Workers(self.width)
        if workers.owner != os.getpid():
            raise RuntimeError("The sandbox was used before this process forked; use it in the child processes only.")
        return workers


_shared = Sandbox()


def shared_sandbox() -> Sandbox:
    """The one sandbox of this process. Never use it before forking worker processes."""
    return _shared


def plain(value: Any, limits: Limits = EXPRESSION_LIMITS) -> Any:
    """`value` as JSON data: tuples and sets become lists, dates ISO text; `CodeError` when it has no such form.

    Shared references are counted each time they appear, so a small structure cannot unfold into a huge document.
    """
    budget = [limits.result_values, limits.result_text]

    def convert(item: Any, depth: int) -> Any:
        budget[0] -= 1
        if budget[0] < 0:
            raise LimitExceeded(
                f"The result has more than {limits.result_values:,} values.", remedy="Return fewer rows."
            )
        kind = type(item)
        if kind is str:
            budget[1] -= len(item)
            if budget[1] < 0:
                raise LimitExceeded(
                    f"The result holds more than {limits.result_text:,} characters.", remedy="Return less text."
                )
            return item
        if item is None or kind is bool:
            return item
        if kind is int:
            if item.bit_length() <= MAX_INTEGER_BITS:
                return item
            raise LimitExceeded("The result holds a number of more than 300 digits.", remedy="Round it or return text.")
        if kind is float:
            if math.isfinite(item):
                return item
            raise CodeError("The result holds a number that is not finite (NaN or infinity).")
        if depth >= RESULT_DEPTH:
            raise LimitExceeded(f"The result is nested deeper than {RESULT_DEPTH} levels.")
        if isinstance(item, Mapping):
            return {_key(key): convert(inner, depth + 1) for key, inner in item.items()}
        if isinstance(item, list | tuple):
            return [convert(inner, depth + 1) for inner in item]
        if isinstance(item, set | frozenset):
            return [convert(inner, depth + 1) for inner in sorted(item, key=repr)]
        if isinstance(item, dt.date | dt.time):
            return item.isoformat()
        if isinstance(item, dt.timedelta):
            return item.total_seconds()
        if isinstance(item, Decimal):
            return str(item)
        raise CodeError(
            f"A result of type {kind.__name__} is not plain data.",
            remedy="Return text, numbers, lists or dictionaries.",
        )

    return convert(value, 0)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bool | int | float):
        return str(key)
    if isinstance(key, dt.date):
        return key.isoformat()
    raise CodeError(f"A dictionary key of type {type(key).__name__} is not plain data.", remedy="Use text keys.")


def _explain(error: Exception, limits: Limits) -> CodeError:
    """The interpreter's error in our words; its text is about the person's own code and data, so they may see it."""
    from pydantic_monty import MontyCrashedError, MontyRuntimeError, MontySyntaxError

    if isinstance(error, MontyCrashedError):
        if error.timed_out:
            return _too_slow(limits)
        return LimitExceeded(
            "The sandbox worker ended while running this code.", remedy="Make the code use less memory or depth."
        )
    text = str(error)
    kind, _, message = text.partition(":")
    message = message.strip()
    line = _line_of(error) if isinstance(error, MontyRuntimeError | MontySyntaxError) else None
    if isinstance(error, MontySyntaxError):
        return CodeSyntaxError(text[:300], kind="SyntaxError", line=line)
    if kind == "TimeoutError" and "limit exceeded" in message:
        return _too_slow(limits)
    if kind == "MemoryError":
        if re.search(rf"> {limits.printed} bytes", message):
            return LimitExceeded(f"The code printed more than {limits.printed:,} bytes.", remedy="Print less.")
        return LimitExceeded(
            f"The code needs more than {limits.memory // MIB} MiB of memory.", remedy="Work on less data at a time."
        )
    if kind == "RecursionError":
        return LimitExceeded(f"The code calls itself more than {limits.recursion} levels deep.")
    if kind == "NotImplementedError" and "monty" in message:
        message = re.sub(r"^The monty syntax parser", "The sandbox", message)
        return CodeSyntaxError(message[:300], kind=kind, line=line)
    return CodeError(text[:300], kind=kind, line=line)


def _too_slow(limits: Limits) -> LimitExceeded:
    return LimitExceeded(f"The code ran longer than {limits.seconds:g} s.", remedy="Make it do less work.")


def _line_of(error: MontyRuntimeError | MontySyntaxError) -> int | None:
    frames = error.traceback()
    return frames[-1].line if frames else None


__all__ = [
    "CODE_LIMITS",
    "EXPRESSION_LIMITS",
    "CodeError",
    "CodeResult",
    "CodeSyntaxError",
    "LimitExceeded",
    "Limits",
    "Sandbox",
    "plain",
    "shared_sandbox",
]
