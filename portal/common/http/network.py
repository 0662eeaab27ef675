"""Connecting: resolve once, check every address, dial exactly what was checked."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address
from typing import Any

import httpcore2

from portal.common.http.addresses import Policy

Resolver = Callable[[str, int], Awaitable[list[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name in the order the system prefers."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Network backend of the connection pool.

    TLS is started by the pool with the host *name*, so SNI and certificate stay bound to the name although
    the socket is opened to the checked address.
    """

    def __init__(self, policy: Policy, resolver: Resolver = resolve) -> None:
        self._policy = policy
        self._resolver = resolver
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        self._policy.check_host(host, port)
        give_up = None if timeout is None else time.monotonic() + timeout
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolver(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"looking up {host} took too long") from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"{host} could not be found") from error
        if not addresses:
            raise httpcore2.ConnectError(f"{host} has no address")
        if not self._policy.trusts(host, port):
            for text in addresses:
                # One private address is enough to refuse: mixed answers are how rebinding starts.
                self._policy.check_address(host, ip_address(text))
        failure: Exception | None = None
        for index, text in enumerate(addresses):
            left = None if give_up is None else max(0.05, give_up - time.monotonic())
            if left is not None and index < len(addresses) - 1:
                left = min(left, 3.0)
            try:
                return await self._inner.connect_tcp(text, port, left, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        raise httpcore2.UnsupportedProtocol("Unix sockets are not reachable")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
