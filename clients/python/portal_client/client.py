"""The client: `Portal` for waiting code, `AsyncPortal` for async code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Any

import httpx2

from portal_client import models as m
from portal_client.operations import AsyncOperations, Operations
from portal_client.transport import VERSION, AsyncTransport, Transport

Token = str | Callable[[], str]
ENDS = frozenset({"run.succeeded", "run.failed", "run.cancelled"})


class _Bearer(httpx2.Auth):
    """Sends the token; one that renews itself is asked for each time. Only ever to the site itself."""

    def __init__(self, site: str, token: Token) -> None:
        self._origin, self._token = httpx2.URL(site), token

    def auth_flow(self, request: httpx2.Request) -> Any:
        if (request.url.scheme, request.url.netloc) == (self._origin.scheme, self._origin.netloc):
            token = self._token() if callable(self._token) else self._token
            request.headers["Authorization"] = f"Bearer {token}"
        yield request


def _options(site: str, token: Token | None, workspace: str | None, language: str | None) -> dict[str, Any]:
    headers = {"User-Agent": f"mcp-portal-client/{VERSION}", "Accept": "application/json"}
    if workspace:
        headers["X-Workspace"] = workspace
    if language:
        headers["Accept-Language"] = language
    return {
        "base_url": site.rstrip("/"),
        "headers": headers,
        "auth": _Bearer(site, token) if token else None,
        "timeout": httpx2.Timeout(90.0, connect=10.0),
    }


class Portal(Operations):
    """A site with a key or an access token; `workspace` is the id of the workspace meant."""

    def __init__(
        self,
        site: str,
        token: Token | None = None,
        *,
        workspace: str | None = None,
        language: str | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.http = httpx2.Client(**_options(site, token, workspace, language), transport=transport)
        self._transport = Transport(self.http)
        super().__init__(self._transport)

    def follow(self, execution_id: str, *, after: int = 0) -> Iterator[m.EventOutput]:
        """The events of a run as they happen, to its end; a broken stream is taken up where it stopped."""
        while True:
            try:
                path, headers = f"/api/v1/executions/{execution_id}/events", {"Last-Event-ID": after}
                for event in self._transport.events("GET", path, headers=headers):
                    line = m.EventOutput.model_validate_json(event.data)
                    after = line.seq
                    yield line
                    if line.kind in ENDS:
                        return
                return
            except (httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.ReadTimeout):
                continue

    def close(self) -> None:
        self.http.close()

    def __enter__(self) -> Portal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncPortal(AsyncOperations):
    """The same with `await`."""

    def __init__(
        self,
        site: str,
        token: Token | None = None,
        *,
        workspace: str | None = None,
        language: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.http = httpx2.AsyncClient(**_options(site, token, workspace, language), transport=transport)
        self._transport = AsyncTransport(self.http)
        super().__init__(self._transport)

    async def follow(self, execution_id: str, *, after: int = 0) -> AsyncIterator[m.EventOutput]:
        """The events of a run as they happen, to its end; a broken stream is taken up where it stopped."""
        while True:
            try:
                path, headers = f"/api/v1/executions/{execution_id}/events", {"Last-Event-ID": after}
                async for event in self._transport.events("GET", path, headers=headers):
                    line = m.EventOutput.model_validate_json(event.data)
                    after = line.seq
                    yield line
                    if line.kind in ENDS:
                        return
                return
            except (httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.ReadTimeout):
                continue

    async def close(self) -> None:
        await self.http.aclose()

    async def __aenter__(self) -> AsyncPortal:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
