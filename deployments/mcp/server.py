"""The SDK server object of a slug: tool list and tool calls, computed from the target of each request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.subscriptions import ListenHandler, ServerEvent
from mcp.shared.exceptions import MCPError

from deployments.mcp import offers, tasks
from deployments.mcp.auth import with_client
from deployments.mcp.calls import call_tool
from deployments.mcp.exchange import Caller
from deployments.mcp.later import TOOL as GET_RESULT
from deployments.mcp.later import is_offered
from deployments.mcp.target import Target

logger = logging.getLogger(__name__)
LIST_TTL_MS = 5_000


class Announcements:
    """The SDK's subscription seam: change events of one slug to its open listen streams."""

    def __init__(self) -> None:
        self._listeners: dict[object, Callable[[ServerEvent], None]] = {}

    async def publish(self, event: ServerEvent) -> None:
        self.deliver(event)

    def deliver(self, event: ServerEvent) -> None:
        for listener in tuple(self._listeners.values()):
            listener(event)

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        token = object()
        self._listeners[token] = listener
        return lambda: (self._listeners.pop(token, None), None)[1]


def caller_of(ctx: ServerRequestContext[Any, Any]) -> Caller:
    """The sender of the message; in the modern era each message names its own client."""
    request = ctx.request
    if request is None:
        raise MCPError(types.INVALID_REQUEST, "This message came without its sender.")
    caller: Caller = request.scope["mcp"]
    info = (ctx.meta or {}).get("io.modelcontextprotocol/clientInfo") if isinstance(ctx.meta, dict) else None
    if isinstance(info, dict) and not caller.principal.client_name:
        principal = with_client(caller.principal, str(info.get("name", "")), str(info.get("version", "")))
        return replace(caller, principal=principal)
    return caller


def describe(target: Target) -> list[types.Tool]:
    """The tool contracts of a revision, in their stable order; last the way to results of long calls."""
    later = [GET_RESULT] if is_offered(target) else []
    return [
        types.Tool(
            name=tool.name,
            title=tool.title or None,
            description=tool.description,
            input_schema=tool.input_schema,
            output_schema=tool.output_schema,
            annotations=types.ToolAnnotations.model_validate(tool.annotations) if tool.annotations else None,
        )
        for tool in target.tools.values()
    ] + later


class _Server(Server[Any]):
    """Says in the legacy `initialize` answer that changes of the tool list are announced."""

    def create_initialization_options(
        self, notification_options: NotificationOptions | None = None, *args: Any, **kwargs: Any
    ) -> InitializationOptions:
        return super().create_initialization_options(NotificationOptions(tools_changed=True), *args, **kwargs)


def build_server(target: Target, announcements: Announcements) -> Server[Any]:
    """A server for one revision. Handlers read the target from each request, never from here."""
    listed = types.ListToolsResult(tools=describe(target))

    async def list_tools(
        ctx: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        offers.one_page(params)
        return listed

    async def on_call(ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams) -> Any:
        return await call_tool(ctx, params.name, params.arguments, caller_of(ctx))

    schemas = {tool.name: tool.input_schema for tool in target.tools.values()}
    server = _Server(
        target.slug,
        version=str(target.revision_number),
        title=target.name,
        description=target.description or None,
        instructions=target.instructions or None,
        cache_hints={"tools/list": CacheHint(ttl_ms=LIST_TTL_MS, scope="private")},
        get_tool_input_schema=schemas.get,
        on_list_tools=list_tools,
        on_call_tool=on_call,
        on_subscriptions_listen=ListenHandler(announcements),
        **offers.handlers(target, caller_of),
    )
    tasks.install(server, caller_of)
    return server
