"""Both transports under daphne, which sends no lifespan messages: a web process of its own on the test's database."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2
from django.db import connection
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from portal.stack.layout import ROOT, free_port
from tests.deployments.conftest import Served
from tests.running import wait_until


@contextmanager
def daphne() -> Iterator[str]:
    """The address of a daphne process that serves the whole application."""
    port = free_port()
    url = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = {**os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "portal.settings.test"}
    # The worker's own Redis database is in REDIS_URL already; the child must not choose another one by its name.
    environment.pop("PYTEST_XDIST_WORKER", None)
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0", "portal.asgi:application"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    base = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "daphne ended"
        try:
            return httpx2.get(f"{base}/healthz", trust_env=False, timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False

    try:
        wait_until(answers, 90)
        yield base
    finally:
        process.terminate()
        process.wait(20)


def test_every_transport_works_under_daphne(serve: Callable[..., Served]) -> None:
    served = serve()

    async def work(base: str) -> list[Any]:
        results = []
        async with httpx2.AsyncClient(headers=served.headers, timeout=60, trust_env=False) as web:
            for mode in ("legacy", "2026-07-28"):
                transport = streamable_http_client(f"{base}{served.path}", http_client=web)
                async with Client(transport, mode=mode) as client:
                    results.append((await client.call_tool("echo", {"text": mode})).structured_content)
        async with Client(sse_client(f"{base}{served.path}/sse", headers=served.headers), mode="legacy") as client:
            results.append((await client.call_tool("echo", {"text": "sse"})).structured_content)
        return results

    with daphne() as base:
        results = asyncio.run(work(base))

    assert results == [{"text": "legacy"}, {"text": "2026-07-28"}, {"text": "sse"}]
