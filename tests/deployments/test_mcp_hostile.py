"""Hostile and broken requests: the documented status, and nothing left behind (docs/operators/mcp-endpoint.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments.models import DeploymentKey
from deployments.services import create_key, revoke_key
from tests.deployments.client import BOTH, MODERN, http, in_loop, modern, request
from tests.deployments.conftest import Served
from tests.people import make_owner
from workflows.models import Execution

CALL = request("tools/call", {"name": "echo", "arguments": {"text": "x"}})
MODERN_BODY, MODERN_HEADERS = modern("tools/call", {"name": "echo", "arguments": {"text": "x"}}, name="echo")


def without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


#: Name → (method, path suffix, headers, body, expected status).
CASES: dict[str, tuple[str, str, dict[str, str], Any, int]] = {
    "no credential": ("POST", "", {**BOTH, "authorization": ""}, CALL, 401),
    "basic credential": ("POST", "", {**BOTH, "authorization": "Basic eDp5"}, CALL, 401),
    "empty bearer": ("POST", "", {**BOTH, "authorization": "Bearer "}, CALL, 401),
    "unknown key": ("POST", "", {**BOTH, "authorization": "Bearer mcpk_unknown"}, CALL, 401),
    "unknown token": ("POST", "", {**BOTH, "authorization": "Bearer abc.def.ghi"}, CALL, 401),
    "endless token": ("POST", "", {**BOTH, "authorization": "Bearer " + "a" * 5000}, CALL, 401),
    "key in the query": ("POST", "?access_token=mcpk_x", {**BOTH, "authorization": ""}, CALL, 401),
    "unknown slug": ("POST", "-nope", BOTH, CALL, 404),
    "slug with a line feed": ("POST", "%0a", BOTH, CALL, 404),
    "deeper path": ("POST", "/tools/call", BOTH, CALL, 404),
    "foreign host": ("POST", "", {**BOTH, "host": "evil.example"}, CALL, 421),
    "host with a user part": ("POST", "", {**BOTH, "host": "localhost:8000@evil.example"}, CALL, 421),
    "foreign origin": ("POST", "", {**BOTH, "origin": "https://evil.example"}, CALL, 403),
    "null origin": ("POST", "", {**BOTH, "origin": "null"}, CALL, 403),
    "not JSON": ("POST", "", BOTH, b"{not json", 400),
    "not UTF-8": ("POST", "", BOTH, b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', 400),
    "deeply nested": ("POST", "", BOTH, b"[" * 200_000, 400),
    "a batch": ("POST", "", BOTH, [CALL, CALL], 400),
    "an empty batch": ("POST", "", BOTH, [], 400),
    "a string": ("POST", "", BOTH, "tools/list", 400),
    "wrong jsonrpc version": ("POST", "", BOTH, {**CALL, "jsonrpc": "1.0"}, 400),
    "id of a wrong type": ("POST", "", BOTH, {**CALL, "id": {"a": 1}}, 400),
    "boolean id": ("POST", "", BOTH, {**CALL, "id": True}, 400),
    "method of a wrong type": ("POST", "", BOTH, {**CALL, "method": 7}, 400),
    "params as a list": ("POST", "", BOTH, {**CALL, "params": [1]}, 400),
    "oversize body": ("POST", "", BOTH, b" " * (4 * 1024 * 1024 + 1), 413),
    "wrong content type": ("POST", "", {**BOTH, "content-type": "text/plain"}, CALL, 415),
    "accepts only JSON": ("POST", "", {**BOTH, "accept": "application/json"}, CALL, 406),
    "accepts only HTML": ("POST", "", {**BOTH, "accept": "text/html"}, CALL, 406),
    "PUT": ("PUT", "", BOTH, CALL, 405),
    "GET without event stream": ("GET", "", {"accept": "application/json"}, None, 406),
    "forged session": ("POST", "", {**BOTH, "mcp-session-id": "AAAA"}, CALL, 404),
    "DELETE without session": ("DELETE", "", {}, None, 400),
    "unknown protocol version": (
        "POST",
        "",
        {**MODERN_HEADERS, "mcp-protocol-version": "1999-01-01"},
        MODERN_BODY,
        400,
    ),
    "modern without method header": ("POST", "", without(MODERN_HEADERS, "mcp-method"), MODERN_BODY, 400),
    "modern without name header": ("POST", "", without(MODERN_HEADERS, "mcp-name"), MODERN_BODY, 400),
    "modern with another name": ("POST", "", {**MODERN_HEADERS, "mcp-name": "other"}, MODERN_BODY, 400),
    "modern header, legacy body": ("POST", "", {**MODERN_HEADERS, "mcp-protocol-version": MODERN}, CALL, 400),
    "POST to the stream path": ("POST", "/sse", BOTH, CALL, 405),
    "message without session": ("POST", "/messages", BOTH, CALL, 400),
    "message to a foreign session": ("POST", "/messages?session_id=abc", BOTH, CALL, 404),
    "message to an endless session": ("POST", "/messages?session_id=" + "a" * 500, BOTH, CALL, 404),
}


def test_each_case_gets_its_status_and_starts_nothing(serve: Callable[..., Served]) -> None:
    served = serve()

    async def work() -> dict[str, Any]:
        answers = {}
        async with http(served.headers) as web:
            for name, (method, suffix, headers, body, _) in CASES.items():
                content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
                answers[name] = await web.request(method, served.path + suffix, headers=headers, content=content)
        return answers

    answers = in_loop(work)

    got = {name: answer.status_code for name, answer in answers.items()}
    assert got == {name: case[4] for name, case in CASES.items()}
    assert not Execution.objects.exists()
    for name, answer in answers.items():
        assert "Traceback" not in answer.text and "psycopg" not in answer.text, name


def test_a_refusal_tells_where_to_sign_in(serve: Callable[..., Served]) -> None:
    served = serve()

    async def work() -> Any:
        async with http() as web:
            refused = await web.post(served.path, json=CALL, headers=BOTH)
            metadata = await web.get(f"/.well-known/oauth-protected-resource{served.path}")
            unknown = await web.get("/.well-known/oauth-protected-resource/mcp/unknown")
        return refused, metadata, unknown

    refused, metadata, unknown = in_loop(work)

    challenge = refused.headers["www-authenticate"]
    assert f'resource_metadata="http://localhost:8000/.well-known/oauth-protected-resource{served.path}"' in challenge
    assert 'scope="mcp:call"' in challenge
    assert metadata.json()["resource"] == served.deployment.url
    assert unknown.status_code == 404


@pytest.mark.parametrize("state", ["foreign", "revoked", "expired"])
def test_a_key_that_does_not_fit_opens_nothing(serve: Callable[..., Served], state: str) -> None:
    served = serve()
    key = served.key
    if state == "foreign":
        key = serve(actor=make_owner("other")).key
    elif state == "revoked":
        revoke_key(served.actor, served.deployment, served.deployment.keys.get().pk)
    else:
        row, key = create_key(served.actor, served.deployment, "old")
        DeploymentKey.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    async def work() -> int:
        async with http({"authorization": f"Bearer {key}"}) as web:
            return (await web.post(served.path, json=CALL, headers=BOTH)).status_code

    assert in_loop(work) == 401
    assert not Execution.objects.exists()


def test_a_session_does_not_open_another_server(serve: Callable[..., Served]) -> None:
    one, other = serve(), serve()
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}

    async def work() -> tuple[int, int]:
        async with http(BOTH) as web:
            opened = await web.post(one.path, json=request("initialize", params), headers=one.headers)
            session = {"mcp-session-id": opened.headers["mcp-session-id"]}
            own = await web.post(one.path, json=CALL, headers={**one.headers, **session})
            foreign = await web.post(other.path, json=CALL, headers={**other.headers, **session})
        return own.status_code, foreign.status_code

    assert in_loop(work) == (200, 404)
