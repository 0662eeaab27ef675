"""A small MCP server: sessions, two pages of tools, JSON and event-stream answers, structured content, tool errors.

Fault switches: `POST /mcp_client/__faults__`.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sdk.standin import standin

PREFIX = "/mcp_client"
CREDENTIAL = {"scheme": "bearer", "hosts": "127.0.0.1", "secret": "sandbox-mcp-token"}
NUMBERS = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}
TOOLS: list[dict[str, Any]] = [
    {
        "name": "add",
        "title": "Add",
        "description": "Adds two numbers",
        "inputSchema": NUMBERS,
        "annotations": {"readOnlyHint": True},
    },
    {"name": "divide", "description": "Divides", "inputSchema": NUMBERS},
    {"name": "whoami", "description": "Tells whether you are signed in", "inputSchema": {"type": "object"}},
]
sessions: set[str] = set()


def _text(text: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], **more}


def _call(name: str, values: dict[str, Any], signed: bool) -> dict[str, Any] | None:
    if name == "add":
        total = values["a"] + values["b"]
        return _text(json.dumps({"sum": total}), structuredContent={"sum": total})
    if name == "divide":
        if values["b"] == 0:
            return _text("division by zero", isError=True)
        return _text(str(values["a"] / values["b"]))
    return _text("signed in" if signed else "a stranger") if name == "whoami" else None


def _result(message: dict[str, Any], signed: bool) -> dict[str, Any]:
    method, params = message["method"], message.get("params") or {}
    if method == "initialize":
        info = {"name": "sandbox", "version": "1.0"}
        return {
            "result": {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
        }
    if method == "tools/list":
        second = params.get("cursor") == "p2"
        return {"result": {"tools": TOOLS[2:]} if second else {"tools": TOOLS[:2], "nextCursor": "p2"}}
    if method == "tools/call":
        result = _call(params["name"], params.get("arguments") or {}, signed)
        if result is not None:
            return {"result": result}
        return {"error": {"code": -32602, "message": f"Unknown tool: {params['name']}"}}
    return {"error": {"code": -32601, "message": "Method not found"}}


async def endpoint(request: Request) -> Response:
    session = request.headers.get("mcp-session-id", "")
    if request.method == "DELETE":
        sessions.discard(session)
        return Response(status_code=204)
    message = await request.json()
    accept = request.headers.get("accept", "")
    if "application/json" not in accept or "text/event-stream" not in accept:
        return JSONResponse({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Not Acceptable"}}, 406)
    headers = {}
    if message["method"] == "initialize":
        session = f"s{len(sessions) + 1}"
        sessions.add(session)
        headers["Mcp-Session-Id"] = session
    elif session not in sessions or not request.headers.get("mcp-protocol-version"):
        return JSONResponse({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "No session"}}, 404)
    if "id" not in message:
        return Response(status_code=202)
    signed = request.headers.get("authorization") == f"Bearer {CREDENTIAL['secret']}"
    answer = {"jsonrpc": "2.0", "id": message["id"], **_result(message, signed)}
    if message["method"] != "tools/call":
        return JSONResponse(answer, headers=headers)
    # Calls answer as a stream: a notification first, then the result.
    note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "working"}}
    stream = "".join(f"event: message\r\ndata: {json.dumps(one)}\r\n\r\n" for one in (note, answer))
    return Response(": hello\r\n\r\n" + stream, media_type="text/event-stream")


app = standin([Route("/", endpoint, methods=["POST", "DELETE"])])
