"""Measure tool calls through the running product against the bare MCP SDK server, and print ratios."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from deployments.bench.load import Figures, measure
from portal.stack.layout import free_port

CLIENTS = (1, 10, 50, 200)
IDLE_STREAMS = 2000


def right_echo(result: dict[str, Any], text: str) -> bool:
    return bool(result["structuredContent"].get("text", result["structuredContent"].get("result")) == text)


def right_fan(result: dict[str, Any], text: str) -> bool:
    return bool(result["structuredContent"] == {"text": f"{text} / {text.upper()} / {len(text)}", "length": len(text)})


class Meter:
    """CPU seconds and memory of a process and everything below it."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)

    def _all(self) -> list[psutil.Process]:
        return [self._root, *self._root.children(recursive=True)]

    def cpu(self) -> float:
        total = 0.0
        for process in self._all():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total

    def memory(self) -> int:
        """Proportional set size where the kernel tells, so that shared pages count once."""
        total = 0
        for process in self._all():
            try:
                info = process.memory_full_info()
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            total += getattr(info, "pss", 0) or info.uss
        return total


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=8.0, help="length of each measurement")
        parser.add_argument("--clients", type=int, nargs="*", default=list(CLIENTS))
        parser.add_argument("--idle", type=int, default=IDLE_STREAMS, help="idle SSE sessions to open; 0 skips it")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        seconds, report = options["seconds"], Report(self.stdout.write)
        with ExitStack() as stack:
            bare = self._bare(stack)
            product = self._product(stack)
            echo, fan = (self._deploy(product, name) for name in ("echo", "fan3"))
            for clients in options["clients"]:
                report.add("bare SDK", asyncio.run(self._metered(bare, seconds, clients, "echo", right_echo)))
                report.add("echo", asyncio.run(self._metered((echo, product[1]), seconds, clients, "echo", right_echo)))
                report.add("fan3", asyncio.run(self._metered((fan, product[1]), seconds, clients, "fan3", right_fan)))
            report.add("tools/list", asyncio.run(self._metered((echo, product[1]), seconds, 10, "", lambda *_: True)))
            if options["idle"]:
                report.idle = asyncio.run(self._idle(echo, product[1], options["idle"]))
        report.print_table(as_json=options["json"])

    def _bare(self, stack: ExitStack) -> tuple[dict[str, str], Meter]:
        port = free_port()
        process = subprocess.Popen([sys.executable, "-m", "deployments.bench.bare", str(port)], cwd=settings.BASE_DIR)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        time.sleep(3)
        return {"url": f"http://127.0.0.1:{port}/mcp", "key": "none"}, Meter(process.pid)

    def _product(self, stack: ExitStack) -> tuple[dict[str, str], Meter]:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ROOT_KEY", "PUBLIC_URL", "SANDBOX_URL")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(names)}
        environment |= {"VAR_DIR": str(folder / "var"), "PORT": str(free_port())}
        log = (folder / "log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.stack", "run"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        stack.callback(process.wait)
        stack.callback(process.send_signal, 2)
        end = time.monotonic() + 240
        while b"ready in" not in (folder / "log").read_bytes():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((folder / "log").read_text()[-3000:])
            time.sleep(0.5)
        return environment, Meter(process.pid)

    def _deploy(self, product: tuple[dict[str, str], Meter], template: str) -> dict[str, str]:
        command = [sys.executable, "manage.py", "deploy_template", template, "--json", "--rate-limit", "0"]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=product[0], capture_output=True, text=True, check=True
        )
        answer: dict[str, str] = json.loads(done.stdout)
        return answer

    async def _metered(
        self, server: tuple[dict[str, str], Meter], seconds: float, clients: int, tool: str, is_right: Any
    ) -> Figures:
        where, meter = server
        before = meter.cpu()
        figures = await measure(
            where["url"], where["key"], clients=clients, seconds=seconds, tool=tool, is_right=is_right
        )
        # Warm-up calls are in the CPU time but not in the count; half a second of at most ten clients.
        figures.cpu_seconds = meter.cpu() - before
        figures.memory_bytes = meter.memory()
        return figures

    async def _idle(self, where: dict[str, str], meter: Meter, count: int) -> dict[str, float]:
        """Memory of open SSE sessions that nobody uses."""
        from urllib.parse import urlsplit

        parts = urlsplit(where["sse_url"])
        head = (
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: text/event-stream\r\n"
            f"Authorization: Bearer {where['key']}\r\n\r\n"
        ).encode()
        before, streams = meter.memory(), []
        for _ in range(count):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(head)
            await reader.readuntil(b"session_id=")
            streams.append((reader, writer))
        await asyncio.sleep(2)
        after = meter.memory()
        for _, writer in streams:
            writer.close()
        return {"sessions": count, "kib_each": (after - before) / 1024 / count}


class Report:
    """Gathers figures and prints them with their ratios."""

    def __init__(self, write: Any) -> None:
        self._write = write
        self._rows: list[tuple[str, Figures]] = []
        self.idle: dict[str, float] = {}

    def add(self, name: str, figures: Figures) -> None:
        self._rows.append((name, figures))

    def _ratio(self, name: str, figures: Figures) -> float:
        bare = next((f for n, f in self._rows if n == "bare SDK" and f.clients == figures.clients), None)
        return figures.calls_per_second / bare.calls_per_second if bare and bare.calls_per_second else float("nan")

    def print_table(self, *, as_json: bool) -> None:
        if as_json:
            rows = [
                {
                    "server": name,
                    "clients": f.clients,
                    "calls_per_second": f.calls_per_second,
                    "ratio": self._ratio(name, f),
                    "p50_ms": f.percentile(0.5),
                    "p95_ms": f.percentile(0.95),
                    "errors": f.errors,
                    "cpu_ms_per_call": f.cpu_milliseconds_per_call,
                    "memory_mib": f.memory_bytes / 2**20,
                }
                for name, f in self._rows
            ]
            self._write(json.dumps({"rows": rows, "idle": self.idle}))
            return
        self._write(
            "| server | clients | calls/s | of bare SDK | p50 ms | p95 ms | errors | CPU ms/call | memory MiB |"
        )
        self._write("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
        for name, f in self._rows:
            self._write(
                f"| {name} | {f.clients} | {f.calls_per_second:,.0f} | {self._ratio(name, f):.2f} "
                f"| {f.percentile(0.5):.1f} | {f.percentile(0.95):.1f} | {f.errors} "
                f"| {f.cpu_milliseconds_per_call:.2f} | {f.memory_bytes / 2**20:.0f} |"
            )
        if self.idle:
            self._write(
                f"\nIdle SSE sessions: {self.idle['sessions']:,.0f} open, {self.idle['kib_each']:.1f} KiB each."
            )
