"""Tools of another MCP server as actions: the official client over our guarded one, every revision it speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from integrations.own.actions import usable
from integrations.own.operations import plain, snake
from integrations.own.spec import MAX_ACTIONS, OwnAction, OwnSpec, Sign
from integrations.sdk import ApiKey, Context, OAuth2Credential, Rejected, Unavailable, error_for_status
from integrations.sdk.errors import ConnectorError
from portal.common.errors import PortalError

if TYPE_CHECKING:
    import httpx2
    from mcp.client import Client

MAX_TOOLS = 500
#: JSON-RPC codes that mean "not what you sent, but us".
_TROUBLE = frozenset({-32603, -32000})
TEXT_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "description": "The texts of the answer"},
        "content": {"type": "array", "items": {"type": "object"}, "description": "Everything the tool answered"},
        "data": {"description": "Structured data, when the tool gives any"},
    },
}


@asynccontextmanager
async def connected(ctx: Context, url: str, sign: Sign, transport: str) -> AsyncIterator[Client]:
    """A client of the server, for one call. What the server's HTTP says of itself comes out as our errors."""
    from mcp.client import Client
    from mcp.client.sse import sse_client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared.exceptions import MCPError
    from mcp_types import Implementation

    refused: list[ConnectorError] = []

    async def look(response: httpx2.Response) -> None:
        if response.status_code in (401, 403, 429) or response.status_code >= 500:
            refused.append(error_for_status(response.status_code, service=response.url.host, headers=response.headers))

    ctx.http.event_hooks = {**ctx.http.event_hooks, "response": [*ctx.http.event_hooks["response"], look]}
    ctx.http.headers.update(_headers(ctx, sign))
    if transport == "sse":
        way: Any = sse_client(url, httpx_client_factory=lambda headers=None, timeout=None, auth=None: ctx.http)
    else:
        way = streamable_http_client(url, http_client=ctx.http)
    info = Implementation(name="mcp-portal", version="1")
    mode: Any = "legacy" if transport == "sse" else "auto"
    try:
        async with Client(way, client_info=info, mode=mode, read_timeout_seconds=ctx.remaining) as client:
            yield client
    except BaseException as error:
        found = next(iter(_parts(error)), error)
        if not isinstance(error, Exception):
            raise
        if refused and not isinstance(found, PortalError):
            raise refused[0] from None
        if isinstance(found, MCPError):
            kind = Unavailable if found.code in _TROUBLE else Rejected
            text = plain(found.message, 500)
            raise kind(f"The MCP server refuses: {text}", code="mcp_error", details={"rpc_code": found.code}) from None
        if isinstance(found, RuntimeError | ValueError) and not isinstance(found, PortalError):
            raise Unavailable(
                "The other side did not answer as an MCP server does.",
                code="broken_answer",
                remedy="Check the address.",
            ) from None
        raise found from None


def _parts(error: BaseException) -> list[BaseException]:
    """The errors inside a group, ours first: the client's task groups wrap what happened within."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    found = [part for inner in error.exceptions for part in _parts(inner)]
    return sorted(found, key=lambda part: not isinstance(part, PortalError))


def _headers(ctx: Context, sign: Sign) -> dict[str, str]:
    credential = ctx.credential
    if isinstance(credential, OAuth2Credential):
        return {"Authorization": f"Bearer {credential.access_token.get_secret_value()}"}
    if isinstance(credential, ApiKey):
        secret = credential.api_key.get_secret_value()
        return {sign.name: secret} if sign.kind == "header" else {"Authorization": f"Bearer {secret}"}
    return {}


def carrier(spec: OwnSpec, base_url: str) -> Any:
    """The function that calls a tool of this server."""

    async def carry(ctx: Context, action: OwnAction, values: dict[str, Any]) -> Any:
        async def told(progress: float, total: float | None, message: str | None) -> None:
            await ctx.progress(progress, total, message or "")

        async with connected(ctx, ctx.upstream.base_url or base_url, spec.sign, spec.transport) as client:
            ctx.log("info", f"MCP {client.protocol_version}: {action.source}")
            result = await client.call_tool(action.source, values, progress_callback=told)
        content = [item.model_dump(mode="json", by_alias=True, exclude_none=True) for item in result.content]
        text = "\n".join(str(item.get("text", "")) for item in content if item.get("type") == "text")
        if result.is_error:
            raise Rejected(f"The tool {action.source} failed: {text[:1000] or 'no reason given'}", code="tool_failed")
        if action.checks_answer and isinstance(result.structured_content, dict):
            return result.structured_content
        return {"text": text, "content": content, "data": result.structured_content}

    return carry


async def read_tools(ctx: Context, url: str, sign: Sign, transport: str) -> tuple[list[dict[str, Any]], str]:
    """The tools of a server over all pages, and what it calls itself."""
    async with connected(ctx, url, sign, transport) as client:
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        seen: set[str] = set()
        while True:
            page = await client.list_tools(cursor=cursor)
            found += [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in page.tools]
            cursor = page.next_cursor
            if not cursor:
                info = client.server_info
                return found, (info.title or info.name) if info else ""
            if cursor in seen or len(found) > MAX_TOOLS:
                raise Unavailable("The server's list of tools does not end.", code="page_loop")
            seen.add(cursor)


def action_of(tool: dict[str, Any], taken: set[str]) -> OwnAction:
    """The action of a tool, with the words the server gives; a name that is taken gets a number."""
    hints = tool.get("annotations") or {}
    name = base = snake(tool["name"])
    number = 1
    while name in taken:
        number += 1
        name = f"{base[:60]}_{number}"
    schema = tool.get("inputSchema") or {}
    schema = usable({**schema, "type": "object", "properties": schema.get("properties") or {}})
    output = tool.get("outputSchema")
    is_record = isinstance(output, dict) and output.get("type") == "object"
    reads = hints.get("readOnlyHint") is True
    return OwnAction(
        source=tool["name"],
        name=name,
        title=plain(tool.get("title") or hints.get("title"), 120) or name.replace("_", " ").capitalize(),
        description=plain(tool.get("description"), 1000),
        effect="read" if reads else "destroy" if hints.get("destructiveHint") is True else "write",
        idempotent=True if hints.get("idempotentHint") is True else None,
        input_schema=schema,
        output_schema=usable(output) if is_record and isinstance(output, dict) else TEXT_ANSWER,
        checks_answer=is_record,
    )


def merge(spec: OwnSpec, tools: list[dict[str, Any]]) -> OwnSpec:
    """The spec with the server's present tools: chosen ones keep their words, missing ones are marked."""
    present = {tool["name"]: tool for tool in tools}
    actions = []
    for action in spec.actions:
        if (tool := present.get(action.source)) is None:
            actions.append(action.model_copy(update={"gone": True}))
            continue
        fresh = action_of(tool, set())
        actions.append(
            action.model_copy(
                update={
                    "input_schema": fresh.input_schema,
                    "output_schema": fresh.output_schema,
                    "checks_answer": fresh.checks_answer,
                    "gone": False,
                }
            )
        )
    return spec.model_copy(update={"tools": tools, "actions": actions[:MAX_ACTIONS]})
