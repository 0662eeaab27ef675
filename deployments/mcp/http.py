"""Plain ASGI answers and bodies for the MCP endpoints, which run before Django and its middleware."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings

from deployments.mcp.target import Target
from portal.common.errors import PortalError, TooLarge

Headers = list[tuple[bytes, bytes]]
JSON = (b"content-type", b"application/json")


async def reply(send: Any, status: int, body: bytes = b"", headers: Headers | None = None) -> None:
    """Send a whole answer."""
    head = [(b"content-length", str(len(body)).encode()), (b"x-content-type-options", b"nosniff"), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def reply_json(send: Any, status: int, data: Any, headers: Headers | None = None) -> None:
    await reply(send, status, orjson.dumps(data), [JSON, *(headers or [])])


async def reply_error(send: Any, status: int, message: str, headers: Headers | None = None) -> None:
    """An error before any JSON-RPC message was understood: a JSON-RPC error without id."""
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": message}}
    await reply_json(send, status, body, headers)


async def read_body(scope: dict[str, Any], receive: Any) -> bytes:
    """The request body; `TooLarge` past the configured limit, without reading the rest."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    declared = header(scope, b"content-length")
    too_large = TooLarge(f"The body is larger than {limit:,} bytes.")
    if declared and declared.isdigit() and int(declared) > limit:
        raise too_large
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise too_large
        if not message.get("more_body"):
            return b"".join(parts)


class ClientLeft(PortalError):
    """The client closed the connection before its request was complete."""

    def __init__(self) -> None:
        super().__init__("The client left.")


def header(scope: dict[str, Any], name: bytes) -> str:
    """The first value of a header, empty when absent."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def caller_headers(scope: dict[str, Any]) -> dict[str, str]:
    """What a client tells about its caller: `X-Caller-…` without the prefix, and the language it accepts."""
    found = {}
    for key, value in scope["headers"]:
        if key.startswith(b"x-caller-"):
            found[key[9:].decode("latin-1").replace("-", "_")[:60]] = value.decode("latin-1")[:500]
        elif key == b"accept-language":
            found["accept_language"] = value.decode("latin-1")[:200]
        if len(found) >= 20:
            break
    return found


def host_is_ours(scope: dict[str, Any]) -> bool:
    """Whether the parsed Host names us; the raw text is never matched against a pattern (user@host tricks)."""
    hosts = [value for key, value in scope["headers"] if key == b"host"]
    if len(hosts) != 1:
        return False
    text = hosts[0].decode("latin-1")
    if any(character in text for character in "@/\\?# \t"):
        return False
    try:
        name = urlsplit(f"//{text}").hostname or ""
    except ValueError:
        return False
    return name in {host.strip("[]") for host in settings.ALLOWED_HOSTS}


def origin_is_allowed(scope: dict[str, Any], origin: str, target: Target) -> bool:
    """A browser's Origin must be ours (the checked Host) or one that the deployment's owner listed."""
    public = urlsplit(settings.PUBLIC_URL)
    own = {f"{public.scheme}://{public.netloc}", f"{public.scheme}://{header(scope, b'host')}"}
    return origin in own or origin in target.allowed_origins


def cors_headers(origin: str) -> Headers:
    """What a browser client of an allowed foreign origin needs."""
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"vary", b"Origin"),
        (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
        (
            b"access-control-allow-headers",
            b"authorization, content-type, accept, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, "
            b"idempotency-key, last-event-id",
        ),
        (
            b"access-control-expose-headers",
            b"mcp-session-id, mcp-protocol-version, www-authenticate, retry-after, ratelimit, ratelimit-policy",
        ),
        (b"access-control-max-age", b"600"),
    ]
