"""A proxy that adds a deployment key, because the public conformance suite cannot send one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import uvicorn

from portal.stack.processes import wait_until

_OF_THE_HOP = {b"transfer-encoding", b"connection", b"content-length", b"host", b"authorization"}


def _local(value: bytes) -> bool:
    host = urlsplit(b"//" + value.split(b"//")[-1]).hostname
    return host in {b"localhost", b"127.0.0.1"}


@contextmanager
def keyed_proxy(target: str, key: str) -> Iterator[str]:
    """The URL of a proxy to `target`; Host and Origin of this machine become the target's, foreign ones stay."""
    parts = urlsplit(target)
    own_host, own_origin = parts.netloc.encode(), f"{parts.scheme}://{parts.netloc}".encode()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        sent = dict(scope["headers"])
        headers = [(k, v) for k, v in scope["headers"] if k not in _OF_THE_HOP and k != b"origin"]
        headers.append((b"authorization", b"Bearer " + key.encode()))
        headers.append((b"host", own_host if _local(sent[b"host"]) else sent[b"host"]))
        if b"origin" in sent:
            headers.append((b"origin", own_origin if _local(sent[b"origin"]) else sent[b"origin"]))
        async with (
            httpx2.AsyncClient(timeout=None, trust_env=False) as client,
            client.stream(scope["method"], target, headers=headers, content=body) as answer,
        ):
            kept = [(k, v) for k, v in answer.headers.raw if k.lower() not in _OF_THE_HOP]
            await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
            async for chunk in answer.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert wait_until(lambda: server.started, timeout=10)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}{parts.path}"
    finally:
        server.should_exit = True
        thread.join(10)
