"""Streamable HTTP for revisions 2025-03-26 to 2025-11-25, without any state in the process."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import orjson

from deployments.mcp.auth import Principal, with_client
from deployments.mcp.endpoint import endpoints
from deployments.mcp.exchange import DEFAULT_VERSION, BadMessage, Caller, answer, cancelled_id, is_request, parse
from deployments.mcp.http import Headers, caller_headers, header, read_body, reply, reply_error, reply_json
from deployments.mcp.sessions import Session, new_session, read_session
from deployments.mcp.streams import HEADERS, PING_SECONDS, Stream, event
from deployments.mcp.target import Target

SESSION_HEADER = b"mcp-session-id"


async def serve(
    scope: dict[str, Any], receive: Any, send: Any, target: Target, principal: Principal, extra: Headers
) -> None:
    """One HTTP request of the legacy era."""
    method = scope["method"]
    if method not in {"GET", "POST", "DELETE"}:
        await reply(send, 405, headers=[(b"allow", b"GET, POST, DELETE"), *extra])
        return
    session_id = header(scope, SESSION_HEADER)
    session = read_session(session_id, target, principal) if session_id else None
    if session_id and session is None:
        await reply_error(send, 404, "Session not found", extra)
        return
    if session is not None:
        principal = with_client(principal, session.client_name, session.client_version)
    if method == "DELETE":
        if session is None:
            await reply_error(send, 400, "Mcp-Session-Id is required", extra)
            return
        await endpoints().cancel(_flight_scope(session, principal), None)
        await reply(send, 200, headers=extra)
    elif method == "GET":
        await _listen(scope, receive, send, target, extra)
    else:
        await _post(scope, receive, send, target, principal, session, extra)


def _flight_scope(session: Session, principal: Principal) -> str:
    return f"{principal.id}:{session.id}"


async def _listen(scope: dict[str, Any], receive: Any, send: Any, target: Target, extra: Headers) -> None:
    """The standing stream of a client: changes of the tool list arrive here."""
    if "text/event-stream" not in header(scope, b"accept"):
        await reply_error(send, 406, "Not Acceptable: Client must accept text/event-stream", extra)
        return
    endpoint, stream = endpoints().get(target.slug), Stream(target.slug)
    endpoint.streams.add(stream)
    try:
        await stream.serve(receive, send, headers=extra)
    finally:
        endpoint.streams.discard(stream)


def _accepts(scope: dict[str, Any]) -> tuple[bool, bool]:
    accept = header(scope, b"accept").lower()
    anything = "*/*" in accept
    return anything or "application/json" in accept, anything or "text/event-stream" in accept


async def _post(
    scope: dict[str, Any],
    receive: Any,
    send: Any,
    target: Target,
    principal: Principal,
    session: Session | None,
    extra: Headers,
) -> None:
    json_ok, stream_ok = _accepts(scope)
    if not (json_ok and stream_ok):
        words = "Not Acceptable: Client must accept both application/json and text/event-stream"
        await reply_error(send, 406, words, extra)
        return
    if header(scope, b"content-type").partition(";")[0].strip().lower() != "application/json":
        await reply_error(send, 415, "Unsupported Media Type: Content-Type must be application/json", extra)
        return
    body = await read_body(scope, receive)
    try:
        message = parse(body)
    except BadMessage as error:
        await reply_json(send, 400, error.body(), extra)
        return
    if not is_request(message):
        if (request_id := cancelled_id(message)) is not None and session is not None:
            await endpoints().cancel(_flight_scope(session, principal), request_id)
        await reply(send, 202, headers=extra)
        return
    version = header(scope, b"mcp-protocol-version") or (session.protocol_version if session else DEFAULT_VERSION)
    key = header(scope, b"idempotency-key") or None
    caller = Caller(target, principal, "streamable-http", key, headers=caller_headers(scope))
    if message["method"] == "initialize":
        await _initialize(send, message, caller, version, extra)
        return
    await _serve_request(receive, send, message, caller, version, session, extra)


async def _initialize(send: Any, message: dict[str, Any], caller: Caller, version: str, extra: Headers) -> None:
    """Answer `initialize` and hand out the signed session id."""
    server = endpoints().get(caller.target.slug).server_for(caller.target)
    result = await answer(server, message, caller, version=version)
    headers = list(extra)
    if "result" in result:
        info = message["params"].get("clientInfo") or {}
        negotiated = result["result"]["protocolVersion"]
        name, client_version = str(info.get("name", "")), str(info.get("version", ""))
        session_id = new_session(caller.target, caller.principal, negotiated, name, client_version)
        headers.append((SESSION_HEADER, session_id.encode("ascii")))
    await reply_json(send, 200, result, headers)


async def _serve_request(
    receive: Any,
    send: Any,
    message: dict[str, Any],
    caller: Caller,
    version: str,
    session: Session | None,
    extra: Headers,
) -> None:
    """A plain JSON answer when it comes quickly and alone; an event stream as soon as there is more to say."""
    frames: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1000)

    async def notify(notification: dict[str, Any]) -> None:
        await frames.put(event(orjson.dumps(notification)))

    server = endpoints().get(caller.target.slug).server_for(caller.target)
    work: asyncio.Task[Any] = asyncio.create_task(answer(server, message, caller, version=version, notify=notify))
    if session is not None:
        endpoints().in_flight.add(_flight_scope(session, caller.principal), message["id"], work)
    started = False
    next_frame: asyncio.Future[Any] | None = None
    try:
        while not work.done():
            # A legacy client may drop this connection and still want the work done, so nobody watches for it here.
            next_frame = next_frame or asyncio.ensure_future(frames.get())
            done, _ = await asyncio.wait((work, next_frame), timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if work in done and next_frame not in done:
                break
            if not started:
                started = True
                await send(
                    {
                        "type": "http.response.start",
                        "status": 200,
                        "headers": [*HEADERS, *caller.answer_headers, *extra],
                    }
                )
            frame = next_frame.result() if next_frame in done else b": ping\r\n\r\n"
            if next_frame in done:
                next_frame = None
            await send({"type": "http.response.body", "body": frame, "more_body": True})
        response = await _outcome(work, message)
    finally:
        if next_frame is not None:
            next_frame.cancel()
        if not work.done():
            work.cancel()
    if not started:
        await reply_json(send, 200, response, [*caller.answer_headers, *extra])
        return
    rest = b"".join(frames.get_nowait() for _ in range(frames.qsize()))
    if next_frame is not None and next_frame.done() and not next_frame.cancelled():
        rest = next_frame.result() + rest
    final = rest + event(orjson.dumps(response))
    await send({"type": "http.response.body", "body": final, "more_body": False})


async def _outcome(work: asyncio.Task[dict[str, Any]] | Any, message: dict[str, Any]) -> dict[str, Any]:
    """The answer, or what a client gets that cancelled its own request."""
    with contextlib.suppress(asyncio.CancelledError):
        result: dict[str, Any] = await asyncio.shield(work)
        return result
    if not work.cancelled():
        raise asyncio.CancelledError
    return {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32800, "message": "Request cancelled"}}
