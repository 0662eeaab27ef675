"""The last check before a switch: a real MCP client lists the tools of the new revision."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from deployments.mcp.auth import Principal
from deployments.mcp.endpoint import Endpoint
from deployments.mcp.exchange import Caller
from deployments.mcp.later import NAME as GET_RESULT
from deployments.mcp.later import is_offered
from deployments.mcp.target import Target, load_target
from portal.common.bridge import run_async
from portal.common.errors import Unready
from portal.common.http import asgi_client

PROBE_SECONDS = 15.0


class ProbeFailed(Unready):
    """The new revision does not answer as a client expects; the live one is untouched."""

    code = "probe_failed"
    status = 502
    retryable = False


async def probe(slug: str, revision_id: UUID) -> list[str]:
    """The tool names that a client sees at this revision; `ProbeFailed` when anything is not as it was built."""
    target = await load_target(slug, revision_id)
    if target is None or target.revision_id is None:
        raise ProbeFailed("The new revision cannot be read back.")
    try:
        names = await asyncio.wait_for(_list_tools(target), PROBE_SECONDS)
    except ProbeFailed:
        raise
    except Exception as error:
        raise ProbeFailed(
            "A client could not list the tools of the new revision; the live one is untouched.",
            remedy="Look at the schemas of the tools.",
            details={"cause": type(error).__name__},
        ) from error
    wanted = [*target.tools, *([GET_RESULT] if is_offered(target) else [])]
    if names != wanted:
        raise ProbeFailed("A client sees other tools than the revision has.", details={"seen": names})
    return names


async def _list_tools(target: Target) -> list[str]:
    from mcp.server._streamable_http_modern import handle_modern_request

    server = Endpoint(target.slug).server_for(target)
    caller = Caller(target, Principal("probe", "probe", "probe"), "streamable-http")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await handle_modern_request(server, None, False, None, {**scope, "mcp": caller}, receive, send)

    async with asgi_client(app) as http:
        transport = streamable_http_client(f"http://probe.invalid{target.path}", http_client=http)
        async with Client(transport, mode="2026-07-28") as client:
            listed = await client.list_tools()
    return [tool.name for tool in listed.tools]


def probe_now(slug: str, revision_id: UUID) -> list[str]:
    """`probe` from synchronous code."""
    return run_async(lambda: probe(slug, revision_id))
