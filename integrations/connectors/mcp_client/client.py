"""A small client of MCP's Streamable HTTP transport: one session per action call, JSON or event-stream answers.

https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from integrations.connectors.http.auth import deliver, sign
from integrations.sdk import Context, Rejected, Unavailable, error_for_status
from integrations.sdk.http import require_address

if TYPE_CHECKING:
    import httpx2

PROTOCOL = "2025-06-18"
KNOWN = frozenset(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
MAX_PAGES = 50
#: JSON-RPC codes that mean "not what you sent, but us".
_TROUBLE = frozenset([-32603, -32000])


class McpSession:
    """`async with McpSession(ctx, url) as session`: initialised on entry, ended on exit."""

    def __init__(self, ctx: Context, url: str) -> None:
        self._ctx = ctx
        self._url = require_address(url, ctx.upstream.base_url)
        self._headers = {"Accept": "application/json, text/event-stream"}
        self._number = 0
        self.server: dict[str, Any] = {}
        self.host = ""

    async def __aenter__(self) -> McpSession:
        client = {"name": "mcp-portal", "version": "1"}
        params = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client}
        result = await self.request("initialize", params)
        version = str(result.get("protocolVersion", ""))
        if version not in KNOWN:
            raise Rejected(f"{self.host} speaks MCP {version or 'of an unknown revision'}, which we do not.")
        self._headers["MCP-Protocol-Version"] = version
        self.server = result.get("serverInfo") or {}
        await self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    async def __aexit__(self, *exc: object) -> None:
        if "Mcp-Session-Id" not in self._headers:
            return
        try:
            await deliver(self._ctx, self._build("DELETE", None))
        except Unavailable as error:
            # The server forgets idle sessions by itself; the result is already here.
            self._ctx.log("debug", f"The session could not be ended: {error.message}")

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of a request; errors of the server as ours."""
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        response = await self._post(message)
        answer = self._answer(response, self._number)
        if "error" in answer:
            error = answer["error"] if isinstance(answer["error"], dict) else {}
            code, text = error.get("code"), str(error.get("message", ""))[:500]
            kind = Unavailable if code in _TROUBLE else Rejected
            raise kind(f"{self.host} refuses {method}: {text}", code="mcp_error", details={"rpc_code": code})
        result = answer.get("result")
        if not isinstance(result, dict):
            raise self._broken()
        return result

    async def pages(self, method: str, items: str) -> list[dict[str, Any]]:
        """All entries of a list method."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            result = await self.request(method, {"cursor": cursor} if cursor else {})
            rows = result.get(items)
            if not isinstance(rows, list):
                raise self._broken()
            found += rows
            cursor = result.get("nextCursor") or None
            if cursor is None:
                return found
            if cursor in seen:
                break
            seen.add(cursor)
        raise Unavailable(f"The lists of {self.host} do not end.", code="page_loop")

    def _build(self, method: str, message: dict[str, Any] | None) -> httpx2.Request:
        options: dict[str, Any] = {} if message is None else {"json": message}
        request = self._ctx.http.build_request(method, self._url, headers=self._headers, **options)
        sign(self._ctx, request)
        self.host = request.url.host
        return request

    async def _post(self, message: dict[str, Any]) -> httpx2.Response:
        response = await deliver(self._ctx, self._build("POST", message))
        if response.status_code >= 400:
            raise error_for_status(response.status_code, service=self.host, headers=response.headers)
        if session := response.headers.get("mcp-session-id"):
            self._headers["Mcp-Session-Id"] = session
        return response

    def _answer(self, response: httpx2.Response, number: int) -> dict[str, Any]:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            if kind == "text/event-stream":
                messages = [json.loads(data) for data in events_of(response.text)]
            else:
                messages = [response.json()]
        except ValueError:
            raise self._broken() from None
        for message in messages:
            if (
                isinstance(message, dict)
                and message.get("id") == number
                and ("result" in message or "error" in message)
            ):
                return message
        raise self._broken()

    def _broken(self) -> Unavailable:
        return Unavailable(
            f"{self.host} did not answer as an MCP server does.", code="broken_answer", remedy="Check the address."
        )


def events_of(text: str) -> list[str]:
    """The data of each event of an event stream that has any."""
    found, data = [], []
    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            found.append("\n".join(data))
            data = []
    return found
