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
