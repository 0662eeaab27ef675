"""Tools of another MCP server as steps of a workflow."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel

from integrations.connectors.http.connector import HttpCredential
from integrations.connectors.mcp_client.client import McpSession
from integrations.sdk import Connector, Context, Option, Param, Rejected, Text, Upstream

mcp_client = Connector(
    "mcp_client",
    title=Text("MCP server", "MCP 서버"),
    description=Text("Lists and calls the tools of another MCP server.", "다른 MCP 서버의 도구를 조회하고 호출합니다."),
    auth=HttpCredential,
    upstream=Upstream(key="mcp_client", base_url_env="MCP_CLIENT_BASE_URL", live="", sandbox="/mcp_client"),
    group="ai",
    docs_url="https://modelcontextprotocol.io",
)

Url = Annotated[
    str,
    Param(
        "Address of the server (Streamable HTTP)",
        "서버 주소(Streamable HTTP)",
        title="URL",
        min_length=1,
        max_length=4000,
    ),
]


class RemoteTool(BaseModel):
    """A tool of the server."""

    name: str
    title: str = ""
    description: str = ""
    input_schema: dict[str, Any] = {}
    output_schema: dict[str, Any] | None = None
    read_only: bool = False


class RemoteTools(BaseModel):
    """The server and its tools."""

    server: str
    version: str = ""
    tools: list[RemoteTool]
    count: int


class ToolResult(BaseModel):
    """What a tool answered: structured data when it gives any, its texts, and all its content."""

    data: dict[str, Any] | None = None
    text: str = ""
    content: list[dict[str, Any]] = []


@mcp_client.action(
    title=Text("List tools", "도구 목록"),
    description_ko="서버가 제공하는 도구와 그 입력 형식을 조회합니다.",
    needs_credential=False,
    cache=60,
    example={"url": "/"},
)
async def list_tools(ctx: Context, url: Url) -> RemoteTools:
    """Lists the tools of an MCP server with their schemas."""
    async with McpSession(ctx, url) as session:
        raw = await session.pages("tools/list", "tools")
    tools = [
        RemoteTool(
            name=one["name"],
            title=one.get("title") or (one.get("annotations") or {}).get("title") or "",
            description=one.get("description") or "",
            input_schema=one.get("inputSchema") or {},
            output_schema=one.get("outputSchema"),
            read_only=bool((one.get("annotations") or {}).get("readOnlyHint")),
        )
        for one in raw
    ]
    name, version = session.server.get("name", ""), session.server.get("version", "")
    return RemoteTools(server=str(name), version=str(version), tools=tools, count=len(tools))


@mcp_client.action(
    title=Text("Call tool", "도구 호출"),
    description_ko="서버의 도구를 호출하고 결과를 받습니다.",
    effect="write",
    needs_credential=False,
    timeout=120,
    example={"url": "/", "tool": "add", "arguments": {"a": 2, "b": 3}},
)
async def call_tool(
    ctx: Context,
    url: Url,
    tool: Annotated[str, Param("Name of the tool", "도구 이름", min_length=1, max_length=200)],
    arguments: Annotated[dict[str, Any], Param("Arguments of the tool", "도구의 인수")] = {},  # noqa: B006
) -> ToolResult:
    """Calls a tool of an MCP server; an error the tool reports is an error of the step."""
    async with McpSession(ctx, url) as session:
        raw = await session.request("tools/call", {"name": tool, "arguments": arguments})
    content = [one for one in raw.get("content") or [] if isinstance(one, dict)]
    text = "\n".join(str(one.get("text", "")) for one in content if one.get("type") == "text")
    if raw.get("isError"):
        raise Rejected(f"The tool {tool} failed: {text[:1000] or 'no reason given'}", code="tool_failed")
    data = raw.get("structuredContent")
    return ToolResult(data=data if isinstance(data, dict) else None, text=text, content=content)


@call_tool.options("tool")
async def tool_options(ctx: Context, query: str, params: dict[str, Any]) -> list[Option]:
    """The tools of the chosen server."""
    if not params.get("url"):
        return []
    found = await list_tools(ctx, url=params["url"])
    return [Option(one.name, one.title or one.name) for one in found.tools if query.lower() in one.name.lower()]
