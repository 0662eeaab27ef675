"""Egress through a pool of proxies of the operator: for reachability and routing, not for getting round a block.

A host stays with its proxy as long as that one works; another is taken only when the proxy itself cannot be reached.
What a site answers (429, 403, a challenge) never changes the proxy. Addresses are checked before the proxy is asked,
because behind it nothing of ours could.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import ip_address
from time import time
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import httpcore2
import httpx2

from portal.common.http.addresses import Policy, literal_address, origin_of
from portal.common.http.client import tls_context
from portal.common.http.errors import Unreachable
from portal.common.http.network import GuardedBackend, Resolver, resolve

FIRST_REST, LONGEST_REST = 60.0, 1_800.0
KEEP_SECONDS = 24 * 3600.0


class Memory(Protocol):
    """Where the health of proxies is kept, for all processes."""

    async def get(self, key: str) -> bytes | None: ...

    async def set(self, key: str, value: bytes, *, ttl: float | None = None, only_if_absent: bool = False) -> bool: ...


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy: `http://user:password@host:port`. Its name shows neither user nor password."""

    url: str

    @property
    def name(self) -> str:
        return origin_of(self.url)

    @property
    def login(self) -> tuple[str, str] | None:
        parts = urlsplit(self.url)
        return (unquote(parts.username), unquote(parts.password or "")) if parts.username else None


@dataclass(frozen=True, slots=True)
class ProxyHealth:
    """`resting_until` in Unix seconds; 0 means that the proxy may be used."""

    failures: int = 0
    resting_until: float = 0.0
    reason: str = ""


class ProxyPool:
    """The proxies with their shared health."""

    def __init__(self, urls: Sequence[str], memory: Memory, *, clock: Any = time) -> None:
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme != "http" or not parts.hostname:
                raise ValueError(
                    f"EGRESS_PROXIES: {origin_of(url) or 'an entry'} is no address such as http://host:3128"
                )
        self.proxies = [Proxy(url) for url in urls]
        self.memory, self.clock = memory, clock

    async def health(self) -> dict[str, ProxyHealth]:
        """Health by the proxy's name."""
        return {proxy.name: await self._health(proxy) for proxy in self.proxies}

    async def _health(self, proxy: Proxy) -> ProxyHealth:
        stored = await self.memory.get(f"egress:{proxy.name}")
        return ProxyHealth(**json.loads(stored)) if stored else ProxyHealth()

    async def choose(self, host: str) -> list[Proxy]:
        """Proxies for a host, the one to use first. The order is the host's own and stays; resting ones are out."""

        def rank(proxy: Proxy) -> bytes:
            return blake2b(f"{host}|{proxy.name}".encode(), digest_size=8).digest()

        now = self.clock()
        ordered = sorted(self.proxies, key=rank)
        return [proxy for proxy in ordered if (await self._health(proxy)).resting_until <= now]

    async def failed(self, proxy: Proxy, reason: str) -> None:
        """The proxy could not be used: it rests for a minute, twice as long on each repeat."""
        known = await self._health(proxy)
        rest = min(FIRST_REST * 2**known.failures, LONGEST_REST)
        await self._keep(proxy, ProxyHealth(known.failures + 1, self.clock() + rest, reason))

    async def worked(self, proxy: Proxy) -> None:
        """The proxy carried a request."""
        if await self.memory.get(f"egress:{proxy.name}"):
            await self._keep(proxy, ProxyHealth())

    async def _keep(self, proxy: Proxy, health: ProxyHealth) -> None:
        values = {name: getattr(health, name) for name in ("failures", "resting_until", "reason")}
        await self.memory.set(f"egress:{proxy.name}", json.dumps(values).encode(), ttl=KEEP_SECONDS)

    async def check(self, policy: Policy, *, resolver: Resolver = resolve, seconds: float = 5.0) -> dict[str, bool]:
        """Open a connection to every proxy and remember which answered."""
        found = {}
        for proxy in self.proxies:
            host, _, port = proxy.name.rpartition(":")
            backend = GuardedBackend(_trusting(policy, proxy), resolver)
            try:
                stream = await backend.connect_tcp(host, int(port), timeout=seconds)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                await self.failed(proxy, "The proxy could not be reached.")
                found[proxy.name] = False
            else:
                await stream.aclose()
                await self.worked(proxy)
                found[proxy.name] = True
        return found


def _trusting(policy: Policy, proxy: Proxy) -> Policy:
    # The operator named the proxy: it may stand on a private address. Nothing else may.
    return Policy((*policy.private, proxy.name), policy.egress)


class ProxiedTransport(httpx2.AsyncBaseTransport):
    """Sends requests through the pool; hand it to `client(transport=…)`. Without a working proxy nothing is sent."""

    def __init__(self, pool: ProxyPool, policy: Policy, *, resolver: Resolver = resolve) -> None:
        self.pool, self.policy, self.resolver = pool, policy, resolver
        self._transports: dict[str, httpx2.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        await self._check(host, request.url.port or (443 if request.url.scheme == "https" else 80))
        for proxy in await self.pool.choose(host):
            try:
                response = await self._through(proxy).handle_async_request(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
                if isinstance(error, httpx2.ProxyError) and not str(error).startswith("407"):
                    raise  # the proxy works and cannot reach the site
                await self.pool.failed(proxy, "The proxy could not be reached, or refuses us.")
                continue
            await self.pool.worked(proxy)
            return response
        raise Unreachable(
            "No egress proxy works now.", code="no_proxy", remedy="Try again later, or look at EGRESS_PROXIES."
        )

    async def _check(self, host: str, port: int) -> None:
        if self.policy.trusts(host, port):
            return
        literal = literal_address(host)
        addresses = [str(literal)] if literal else await self.resolver(host, port)
        for text in addresses:
            self.policy.check_address(host, ip_address(text))

    def _through(self, proxy: Proxy) -> httpx2.AsyncHTTPTransport:
        if proxy.name not in self._transports:
            transport = httpx2.AsyncHTTPTransport(verify=tls_context(), trust_env=False)
            transport._pool = httpcore2.AsyncHTTPProxy(
                f"http://{proxy.name}",
                proxy_auth=proxy.login,
                ssl_context=tls_context(),
                max_connections=20,
                keepalive_expiry=20.0,
                network_backend=GuardedBackend(_trusting(self.policy, proxy), self.resolver),
            )
            self._transports[proxy.name] = transport
        return self._transports[proxy.name]

    async def aclose(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()
