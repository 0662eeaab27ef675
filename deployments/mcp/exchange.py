"""One JSON-RPC message in, one answer out: the SDK's handler kernel without a session object around it.

Legacy transports (Streamable HTTP up to 2025-11-25, HTTP+SSE) are served one message at a time on any
process; nothing is kept between messages. `Caller` travels in the request context to the handlers.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.server.connection import Connection
from mcp.server.lowlevel.server import Server
from mcp.server.runner import modern_error_data, serve_one
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.jsonrpc_dispatcher import cancelled_request_id_from_params, progress_token_from_params
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types import INVALID_REQUEST, PARSE_ERROR
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from deployments.mcp.auth import Principal
from deployments.mcp.target import Target

logger = logging.getLogger(__name__)
DEFAULT_VERSION = "2025-03-26"  # what a request without the version header speaks, says the specification
MAX_DEPTH = 64
_VERSION_META = "io.modelcontextprotocol/protocolVersion"
_CLIENT_META = "io.modelcontextprotocol/clientInfo"
_CAPABILITIES_META = "io.modelcontextprotocol/clientCapabilities"
Notify = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Caller:
    """What the handlers know of a message's sender; found at `scope["mcp"]` of the request."""

    target: Target
    principal: Principal
    transport: str
    idempotency_key: str | None = None
    #: Handlers add what the HTTP answer should say; a stream that has begun says it no more.
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    #: Set as soon as the limits are in `answer_headers`, for a transport that answers before the call has ended.
    limits_taken: asyncio.Event = field(default_factory=asyncio.Event)
    #: Headers that expressions may read as `caller.headers.…`.
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Carrier:
    """Stands where the SDK expects the HTTP request: only its scope is read."""

    scope: dict[str, Any]


class BadMessage(Exception):
    """The body is no single JSON-RPC message. `code` and `message` go into the JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    def body(self) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": None, "error": {"code": self.code, "message": self.message}}


def parse(body: bytes) -> dict[str, Any]:
    """The one JSON-RPC message of a body; `BadMessage` for anything else, batches included."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise BadMessage(PARSE_ERROR, "Parse error") from None
    if not isinstance(message, dict):
        raise BadMessage(INVALID_REQUEST, "Body must be a single JSON-RPC message; batches are not supported")
    if message.get("jsonrpc") != "2.0":
        raise BadMessage(INVALID_REQUEST, 'jsonrpc must be "2.0"')
    identifier = message.get("id")
    if "id" in message and (isinstance(identifier, bool) or not isinstance(identifier, str | int)):
        raise BadMessage(INVALID_REQUEST, "id must be a string or an integer")
    if "method" in message:
        if not isinstance(message["method"], str):
            raise BadMessage(INVALID_REQUEST, "method must be a string")
        if message.get("params") is not None and not isinstance(message["params"], dict):
            raise BadMessage(INVALID_REQUEST, "params must be an object")
    elif "id" not in message or ("result" in message) == ("error" in message):
        raise BadMessage(INVALID_REQUEST, "A message has a method, or an id with a result or an error")
    return message


def is_request(message: dict[str, Any]) -> bool:
    return "method" in message and "id" in message


@dataclass
class _Dispatch:
    """The SDK's dispatch context for one message; notifications of the handler go to `notify_client`."""

    request_id: str | int
    notify_client: Notify | None
    message_metadata: ServerMessageMetadata
    progress_token: str | int | None = None
    transport: TransportContext = field(
        default_factory=lambda: TransportContext(kind="streamable-http", can_send_request=False)
    )
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)
    can_send_request: bool = False

    async def send_raw_request(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> dict[str, Any]:
        raise NoBackChannelError(method)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> None:
        if self.notify_client is not None:
            body: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
            if params is not None:
                body["params"] = dict(params)
            await self.notify_client(body)

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        if self.progress_token is None:
            return
        params: dict[str, Any] = {"progressToken": self.progress_token, "progress": progress}
        if total is not None:
            params["total"] = total
        if message is not None:
            params["message"] = message
        await self.notify("notifications/progress", params)


def version_of(message: dict[str, Any], fallback: str) -> tuple[str, Any, Any]:
    """Protocol version, client info and capabilities: of the message itself when it is of the modern era."""
    meta = (message.get("params") or {}).get("_meta")
    if isinstance(meta, dict) and meta.get(_VERSION_META) in MODERN_PROTOCOL_VERSIONS:
        return meta[_VERSION_META], meta.get(_CLIENT_META), meta.get(_CAPABILITIES_META)
    return (fallback if fallback in HANDSHAKE_PROTOCOL_VERSIONS else DEFAULT_VERSION), None, None


async def answer(
    server: Server[Any],
    message: dict[str, Any],
    caller: Caller,
    *,
    version: str,
    notify: Notify | None = None,
) -> dict[str, Any]:
    """Serve one request and return its JSON-RPC response; no exception text of ours ever gets into it."""
    wire_version, client_info, capabilities = version_of(message, version)
    carrier = Carrier({"type": "http", "mcp": caller})
    dispatch = _Dispatch(
        request_id=message["id"],
        notify_client=notify,
        message_metadata=ServerMessageMetadata(request_context=carrier),
        progress_token=progress_token_from_params(message.get("params")),
    )
    connection = Connection.from_envelope(wire_version, client_info, capabilities)
    try:
        result = await serve_one(
            server, dispatch, message["method"], message.get("params"), connection=connection, lifespan_state=None
        )
    except Exception as error:
        data = modern_error_data(error).model_dump(mode="json", by_alias=True, exclude_none=True)
        return {"jsonrpc": "2.0", "id": message["id"], "error": data}
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


class InFlight:
    """The requests being worked on in this event loop, so that a `notifications/cancelled` can find them.

    The key is (session or connection, request id); what arrives elsewhere travels over Redis (see `app`).
    """

    def __init__(self) -> None:
        self._tasks: dict[tuple[str, str], asyncio.Task[Any]] = {}

    def add(self, scope: str, request_id: str | int, task: asyncio.Task[Any]) -> None:
        key = (scope, repr(request_id))
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key, None) if self._tasks.get(key) is task else None)

    def cancel(self, scope: str, request_id: str | int | None) -> bool:
        """Stop one request, or with None every request of the session; whether any was found."""
        if request_id is None:
            found = [task for (owner, _), task in self._tasks.items() if owner == scope]
        else:
            task = self._tasks.get((scope, repr(request_id)))
            found = [task] if task else []
        for task in found:
            task.cancel()
        return bool(found)


def cancelled_id(message: dict[str, Any]) -> str | int | None:
    """The request that a `notifications/cancelled` names."""
    if message.get("method") != "notifications/cancelled":
        return None
    return cancelled_request_id_from_params(message.get("params"))
