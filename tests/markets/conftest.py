"""A private sandbox upstream, account and desk for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from integrations.sdk import Context, MemoryStore, Site
from markets.cache import Cache, ProcessCache
from markets.desk import Desk
from markets.kis.client import KisClient
from markets.kis.keys import KisKeys
from markets.sandbox import make_app
from markets.sandbox.faults import World


@pytest.fixture
def world() -> World:
    """The memory and the switches of the sandbox; a wide limit, so that only tests of the limit meet it."""
    world = World()
    world.switch({"per_second": 10_000})
    return world


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=make_app(world))
    async with httpx2.AsyncClient(transport=transport, base_url="http://kis") as client:
        yield client


@pytest.fixture
def keys() -> KisKeys:
    return KisKeys(app_key=uuid4().hex + "abcd", app_secret="secret-" + uuid4().hex * 5)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


async def no_sleep(seconds: float) -> None:
    """Retries without their pause."""


@pytest.fixture
def make_client(http, keys, store):
    """A client as another process would have it: its own object over the same store."""

    def make(**options) -> KisClient:
        options.setdefault("sleep", no_sleep)
        return KisClient(http, keys, options.pop("store", store), environment="test", **options)

    return make


@pytest.fixture
def client(make_client) -> KisClient:
    from markets.kis.client import Pace

    return make_client(pace=Pace(10_000, 1.0))


@pytest.fixture
def desk(client, store) -> Desk:
    return Desk(client, Cache(store, process=ProcessCache()), mode="sandbox")


@pytest.fixture
def ctx(http, keys, store) -> Context:
    return Context(http=http, credential=keys, store=store, upstream=Site("http://kis", "sandbox"))


@pytest.fixture
def upstream(world, monkeypatch) -> World:
    """The product's own connector talks to this test's sandbox; its per-process cache starts empty."""
    import integrations.runtime as runtime
    from markets.cache import PROCESS

    original, app = runtime._client, Starlette(routes=[Mount("/kis", make_app(world))])

    def client(connector, site, credential, store, deadline, egress, transport):
        transport = httpx2.ASGITransport(app=app)
        return original(connector, site, credential, store, deadline, egress, transport)

    monkeypatch.setattr(runtime, "_client", client)
    # The limits have tests of their own; here pages are asked as fast as the sandbox answers.
    monkeypatch.setattr("markets.kis.client.Pace.__new__.__defaults__", (10_000, 1.0))
    monkeypatch.setattr("markets.connector.kis.rate", None)
    PROCESS.drop()
    yield world
    PROCESS.drop()
