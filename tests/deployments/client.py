"""Talking to the MCP application in this process, with the SDK's client and with bare requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from deployments.mcp.app import mcp_app, shut_down

T = TypeVar("T")
BASE = "http://localhost:8000"
MODERN = "2026-07-28"
BOTH = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def in_loop(work: Callable[[], Awaitable[T]]) -> T:
    """Run in a fresh event loop, as a web process would, and close what it opened."""

    async def run() -> T:
        try:
            return await work()
        finally:
            await shut_down()

    return asyncio.run(run())


def http(headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=mcp_app), base_url=BASE, headers=headers, timeout=30, trust_env=False
    )


@asynccontextmanager
async def sdk_client(path: str, headers: dict[str, str], mode: str = "auto") -> AsyncIterator[Client]:
    async with http(headers) as web, Client(streamable_http_client(f"{BASE}{path}", http_client=web), mode=mode) as it:
        yield it


def request(method: str, params: dict[str, Any] | None = None, id: Any = 1) -> dict[str, Any]:
    body: dict[str, Any] = {"jsonrpc": "2.0", "id": id, "method": method}
    if params is not None:
        body["params"] = params
    return body


def modern(
    method: str, params: dict[str, Any] | None = None, *, name: str = ""
) -> tuple[dict[str, Any], dict[str, str]]:
    """Body and headers of a request of the modern era."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
    }
    headers = {**BOTH, "mcp-protocol-version": MODERN, "mcp-method": method}
    if name:
        headers["mcp-name"] = name
    return request(method, {**(params or {}), "_meta": meta}), headers
