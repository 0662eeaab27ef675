"""Signing in to another MCP server: discovery, registration, PKCE, audience, refresh, as connections do it."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.utils import timezone
from mcp.server import MCPServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from integrations import oauth
from integrations.models import Connection, WorkspaceConnector
from integrations.own import connectors, services
from integrations.services import credential_for
from portal.common.errors import Invalid
from portal.workspaces.services import Actor
from tests.integrations.own.test_mcp_servers import _reachable, adder, run, serving, streamable
from tests.people import make_owner

__all__ = ["_reachable"]


class Guardian:
    """An authorization server and the MCP server it guards, on one origin."""

    def __init__(self, server: MCPServer, *, registers: bool = True, pkce: bool = True, audience: str = "") -> None:
        self.registers, self.pkce, self.audience = registers, pkce, audience
        self.clients: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.access: set[str] = set()
        self.asked: list[dict[str, str]] = []
        self.inner = streamable(server)
        self.app = Starlette(
            routes=[
                Route("/.well-known/oauth-protected-resource/mcp", self.about_resource),
                Route("/.well-known/oauth-authorization-server", self.about_server),
                Route("/register", self.register, methods=["POST"]),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Mount("/", self.guarded),
            ],
            lifespan=self.inner.router.lifespan_context,
        )

    async def guarded(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope)
        if request.headers.get("authorization", "").removeprefix("Bearer ") in self.access:
            await self.inner(scope, receive, send)
            return
        where = f"{request.base_url}.well-known/oauth-protected-resource/mcp"
        challenge = {"WWW-Authenticate": f'Bearer resource_metadata="{where}", scope="tools"'}
        await Response(status_code=401, headers=challenge)(scope, receive, send)

    async def about_resource(self, request: Request) -> Response:
        origin = str(request.base_url).rstrip("/")
        return JSONResponse({"resource": self.audience or f"{origin}/mcp", "authorization_servers": [f"{origin}/"]})

    async def about_server(self, request: Request) -> Response:
        origin = str(request.base_url).rstrip("/")
        about = {
            "issuer": f"{origin}/",
            "authorization_endpoint": f"{origin}/authorize",
            "token_endpoint": f"{origin}/token",
            "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        about |= {"registration_endpoint": f"{origin}/register"} if self.registers else {}
        about |= {"code_challenge_methods_supported": ["S256"]} if self.pkce else {}
        return JSONResponse(about)

    async def register(self, request: Request) -> Response:
        given = await request.json()
        number = f"client-{len(self.clients) + 1}"
        self.clients[number] = given
        return JSONResponse({**given, "client_id": number, "client_secret": f"secret of {number}"}, 201)

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["redirect_uri"] in self.clients[asked["client_id"]]["redirect_uris"]
        self.codes["c0de"] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code=c0de&state={asked['state']}")

    async def token(self, request: Request) -> Response:
        async with request.form() as form:
            asked = {name: str(value) for name, value in form.items()}
        self.asked.append(asked)
        if asked.get("client_secret") != f"secret of {asked.get('client_id')}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if asked["grant_type"] == "authorization_code":
            begun = self.codes.pop(asked["code"])
            digest = base64.urlsafe_b64encode(hashlib.sha256(asked["code_verifier"].encode()).digest())
            if digest.rstrip(b"=").decode() != begun["code_challenge"] or asked["resource"] != begun["resource"]:
                return JSONResponse({"error": "invalid_grant"}, 400)
        token = f"token-{len(self.asked)}"
        self.access = {token}
        return JSONResponse(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": 3600,
                "refresh_token": "again",
                "scope": "tools",
            }
        )


def sign_in(owner: Actor, row: WorkspaceConnector) -> Connection:
    import httpx2

    url = oauth.begin(owner, row.key, session="browser")
    back = httpx2.get(url, follow_redirects=False, trust_env=False).headers["location"]
    answer = dict(parse_qsl(urlsplit(back).query))
    return oauth.finish(owner, "own", state=answer["state"], code=answer["code"], error="", session="browser")


def test_a_person_signs_in_and_the_tools_are_there(db: None) -> None:
    owner, guardian = make_owner(), Guardian(adder())
    with serving(guardian.app) as base:
        row = services.create_from_server(owner, address=f"{base}/mcp", kind="oauth")
        assert guardian.clients["client-1"]["redirect_uris"][0].endswith("/connections/callback/own")
        assert "secret of" not in str(row.spec), "the client's secret is sealed"
        connection = sign_in(owner, row)
        begun, exchanged = services.spec_of(row).sign, guardian.asked[0]
        assert begun.resource == exchanged["resource"] == f"{base}/mcp"
        row = services.add_actions(owner, services.refresh(owner, row), ["add"])
        opened = credential_for(row.workspace_id, row.key)
        assert opened is not None and run(row, "add", opened.values, a=20, b=22) == {"result": 42}

        # The token is due: a call gets a fresh one, for the same audience.
        Connection.objects.update(refresh_at=timezone.now() - timedelta(seconds=1))
        fresh = credential_for(row.workspace_id, row.key)
        assert fresh is not None and fresh.values["access_token"] != opened.values["access_token"]
        assert (guardian.asked[-1]["grant_type"], guardian.asked[-1]["resource"]) == ("refresh_token", f"{base}/mcp")
        assert run(row, "add", fresh.values, a=1, b=1) == {"result": 2}
        assert connection.account == "" and connection.scopes == ["tools"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"registers": False}, "does not let programs register"),
        ({"pkce": False}, "does not support PKCE"),
        ({"audience": "https://elsewhere.example.com/mcp"}, "for another address"),
    ],
)
def test_a_sign_in_that_cannot_be_trusted_is_refused(db: None, options: dict[str, Any], message: str) -> None:
    with serving(Guardian(adder(), **options).app) as base, pytest.raises(Invalid, match=message):
        services.create_from_server(make_owner(), address=f"{base}/mcp", kind="oauth")
    assert not WorkspaceConnector.objects.exists() and connectors._known == {}
