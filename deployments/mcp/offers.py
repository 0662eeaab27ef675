"""Prompts and resources over MCP. A server without any does not advertise them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from deployments.mcp.calls import call_tool
from deployments.mcp.exchange import Caller
from deployments.mcp.target import Target
from deployments.offers import Prompt, Resource, uri

Context = ServerRequestContext[Any, Any]
#: Announced by the 2026-07-28 revision; earlier clients read it as "resource not found" all the same.
NOT_FOUND = types.INVALID_PARAMS


def handlers(target: Target, caller_of: Callable[[Context], Caller]) -> dict[str, Any]:
    """The SDK server's handlers for what this target offers."""
    found: dict[str, Any] = {}
    if target.prompts:
        found |= _prompt_handlers(target.prompts)
    if target.resources:
        found |= _resource_handlers(target, caller_of)
    return found


def one_page(params: types.PaginatedRequestParams | None) -> None:
    """Refuse a cursor: our lists are answered whole."""
    if params is not None and params.cursor is not None:
        raise MCPError(types.INVALID_PARAMS, "This list has one page only: send no cursor.")


def _prompt_handlers(prompts: dict[str, Prompt]) -> dict[str, Any]:
    listed = types.ListPromptsResult(
        prompts=[
            types.Prompt(
                name=prompt.name,
                title=prompt.title or None,
                description=prompt.description or None,
                arguments=[
                    types.PromptArgument(name=item.name, description=item.description or None, required=item.required)
                    for item in prompt.arguments
                ],
            )
            for prompt in prompts.values()
        ]
    )

    async def on_list(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        one_page(params)
        return listed

    async def on_get(ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        prompt = prompts.get(params.name)
        if prompt is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: {params.name[:64]}. There are {', '.join(prompts)}.")
        values = params.arguments or {}
        if missing := prompt.missing(values):
            raise MCPError(types.INVALID_PARAMS, f"The prompt {prompt.name} needs {', '.join(missing)}.")
        content = types.TextContent(type="text", text=prompt.fill(values))
        return types.GetPromptResult(
            description=prompt.description or None, messages=[types.PromptMessage(role="user", content=content)]
        )

    async def on_completion(ctx: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        prompt = prompts.get(params.ref.name) if isinstance(params.ref, types.PromptReference) else None
        blanks = {item.name: item.choices for item in prompt.arguments} if prompt else {}
        if params.argument.name not in blanks:
            raise MCPError(types.INVALID_PARAMS, "There is no such prompt or argument to complete.")
        begun = params.argument.value.casefold()
        found = [choice for choice in blanks[params.argument.name] if choice.casefold().startswith(begun)]
        return types.CompleteResult(completion=types.Completion(values=found, total=len(found), has_more=False))

    return {"on_list_prompts": on_list, "on_get_prompt": on_get, "on_completion": on_completion}


def _resource_handlers(target: Target, caller_of: Callable[[Context], Caller]) -> dict[str, Any]:
    by_uri = {uri(target.slug, resource): resource for resource in target.resources.values()}
    listed = types.ListResourcesResult(
        resources=[
            types.Resource(
                uri=address,
                name=resource.name,
                title=resource.title or None,
                description=resource.description or None,
                mime_type=resource.mime_type,
                size=len(resource.text.encode()) if resource.text is not None else None,
            )
            for address, resource in by_uri.items()
        ]
    )

    async def on_list(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        one_page(params)
        return listed

    async def on_templates(
        ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        one_page(params)
        return types.ListResourceTemplatesResult(resource_templates=[])

    async def on_read(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        address = str(params.uri)
        resource = by_uri.get(address)
        if resource is None:
            raise MCPError(NOT_FOUND, "There is no such resource.", data={"uri": address[:500]})
        content: types.TextResourceContents | types.BlobResourceContents
        if resource.blob is not None:
            content = types.BlobResourceContents(uri=address, mime_type=resource.mime_type, blob=resource.blob)
        else:
            text = resource.text if resource.text is not None else await _answer(ctx, resource, caller_of(ctx))
            content = types.TextResourceContents(uri=address, mime_type=resource.mime_type, text=text)
        return types.ReadResourceResult(contents=[content])

    return {"on_list_resources": on_list, "on_list_resource_templates": on_templates, "on_read_resource": on_read}


async def _answer(ctx: Context, resource: Resource, caller: Caller) -> str:
    """What the tool behind a resource says now: a call like any other, counted, limited and stored."""
    answer = await call_tool(ctx, resource.tool, resource.tool_arguments, caller)
    if not isinstance(answer, types.CallToolResult):
        raise MCPError(types.INTERNAL_ERROR, f"{resource.name} takes too long to read; call the tool {resource.tool}.")
    text = "\n".join(item.text for item in answer.content if isinstance(item, types.TextContent))
    if answer.is_error:
        raise MCPError(types.INTERNAL_ERROR, text)
    return text
