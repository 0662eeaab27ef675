"""How each MCP client is set up for a server: one-click links, commands and ready files.

`KEY` stands where the deployment key belongs; the page fills it in while the key is still visible.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from deployments.models import Deployment

KEY = "YOUR_KEY"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: words, and code to copy (with the name of the file it belongs to)."""

    text: str
    code: str = ""
    language: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """An MCP client. `link` opens it with everything filled in; it is rebuilt when the key is known."""

    id: str
    name: str
    group: str
    icon: str
    steps: tuple[Step, ...]
    link: str = ""
    #: How the page makes `link` again with a key: the prefix, and the JSON behind it.
    link_kind: str = ""
    note: str = ""


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _entry(url: str, *, address: str = "url", kind: str = "") -> dict[str, Any]:
    entry: dict[str, Any] = {"type": kind} if kind else {}
    return entry | {address: url, "headers": {"Authorization": f"Bearer {KEY}"}}


def cursor_link(name: str, entry: dict[str, Any]) -> str:
    config = b64encode(json.dumps(entry, separators=(",", ":")).encode()).decode()
    return f"cursor://anysphere.cursor-deeplink/mcp/install?name={quote(name)}&config={quote(config)}"


def vscode_link(name: str, entry: dict[str, Any]) -> str:
    return "vscode:mcp/install?" + quote(json.dumps({"name": name, **entry}, separators=(",", ":")))


def clients_of(deployment: Deployment) -> list[Client]:
    """Every client with its instructions, grouped as the page shows them."""
    name, url = deployment.slug, deployment.url
    header = f"Authorization: Bearer {KEY}"
    cli, desktop, other = _("Command line"), _("Desktop and editors"), _("Other")
    vscode = _entry(url, kind="http")
    return [
        Client(
            "claude-code",
            "Claude Code",
            cli,
            "terminal",
            (
                Step(
                    _("Run this in a terminal:"),
                    f'claude mcp add --transport http {name} {url} --header "{header}"',
                    "sh",
                ),
                Step(_("Check that it answers:"), "claude mcp list", "sh"),
            ),
        ),
        Client(
            "claude-desktop",
            "Claude Desktop",
            desktop,
            "chat",
            (
                Step(_("Open Settings, Developer, Edit Config, and add the server:")),
                Step(
                    "",
                    _json(
                        {
                            "mcpServers": {
                                name: {
                                    "command": "npx",
                                    "args": ["-y", "mcp-remote", url, "--header", "Authorization:${AUTH}"],
                                    "env": {"AUTH": f"Bearer {KEY}"},
                                }
                            }
                        }
                    ),
                    "json",
                    "claude_desktop_config.json",
                ),
                Step(_("Restart Claude Desktop. The tools appear under the plug icon.")),
            ),
            note=_("It needs Node.js on your computer, because the file only starts local commands."),
        ),
        Client(
            "cursor",
            "Cursor",
            desktop,
            "code",
            (Step(_("Or add it by hand:"), _json({"mcpServers": {name: _entry(url)}}), "json", "~/.cursor/mcp.json"),),
            link=cursor_link(name, _entry(url)),
            link_kind="cursor",
        ),
        Client(
            "vscode",
            "VS Code",
            desktop,
            "code",
            (
                Step(_("Or add it by hand:"), _json({"servers": {name: vscode}}), "json", ".vscode/mcp.json"),
                Step(_("Or from a terminal:"), f"code --add-mcp '{json.dumps({'name': name, **vscode})}'", "sh"),
            ),
            link=vscode_link(name, vscode),
            link_kind="vscode",
        ),
        Client(
            "windsurf",
            "Windsurf",
            desktop,
            "code",
            (
                Step(_("Open the MCP settings, View raw config, and add the server:")),
                Step(
                    "",
                    _json({"mcpServers": {name: _entry(url, address="serverUrl")}}),
                    "json",
                    "~/.codeium/windsurf/mcp_config.json",
                ),
                Step(_("Press Refresh in the MCP settings.")),
            ),
        ),
        Client(
            "json",
            _("Any client (JSON)"),
            other,
            "braces",
            (
                Step(
                    _("Streamable HTTP, for most clients:"),
                    _json({"mcpServers": {name: _entry(url, kind="http")}}),
                    "json",
                ),
                Step(
                    _("HTTP with SSE, for older clients:"),
                    _json({"mcpServers": {name: _entry(deployment.sse_url, kind="sse")}}),
                    "json",
                ),
            ),
        ),
        Client(
            "python",
            "Python SDK",
            other,
            "terminal",
            (
                Step(_("Install the SDK:"), "pip install mcp httpx2", "sh"),
                Step(_("List the tools:"), _python(url), "python", "list_tools.py"),
            ),
        ),
        Client(
            "curl",
            "curl",
            other,
            "terminal",
            (
                Step(
                    _("List the tools:"),
                    f"curl -s {url} \\\n"
                    f'  -H "{header}" \\\n'
                    '  -H "Content-Type: application/json" \\\n'
                    '  -H "Accept: application/json, text/event-stream" \\\n'
                    '  -H "MCP-Protocol-Version: 2025-06-18" \\\n'
                    '  -d \'{"jsonrpc":"2.0","id":1,"method":"tools/list"}\'',
                    "sh",
                ),
            ),
        ),
    ]


def _python(url: str) -> str:
    return f'''import asyncio

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main() -> None:
    headers = {{"Authorization": "Bearer {KEY}"}}
    async with httpx2.AsyncClient(headers=headers) as http:
        async with Client(streamable_http_client("{url}", http_client=http)) as client:
            for tool in (await client.list_tools()).tools:
                print(tool.name, "-", tool.description)


asyncio.run(main())'''
