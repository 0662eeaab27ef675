"""The product behind a real port in this process, with workers, and the client package on the path."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from portal.accounts.services import create_api_key
from portal.workspaces.services import Actor
from tests.people import make_owner
from tests.running import close_loop, wait_until, worker_in_process

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients" / "python"))


@pytest.fixture
def owner(transactional_db: None) -> Actor:
    return make_owner()


@pytest.fixture
def site(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[str]:
    """The address of the whole ASGI application."""
    from portal.asgi import application

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: Any = None) -> None:
            await super().shutdown(sockets)
            await close_loop()

    server = Server(uvicorn.Config(application, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    with worker_in_process(monkeypatch):
        thread.start()
        wait_until(lambda: server.started)
        address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        settings.PUBLIC_URL = address
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join(15)


@pytest.fixture
def key(owner: Actor) -> Callable[..., str]:
    """The secret of a new personal key."""

    def make(**options: Any) -> str:
        assert owner.user is not None
        return create_api_key(owner.user, "client tests", **options)[1]

    return make
