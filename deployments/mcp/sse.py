"""HTTP+SSE (protocol 2024-11-05) for older clients: GET opens the stream, POST brings messages.

Any process may take the POST: it serves the message itself and sends the answer to the process that holds the
stream, over Redis. What is known of a session (slug, principal, holder, client) is a Redis hash that lives as
long as the stream.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import orjson

from deployments.mcp.auth import Principal, with_client
from deployments.mcp.endpoint import Endpoints, endpoints
from deployments.mcp.exchange import BadMessage, Caller, answer, cancelled_id, is_request, parse
from deployments.mcp.http import Headers, caller_headers, header, read_body, reply, reply_error, reply_json
from deployments.mcp.streams import Stream, event
from deployments.mcp.target import Target
from portal.common.hub import client
from portal.common.ids import random_token

TTL_SECONDS = 60
REFRESH_SECONDS = 20
#: A receipt waits this long for the limits, then leaves without them.
PATIENCE_SECONDS = 5.0
_tasks: set[asyncio.Task[None]] = set()


def _key(session_id: str) -> str:
    return f"mcp:sse:{session_id}"


async def _save(session_id: str, fields: dict[str, str]) -> None:
    redis: Any = client()
    await redis.hset(_key(session_id), mapping=fields)


async def _load(session_id: str) -> dict[str, str]:
    redis: Any = client()
    found: dict[bytes, bytes] = await redis.hgetall(_key(session_id))
    return {name.decode(): value.decode() for name, value in found.items()}


async def open_stream(
    scope: dict[str, Any], receive: Any, send: Any, target: Target, principal: Principal, extra: Headers
) -> None:
    """Serve the event stream of one client until it leaves."""
    here = endpoints()
    await here.ready()
    session_id, stream = random_token(32), Stream(target.slug)
    fields = {"slug": target.slug, "principal": principal.id, "mailbox": here.mailbox, "version": "2024-11-05"}
    await _save(session_id, fields)
    await client().expire(_key(session_id), TTL_SECONDS)
    endpoint = here.get(target.slug)
    endpoint.streams.add(stream)
    here.sessions[session_id] = stream
    _keep_alive(here)
    messages = f"{target.path}/messages?session_id={session_id}".encode()
    try:
        await stream.serve(receive, send, first=event(messages, "endpoint"), headers=extra)
    finally:
        endpoint.streams.discard(stream)
        here.sessions.pop(session_id, None)
        # The client left, so nobody will read answers to what is still running.
        await asyncio.shield(_forget(here, principal, session_id))


async def _forget(here: Endpoints, principal: Principal, session_id: str) -> None:
    await here.cancel(f"{principal.id}:{session_id}", None)
    await client().delete(_key(session_id))


def _keep_alive(here: Endpoints) -> None:
    """One task per event loop renews all of its sessions in Redis."""
    if any(task.get_name() == here.process for task in _tasks):
        return

    async def renew() -> None:
        while here.sessions:
            await asyncio.sleep(REFRESH_SECONDS)
            with contextlib.suppress(OSError):
                pipeline = client().pipeline(transaction=False)
                for session_id in here.sessions:
                    pipeline.expire(_key(session_id), TTL_SECONDS)
                await pipeline.execute(raise_on_error=False)

    task = asyncio.create_task(renew(), name=here.process)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def take_message(
    scope: dict[str, Any], receive: Any, send: Any, target: Target, principal: Principal, extra: Headers
) -> None:
    """Accept one message of a session, then serve it in the background."""
    session_id = (parse_qs(scope["query_string"].decode("latin-1")).get("session_id") or [""])[0]
    if not session_id:
        await reply_error(send, 400, "session_id is required", extra)
        return
    session = await _load(session_id) if len(session_id) <= 64 else {}
    if session.get("slug") != target.slug or session.get("principal") != principal.id:
        # Exactly as if it did not exist: a session opens only for the credential that made it.
        await reply_error(send, 404, "Could not find session", extra)
        return
    body = await read_body(scope, receive)
    try:
        # Parsed before it is accepted, so that a bad body never reaches a stream.
        message = parse(body)
    except BadMessage as error:
        await reply_json(send, 400, error.body(), extra)
        return
    flight = f"{principal.id}:{session_id}"
    if is_request(message):
        caller = Caller(
            target,
            with_client(principal, session.get("client", ""), session.get("client_version", "")),
            "sse",
            header(scope, b"idempotency-key") or None,
            headers=caller_headers(scope),
        )
        task = asyncio.create_task(_serve(message, caller, session_id, session))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
        endpoints().in_flight.add(flight, message["id"], task)
        if message["method"] == "tools/call":
            extra = [*await _limits(caller, task), *extra]
    elif (request_id := cancelled_id(message)) is not None:
        await endpoints().cancel(flight, request_id)
    await reply(send, 202, b"Accepted", extra)


async def _limits(caller: Caller, call: asyncio.Task[None]) -> Headers:
    """The rate-limit headers of a call, which go with the receipt: the stream has sent its headers long ago."""
    taken = asyncio.ensure_future(caller.limits_taken.wait())
    try:
        # A call that is refused for its arguments ends without having touched the limits.
        await asyncio.wait((taken, call), timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        taken.cancel()
    return list(caller.answer_headers)


async def _serve(message: dict[str, Any], caller: Caller, session_id: str, session: dict[str, str]) -> None:
    here = endpoints()

    async def deliver(data: dict[str, Any]) -> None:
        stream = here.sessions.get(session_id)
        if stream is not None:
            stream.push_message(data)
        else:
            await client().publish(session["mailbox"], session_id.encode() + b"\n" + orjson.dumps(data))

    server = here.get(caller.target.slug).server_for(caller.target)
    response = await answer(server, message, caller, version=session["version"], notify=deliver)
    if message["method"] == "initialize" and "result" in response:
        info = message["params"].get("clientInfo") or {}
        said = with_client(caller.principal, str(info.get("name", "")), str(info.get("version", "")))
        caller = replace(caller, principal=said)
        fields = {
            "version": response["result"]["protocolVersion"],
            "client": said.client_name,
            "client_version": said.client_version,
        }
        await _save(session_id, fields)
    await deliver(response)
