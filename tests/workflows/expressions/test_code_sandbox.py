"""The sandbox itself: results, printed lines, errors with lines, cancelling, many at once."""

import asyncio
import datetime as dt
import os
import subprocess
import sys
import threading
from decimal import Decimal

import pytest

from integrations.sdk.sandbox import (
    CodeError,
    CodeSyntaxError,
    LimitExceeded,
    Limits,
    Sandbox,
    plain,
    shared_sandbox,
)

SMALL = Limits(
    seconds=0.3, memory=16 * 1024 * 1024, recursion=70, printed=2_000, result_values=1_000, result_text=5_000
)


async def test_a_program_gives_its_last_expression_or_return_and_its_printed_lines():
    source = "print('one')\nprint('two', rows)\ndef double(x):\n    return x * 2\n[double(row) for row in rows]"

    result = await shared_sandbox().run_code(source, {"rows": [1, 2]})
    returned = await shared_sandbox().run_code("if n > 1:\n    return {'big': True}\nreturn None", {"n": 5})

    assert result.result == [2, 4]
    assert result.printed == ["one", "two [1, 2]"]
    assert returned.result == {"big": True}


async def test_programs_do_not_see_one_another():
    await shared_sandbox().run_code("secret = 5\nsecret", {})

    with pytest.raises(CodeError, match="secret"):
        await shared_sandbox().run_code("secret", {})


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("x = 1\ny = 2\nx / 0", CodeError, 3),
        ("x = (", CodeSyntaxError, None),
        ("def f():\n    raise ValueError('no')\nf()", CodeError, 2),
    ],
)
async def test_errors_name_their_line(source, kind, line):
    with pytest.raises(kind) as caught:
        await shared_sandbox().run_code(source, {})

    if line is not None:
        assert caught.value.line == line


@pytest.mark.parametrize(
    "source",
    [
        "import socket",
        "import subprocess",
        "import urllib.request",
        "import ctypes",
        "exec('import socket')",
        "__import__('os')",
        "open('/etc/passwd').read()",
        "import os\nos.listdir('/')",
        "import os\nos.environ['PATH']",
        "import os\nos.system('id')",
    ],
)
async def test_the_outside_is_out_of_reach(source):
    with pytest.raises(CodeError):
        await shared_sandbox().run_code(source, {})


async def test_the_environment_of_the_process_never_enters(monkeypatch):
    monkeypatch.setenv("PORTAL_TEST_SECRET", "hunter2")

    with pytest.raises(CodeError) as caught:
        await shared_sandbox().run_code("import os\nos.getenv('PORTAL_TEST_SECRET')['x']", {})

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("while True:\n    pass", "longer than 0.3 s"),
        ("'a' * 10**10", "16 MiB"),
        ("def f():\n    return f()\nf()", "70 levels"),
        ("print('x' * 5000)\nprint('x' * 90000)", "printed more"),
        ("list(range(5000))", "more than 1,000 values"),
        ("'x' * 9000", "5,000 characters"),
        ("x = []\n[x := [x, x] for _ in range(40)]\nx", "more than 1,000 values"),
        ("x = []\n[x := [x] for _ in range(40)]\n[x := [x] for _ in range(60)]\nx", "deeper than 64"),
    ],
)
async def test_every_limit_has_its_own_words(source, words):
    with pytest.raises(LimitExceeded, match=words):
        await shared_sandbox().run_code(source, {}, SMALL)


async def test_sleeping_takes_no_time():
    limits = Limits(seconds=5)

    result = await asyncio.wait_for(shared_sandbox().run_code("import time\ntime.sleep(3600)\n'done'", {}, limits), 5)

    assert result.result == "done"


async def test_cancelling_kills_the_worker_and_the_pool_goes_on():
    sandbox = Sandbox(width=1)
    endless = asyncio.create_task(sandbox.run_code("while True:\n    pass", {}, Limits(seconds=60)))
    await asyncio.sleep(0.2)

    endless.cancel()
    with pytest.raises(asyncio.CancelledError):
        await endless

    # With one thread for long work, this waits for the killed one to be gone.
    assert (await asyncio.wait_for(sandbox.run_code("1 + 1", {}, Limits(seconds=60)), 10)).result == 2
    sandbox.close()


async def test_long_programs_do_not_hold_up_short_expressions():
    sandbox = Sandbox(width=1)
    endless = asyncio.create_task(sandbox.run_code("while True:\n    pass", {}, Limits(seconds=60)))
    await asyncio.sleep(0.1)

    assert await asyncio.wait_for(sandbox.evaluate("1 + 1", {}), 10) == 2

    endless.cancel()
    await asyncio.gather(endless, return_exceptions=True)
    sandbox.close()


def test_many_threads_and_event_loops_share_one_sandbox():
    sandbox, results = Sandbox(), {}

    async def many(base):
        return await asyncio.gather(*[sandbox.evaluate("base + n", {"base": base, "n": n}) for n in range(20)])

    def thread(base):
        results[base] = asyncio.run(many(base))

    threads = [threading.Thread(target=thread, args=(base,)) for base in range(0, 600, 100)]
    for item in threads:
        item.start()
    for item in threads:
        item.join()
    sandbox.close()

    assert results == {base: [base + n for n in range(20)] for base in range(0, 600, 100)}


async def test_a_forked_child_is_told_instead_of_hanging():
    sandbox = Sandbox()
    await sandbox.evaluate("1", {})
    sandbox._workers.owner = os.getppid()  # as seen from a child process

    with pytest.raises(RuntimeError, match="forked"):
        await sandbox.evaluate("1", {})
    sandbox._workers.owner = os.getpid()
    sandbox.close()


def test_a_process_that_used_the_sandbox_exits_cleanly_and_leaves_no_worker():
    source = (
        "import asyncio\nfrom integrations.sdk.sandbox import shared_sandbox\n"
        "async def main():\n"
        "    print(await asyncio.gather(*[shared_sandbox().evaluate('n + 1', {'n': n}) for n in range(8)]))\n"
        "asyncio.run(main())\n"
    )

    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[1, 2, 3, 4, 5, 6, 7, 8]", "")


def test_plain_data_of_python_values():
    value = {1: (1, 2), "s": {3}, "d": dt.date(2026, 1, 2), "t": dt.timedelta(minutes=1), "n": Decimal("1.50"), None: 1}

    with pytest.raises(CodeError, match="key of type NoneType"):
        plain(value)
    del value[None]
    assert plain(value) == {"1": [1, 2], "s": [3], "d": "2026-01-02", "t": 60.0, "n": "1.50"}


async def test_cyclic_and_strange_inputs_are_refused_not_crashed_on():
    loop: list = []
    loop.append(loop)

    with pytest.raises(CodeError):
        await shared_sandbox().evaluate("a", {"a": loop})
    with pytest.raises(CodeError):
        await shared_sandbox().evaluate("a", {"a": object()})
