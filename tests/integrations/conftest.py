"""Running actions against the sandboxes inside this process."""

from __future__ import annotations

import httpx2
import pytest

from integrations.runtime import run_action
from integrations.sandbox_server import create_app, discover_sandboxes
from integrations.sdk import MemoryStore


@pytest.fixture(scope="session")
def sandboxes():
    """The sandbox server as an ASGI application."""
    return create_app(discover_sandboxes())


@pytest.fixture
def run(sandboxes, monkeypatch):
    """`await run("text.echo", text="…")`: any action against its sandbox, with the keyword arguments as parameters."""
    monkeypatch.delenv("HTTP_BASE_URL", raising=False)
    store = MemoryStore()

    async def call(action_id, /, options=None, **params):
        settings = {"store": store, "transport": httpx2.ASGITransport(app=sandboxes), **(options or {})}
        return await run_action(action_id, params, **settings)

    return call
