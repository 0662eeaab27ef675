"""The ASGI application of all MCP endpoints: find the deployment, authenticate, pick the transport.

/mcp/<slug>             Streamable HTTP, every protocol revision the SDK speaks
/mcp/<slug>/sse         HTTP+SSE stream of older clients; messages go to /mcp/<slug>/messages
/.well-known/oauth-protected-resource/mcp/<slug>    RFC 9728 metadata
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

from django.conf import settings
from mcp.server._streamable_http_modern import handle_modern_request
from mcp.server.transport_security import RequestBodyLimitMiddleware
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from redis.exceptions import RedisError

from deployments.mcp import legacy, sse
from deployments.mcp.auth import SCOPE, Principal, Refused, verify
from deployments.mcp.endpoint import endpoints
from deployments.mcp.exchange import Caller
from deployments.mcp.http import (
    ClientLeft,
    Headers,
    caller_headers,
    cors_headers,
    header,
    host_is_ours,
    origin_is_allowed,
    reply,
    reply_error,
    reply_json,
)
from deployments.mcp.target import Target, targets
from portal.common import pg
from portal.common.errors import PortalError, TooLarge
from portal.common.http import close_pools
from portal.common.hub import close_redis
from portal.common.pg import close_pool

logger = logging.getLogger(__name__)
_SLUG = r"(?P<slug>[a-z0-9][a-z0-9-]{1,58}[a-z0-9])"
# \Z, not $: a dollar also matches before a final line feed, which arrives as %0a.
_ENDPOINT = re.compile(rf"/mcp/{_SLUG}(?:/(?P<part>sse|messages))?/?\Z")
_METADATA = re.compile(rf"/\.well-known/oauth-protected-resource/mcp/{_SLUG}\Z")


def is_mcp_path(path: str) -> bool:
    """Whether the request is ours and not Django's."""
    return path.startswith(("/mcp/", "/.well-known/oauth-protected-resource/mcp/"))


async def mcp_app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one HTTP request; nothing of an unexpected error but its status reaches the client."""
    started = False

    async def watched(message: dict[str, Any]) -> None:
        nonlocal started
        started = True
        await send(message)

    try:
        await _route(scope, receive, watched)
    except ClientLeft:
        return
    except TooLarge as error:
        if not started:
            await reply_error(send, 413, error.message)
    except (*pg.DatabaseAway, RedisError, OSError) as error:
        logger.warning("MCP endpoint cannot reach its stores: %s", type(error).__name__)
        if not started:
            await reply_error(send, 503, "The server is not ready; try again in a moment.", [(b"retry-after", b"2")])
    except PortalError as error:
        if not started:
            await reply_error(send, error.status, error.message)
    except Exception:
        logger.exception("MCP endpoint failed")
        if not started:
            await reply_error(send, 500, "Internal server error")


async def _route(scope: dict[str, Any], receive: Any, send: Any) -> None:
    path: str = scope["path"]
    if not host_is_ours(scope):
        await reply_error(send, 421, "This host name is not served here.")
        return
    if found := _METADATA.match(path):
        await _metadata(scope, send, found["slug"])
        return
    found = _ENDPOINT.match(path)
    target = await targets().get(found["slug"]) if found else None
    if found is None or target is None or target.state == "retired":
        await reply_error(send, 404, "There is no such server.")
        return
    extra: Headers = []
    if origin := header(scope, b"origin"):
        if not origin_is_allowed(scope, origin, target):
            await reply_error(send, 403, "This origin may not call the server.")
            return
        extra = cors_headers(origin)
        if scope["method"] == "OPTIONS":
            await reply(send, 204, headers=extra)
            return
    try:
        principal = await verify(scope["headers"], target)
    except Refused as refusal:
        challenge = (b"www-authenticate", refusal.challenge(target).encode("latin-1"))
        await reply_error(send, refusal.status, refusal.description, [challenge, *extra])
        return
    if not target.is_live:
        await reply_error(send, 503, "This server is paused by its owner.", [(b"retry-after", b"60"), *extra])
        return
    await endpoints().ready()
    await _serve(found["part"], scope, receive, send, target, principal, extra)


async def _serve(
    part: str | None,
    scope: dict[str, Any],
    receive: Any,
    send: Any,
    target: Target,
    principal: Principal,
    extra: Headers,
) -> None:
    method = scope["method"]
    if part == "sse":
        if method != "GET":
            # A Streamable HTTP client that guesses the transport by POST learns here that it must use GET.
            await reply(send, 405, headers=[(b"allow", b"GET"), *extra])
        else:
            await sse.open_stream(scope, receive, send, target, principal, extra)
    elif part == "messages":
        if method != "POST":
            await reply(send, 405, headers=[(b"allow", b"POST"), *extra])
        else:
            await sse.take_message(scope, receive, send, target, principal, extra)
    elif _is_modern(scope):
        await _modern(scope, receive, send, target, principal, extra)
    else:
        await legacy.serve(scope, receive, send, target, principal, extra)


def _is_modern(scope: dict[str, Any]) -> bool:
    """The era is chosen by header, as the SDK does: an unknown value goes to the modern side, which rejects it."""
    version = header(scope, b"mcp-protocol-version")
    return bool(version) and version not in HANDSHAKE_PROTOCOL_VERSIONS


async def _modern(
    scope: dict[str, Any], receive: Any, send: Any, target: Target, principal: Principal, extra: Headers
) -> None:
    """Hand a request of the modern era to the SDK; a dropped connection cancels the call."""
    server = endpoints().get(target.slug).server_for(target)
    key = header(scope, b"idempotency-key") or None
    caller = Caller(target, principal, "streamable-http", key, headers=caller_headers(scope))
    inner = {**scope, "mcp": caller}

    async def with_headers(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and (more := [*caller.answer_headers, *extra]):
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    async def handle(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        # Host and Origin were checked above against the deployment's own list, hence no settings here.
        await handle_modern_request(server, None, False, None, scope, receive, send)

    limited = RequestBodyLimitMiddleware(handle, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    await limited(inner, receive, with_headers)  # type: ignore[arg-type]


async def _metadata(scope: dict[str, Any], send: Any, slug: str) -> None:
    """RFC 9728: exists for live deployments only, and names exactly one resource."""
    if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
        await reply(send, 405, headers=[(b"allow", b"GET")])
        return
    target = await targets().get(slug)
    if target is None or not target.is_live:
        await reply_error(send, 404, "There is no such server.")
        return
    document = {
        "resource": target.url,
        "resource_name": target.name,
        "authorization_servers": [settings.PUBLIC_URL],
        "scopes_supported": [SCOPE],
        "bearer_methods_supported": ["header"],
    }
    anywhere = [(b"access-control-allow-origin", b"*"), (b"cache-control", b"max-age=60")]
    await reply_json(send, 200, document, anywhere)


async def shut_down() -> None:
    """Close streams and connections of the running event loop."""
    endpoints().close()
    await close_pools()
    await close_redis()
    await close_pool()
