"""A client of 조달청 for code outside of actions: background crawls and collections."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from asgiref.sync import AsyncToSync, sync_to_async

from integrations.registry import registry, resolve_site
from integrations.runtime import typed_credential
from integrations.sdk import Rejected, Unavailable
from integrations.services import credential_for
from portal.common import http
from portal.common.http.network import resolve
from portal.common.hub import close_redis
from portal.common.store import RedisStore
from procurement.g2b import G2bClient, Gate
from procurement.g2b.keys import fingerprint, normalise_key
from procurement.keys import NaramarketKey

P = ParamSpec("P")
T = TypeVar("T")
#: A page of 999 rows takes the live service about 20 seconds; 개찰 pages up to 10.
BUDGET = http.Budget(total=150.0, connect=10.0, read=90.0, max_bytes=64 * 1024 * 1024)
DNS_SECONDS = 300.0
_names: dict[tuple[str, int], tuple[float, list[str]]] = {}


@dataclass(frozen=True, slots=True)
class Access:
    """A client and what it talks to."""

    client: G2bClient
    mode: str

    @property
    def is_sample(self) -> bool:
        return self.mode == "sandbox"


async def cached_resolve(host: str, port: int) -> list[str]:
    """Addresses of a host, remembered for five minutes; each connection still checks them."""
    known = _names.get((host, port))
    if known is not None and known[0] > time.monotonic():
        return known[1]
    found = await resolve(host, port)
    _names[(host, port)] = (time.monotonic() + DNS_SECONDS, found)
    return found


@asynccontextmanager
async def open_access(workspace_id: UUID, user_id: UUID | None = None) -> AsyncIterator[Access]:
    """The workspace's client; limits are shared with every other use of the same key.

    Raises `MissingCredential` when the workspace has no connection and the upstream is live.
    """
    connector = registry().connector("naramarket")
    site = resolve_site(connector)
    opened = await sync_to_async(credential_for)(workspace_id, "naramarket", user_id=user_id)
    credential = typed_credential(connector, opened.values if opened and opened.values else None)
    assert isinstance(credential, NaramarketKey)
    key = normalise_key(credential.service_key.get_secret_value())
    # The same prefix and scope as the tools use, so that both count in one place.
    gate = Gate(RedisStore("sdk"), fingerprint(key))
    client = http.client(
        site.base_url,
        budget=BUDGET,
        errors=http.Errors(refused=Rejected, unreachable=Unavailable),
        egress=opened.egress if opened else None,
        trusted_url=site.base_url if site.mode != "live" else "",
        resolver=cached_resolve,
    )
    async with client:
        yield Access(G2bClient(client, key, gate=gate), site.mode)


def blocking(function: Callable[P, Awaitable[T]]) -> Callable[P, T]:
    """An async function for sync callers: on a loop of its own, whose pools end with it.

    Not through `portal.common.bridge`: crawls write between their calls, and that work must stay in the caller's
    thread, with its connection and transaction.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        async def closing() -> T:
            try:
                return await function(*args, **kwargs)
            finally:
                await http.close_pools()
                await close_redis()

        # Without a new loop it would run on the web server's, and close what every request there shares.
        return AsyncToSync(closing, force_new_loop=True)()

    return call
