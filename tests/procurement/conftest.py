"""A sandbox of its own and a client on it, without a network, for each test."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest

from integrations.sdk.store import MemoryStore
from procurement.g2b import G2bClient, Gate
from procurement.sandbox import SANDBOX_KEY, World, build


async def no_sleep(seconds: float) -> None:
    return None


@pytest.fixture
def world() -> World:
    return World(today="2026-11-20")


@pytest.fixture
async def http(world: World):
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(build(world)), base_url="http://sandbox.test"
    ) as client:
        yield client


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def make_client(http: httpx2.AsyncClient, store: MemoryStore) -> Callable[..., G2bClient]:
    def make(key: str = SANDBOX_KEY, **options) -> G2bClient:
        options.setdefault("sleep", no_sleep)
        gate = options.pop("gate", None) or Gate(store, "test", sleep=no_sleep)
        return G2bClient(http, key, gate=gate, **options)

    return make


@pytest.fixture
def g2b(make_client: Callable[..., G2bClient]) -> G2bClient:
    return make_client()


@pytest.fixture
def fixed_answer() -> Callable[..., G2bClient]:
    """A client whose upstream always gives the same body."""

    def make(body: bytes | str, status: int = 200, **options) -> G2bClient:
        content = body.encode() if isinstance(body, str) else body
        seen: list[httpx2.Request] = []

        def handle(request: httpx2.Request) -> httpx2.Response:
            seen.append(request)
            return httpx2.Response(status, content=content)

        http = httpx2.AsyncClient(transport=httpx2.MockTransport(handle), base_url="http://upstream.test")
        options.setdefault("sleep", no_sleep)
        client = G2bClient(http, options.pop("key", SANDBOX_KEY), **options)
        client.seen = seen  # type: ignore[attr-defined]
        return client

    return make


@pytest.fixture(scope="session")
def served_world():
    """A sandbox behind a real port, for code that opens its own connections; the world is emptied per test."""
    import socket
    import threading
    import time

    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from procurement.sandbox import PREFIX

    world = World(today="2026-11-20")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = Starlette(routes=[Mount(PREFIX, build(world))])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield world, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def upstream(served_world, monkeypatch, tmp_path, settings):
    """The sandbox as the workspace's upstream, today frozen there and here, files below a folder of the test."""
    from datetime import datetime

    from portal.settings.env import env
    from procurement.g2b import calendar

    world, url = served_world
    world.__init__(today="2026-11-20")
    monkeypatch.setattr(env(), "sandbox_url", url)
    monkeypatch.setattr(env(), "var_dir", tmp_path)
    settings.MEDIA_ROOT = tmp_path / "files"
    frozen = datetime(2026, 11, 20, 12, tzinfo=calendar.SEOUL)
    monkeypatch.setattr(calendar, "seoul_now", lambda now=None: now.astimezone(calendar.SEOUL) if now else frozen)
    monkeypatch.setattr("procurement.desk.seoul_now", lambda: frozen)
    return world


@pytest.fixture
def people(db):
    """A workspace with an editor and a viewer, and a stranger with a workspace of their own."""
    from types import SimpleNamespace

    from portal.accounts.models import User
    from portal.workspaces.models import Membership
    from portal.workspaces.services import actor_for, create_workspace

    def person(name: str) -> User:
        return User.objects.create_user(email=f"{name}@example.org", password="a-long-password")

    owner, viewer, stranger = person("owner"), person("viewer"), person("stranger")
    workspace = create_workspace(owner, "Buyers")
    Membership.objects.create(workspace=workspace, user=viewer, role="viewer")
    create_workspace(stranger, "Elsewhere")
    return SimpleNamespace(
        workspace=workspace, owner=owner, viewer=viewer, stranger=stranger, actor=actor_for(owner, workspace)
    )


@pytest.fixture
def sent(monkeypatch):
    """Jobs handed to the workers, instead of a broker."""
    handed: list = []
    monkeypatch.setattr("procurement.jobs.send", handed.append)
    return handed
