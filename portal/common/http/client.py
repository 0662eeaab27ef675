"""The guarded transport and the factory of clients."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore2
import httpx2

from portal.common.errors import PortalError
from portal.common.http.addresses import Policy, default_policy, origin_of
from portal.common.http.body import BoundedStream, Decoder
from portal.common.http.errors import Refused, Unreachable
from portal.common.http.network import GuardedBackend, Resolver, resolve
from portal.common.loops import forget, per_loop

USER_AGENT = "mcp-portal/1"
MEGABYTE = 1024 * 1024
BeforeRequest = Callable[[httpx2.Request], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Budget:
    """What one request, redirects and body included, may use. Times in seconds."""

    total: float = 60.0
    connect: float = 10.0
    read: float = 30.0
    max_bytes: int = 20 * MEGABYTE

    @property
    def timeout(self) -> httpx2.Timeout:
        return httpx2.Timeout(self.read, connect=self.connect, pool=self.connect)


@dataclass(frozen=True, slots=True)
class Errors:
    """The error classes a caller wants to see; the connector runtime asks for the SDK's."""

    refused: type[PortalError] = Refused
    unreachable: type[PortalError] = Unreachable

    def translate(self, error: Exception) -> Exception:
        """The caller's error for one of the HTTP stack; anything else is returned as it is."""
        if isinstance(error, (PortalError, asyncio.CancelledError)):
            if isinstance(error, Refused) and self.refused is not Refused:
                return self.refused(error.message, code=error.error_code, remedy=error.remedy)
            return error
        if isinstance(error, (httpx2.TimeoutException, httpcore2.TimeoutException, TimeoutError)):
            return self.unreachable("The other side did not answer in time.", code="timeout")
        if isinstance(error, httpx2.UnsupportedProtocol | httpcore2.UnsupportedProtocol | httpx2.InvalidURL):
            return self.refused("The request's address is not valid.", remedy="Use an http:// or https:// address.")
        if isinstance(error, httpx2.TooManyRedirects):
            return self.refused("The other side redirects in circles.", code="too_many_redirects")
        if isinstance(error, httpx2.ConnectError | httpcore2.ConnectError):
            return self.unreachable("The connection could not be made.", code="connect_failed")
        if isinstance(error, zlib.error | httpx2.DecodingError):
            return self.unreachable("The answer is packed in a way that cannot be read.", code="broken_answer")
        if isinstance(error, httpx2.HTTPError | httpcore2.NetworkError | httpcore2.ProtocolError):
            return self.unreachable("The connection broke before the answer was complete.", code="connection_lost")
        return error


def _pool(policy: Policy, resolver: Resolver) -> httpx2.AsyncHTTPTransport:
    """The running loop's connection pool for this policy."""
    pools: dict[Any, httpx2.AsyncHTTPTransport] = per_loop("http", dict)
    # The allow-list is checked per request, so pools differ only in what may be dialled.
    key = (policy.private, resolver)
    if key not in pools:
        pools[key] = transport = httpx2.AsyncHTTPTransport(verify=tls_context(), trust_env=False)
        # The transport has no parameter for a network backend; the pool below it does.
        transport._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls_context(),
            max_connections=200,
            max_keepalive_connections=50,
            keepalive_expiry=20.0,
            network_backend=GuardedBackend(Policy(policy.private), resolver),
        )
    return pools[key]


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Certificate check against the usual authorities; built once, because loading them takes a while."""
    return httpx2.create_ssl_context(trust_env=False)


async def close_pools() -> None:
    """Close the running loop's idle connections, at the end of a process or test."""
    for transport in (forget("http") or {}).values():
        await transport.aclose()


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Checks each hop, keeps size and time within the budget, and speaks in the caller's errors."""

    def __init__(
        self,
        policy: Policy,
        budget: Budget,
        errors: Errors,
        *,
        sensitive_headers: Iterable[str] = (),
        resolver: Resolver = resolve,
        inner: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.policy = policy
        self.budget = budget
        self.errors = errors
        self._resolver = resolver
        self._inner = inner
        self._sensitive = tuple(name.lower() for name in sensitive_headers)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        loop = asyncio.get_running_loop()
        # Extensions travel along a redirect chain: the first hop sets what the later ones must keep to.
        deadline: float = request.extensions.setdefault("portal_deadline", loop.time() + self.budget.total)
        max_bytes: int = request.extensions.get("portal_max_bytes", self.budget.max_bytes)
        first = request.extensions.setdefault("portal_origin", _origin(request.url))
        if first != _origin(request.url):
            for name in (*self._sensitive, *request.extensions.get("portal_sensitive", ())):
                request.headers.pop(name, None)
        try:
            if request.url.scheme not in ("http", "https"):
                raise httpx2.UnsupportedProtocol("only http and https")
            self.policy.check_host(request.url.raw_host.decode("ascii"), _port(request.url))
            inner = self._inner or _pool(self.policy, self._resolver)
            async with asyncio.timeout_at(deadline):
                response = await inner.handle_async_request(request)
        except Exception as error:
            raise self.errors.translate(error) from None
        return await self._bound(response, request, deadline, max_bytes)

    async def _bound(
        self, response: httpx2.Response, request: httpx2.Request, deadline: float, max_bytes: int
    ) -> httpx2.Response:
        def too_big() -> PortalError:
            return self.errors.refused(
                f"The answer is larger than {max_bytes:,} bytes.",
                code="answer_too_large",
                remedy="Ask for a smaller part, or raise the limit of the action.",
            )

        headers = response.headers
        encoding = headers.get("content-encoding", "identity").strip().lower()
        decoder = None
        if request.method == "HEAD" or response.status_code in (204, 304):
            headers.pop("content-encoding", None)
        elif encoding in ("gzip", "x-gzip", "deflate"):
            decoder = Decoder(encoding)
            headers.pop("content-encoding", None)
            headers.pop("content-length", None)
        elif encoding not in ("", "identity"):
            await response.aclose()
            raise self.errors.translate(httpx2.DecodingError("an encoding that was not asked for"))
        length = headers.get("content-length", "")
        if request.method != "HEAD" and length.isdigit() and int(length) > max_bytes:
            await response.aclose()
            raise too_big()
        stream = BoundedStream(
            response.stream,  # type: ignore[arg-type]
            max_bytes=max_bytes,
            deadline=deadline,
            decoder=decoder,
            too_big=too_big,
            translate=self.errors.translate,
        )
        return httpx2.Response(response.status_code, headers=headers, stream=stream, extensions=response.extensions)

    async def aclose(self) -> None:
        """The pool outlives the client; only a transport handed in for a test is closed."""
        if self._inner is not None:
            await self._inner.aclose()


class GuardedClient(httpx2.AsyncClient):
    """An `httpx2.AsyncClient` whose mistakes in addresses and redirects speak the caller's errors too."""

    def __init__(self, *, transport: GuardedTransport, **options: Any) -> None:
        super().__init__(transport=transport, trust_env=False, **options)
        self._guard = transport

    def build_request(self, *args: Any, **kwargs: Any) -> httpx2.Request:
        try:
            return super().build_request(*args, **kwargs)
        except httpx2.InvalidURL as error:
            raise self._guard.errors.translate(error) from None

    async def send(self, request: httpx2.Request, **kwargs: Any) -> httpx2.Response:
        try:
            return await super().send(request, **kwargs)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._guard.errors.translate(error) from None


def client(
    base_url: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    auth: httpx2.Auth | None = None,
    policy: Policy | None = None,
    egress: Iterable[str] | None = None,
    trusted_url: str = "",
    budget: Budget | None = None,
    errors: Errors | None = None,
    follow_redirects: bool = False,
    max_redirects: int = 5,
    sensitive_headers: Iterable[str] = (),
    before_request: Iterable[BeforeRequest] = (),
    transport: httpx2.AsyncBaseTransport | None = None,
    resolver: Resolver = resolve,
) -> GuardedClient:
    """A client behind the guard. Create one per piece of work; connections are pooled per event loop.

    `egress`: the workspace's allow-list of hosts, None for every public host.
    `trusted_url`: a URL set by the operator (sandbox, gateway) whose host and port may be private.
    `sensitive_headers`: names that must not follow a redirect to another origin, besides `Authorization`.
    `before_request`: awaited before each request and each hop, for rate limits and signatures.
    `transport`: replaces the network in tests; the checks before it stay.
    """
    policy = policy or default_policy()
    if trusted_url and (origin := origin_of(trusted_url)):
        policy = Policy((*policy.private, origin), policy.egress)
    if egress is not None:
        policy = policy.with_egress(egress)
    budget = budget or Budget()
    guard = GuardedTransport(
        policy,
        budget,
        errors or Errors(),
        sensitive_headers=sensitive_headers,
        resolver=resolver,
        inner=transport,
    )
    return GuardedClient(
        transport=guard,
        base_url=base_url,
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate", **(headers or {})},
        params=params,
        auth=auth,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        timeout=budget.timeout,
        follow_redirects=follow_redirects,
        max_redirects=max_redirects,
        event_hooks={"request": list(before_request)},
    )


def _port(url: httpx2.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, _port(url)
