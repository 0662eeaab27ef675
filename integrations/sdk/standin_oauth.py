"""The sign-in half of a stand-in: authorize, token and revoke endpoints that insist on state, PKCE and exact redirects.

Tokens made here open the stand-in's API until they expire or are revoked, like the fixed sample token does.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CODE_SECONDS = 60.0
#: What the product signs in with when the operator has registered no client of his own.
SANDBOX_CLIENT = ("sandbox-client", "sandbox-client-secret")
Style = Literal["standard", "google", "slack", "github"]


@dataclass
class _Grant:
    redirect_uri: str
    challenge: str
    scope: str
    made_at: float


class OAuthStandIn:
    """One service's sign-in. `seconds` is a token's life, 0 for ever (and then without a refresh token)."""

    def __init__(
        self, service: str, sample_token: str, *, style: Style = "standard", seconds: int = 3600, account: str = ""
    ) -> None:
        self.service, self.style, self.seconds, self.account = service, style, seconds, account
        self._sample = sample_token
        self._codes: dict[str, _Grant] = {}
        #: Access token → end of its life (0: never), and refresh token → scope.
        self.alive: dict[str, float] = {}
        self.refreshable: dict[str, str] = {}
        self.refreshes = 0

    def accepts(self, request: Request) -> bool:
        """Whether the request carries the sample token or one that was made here and lives."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            return False
        ends = self.alive.get(token)
        return token == self._sample or (ends is not None and (ends == 0 or ends > time.time()))

    def routes(self) -> list[Route]:
        return [
            Route("/oauth/authorize", self._authorize, methods=["GET", "POST"]),
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/oauth/revoke", self._revoke, methods=["POST"]),
        ]

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        redirect_uri, challenge = asked.get("redirect_uri", ""), asked.get("code_challenge", "")
        if asked.get("client_id") != SANDBOX_CLIENT[0] or urlsplit(redirect_uri).scheme not in ("http", "https"):
            return HTMLResponse("<h1>This app is not known here</h1>", 400)
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256" or not challenge:
            return HTMLResponse("<h1>This app asks in a way that is not allowed</h1>", 400)
        if request.method == "GET":
            return HTMLResponse(self._page(asked.get("scope", "")))
        answer = {"state": asked.get("state", "")}
        if (await request.form()).get("decision") != "allow":
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(24)
            self._codes[answer["code"]] = _Grant(redirect_uri, challenge, asked.get("scope", ""), time.time())
        return RedirectResponse(f"{redirect_uri}?{urlencode(answer)}", 302)

    def _page(self, scope: str) -> str:
        name, rights = html.escape(self.service), html.escape(scope.replace(",", " "))
        return f"""<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{name} (sandbox)</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;background:#f4f5f7;color:#111827;display:grid;place-items:center;
min-height:100vh;margin:0}}main{{background:#fff;border:1px solid #d7dbe0;border-radius:10px;padding:24px;
max-width:380px;margin:16px}}code{{overflow-wrap:anywhere;font-size:13px;color:#4b5563}}
button{{font:inherit;padding:8px 16px;border-radius:6px;border:1px solid #9aa3af;background:#fff}}
button[value=allow]{{background:#111827;color:#fff;border-color:#111827}}</style>
<main><h1 style="font-size:20px">Sign in to {name}</h1>
<p>This is the local stand-in of {name}. No account is needed and nothing leaves this machine.</p>
<p>Rights asked for:<br><code>{rights}</code></p>
<form method="post"><button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Cancel</button></form></main></html>"""

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        given = (str(form.get("client_id", "")), str(form.get("client_secret", "")))
        if given != SANDBOX_CLIENT:
            return self._refuse("invalid_client", 401)
        if form.get("grant_type") == "authorization_code":
            grant = self._codes.pop(str(form.get("code", "")), None)
            digest = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
            proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if grant is None or grant.made_at + CODE_SECONDS < time.time():
                return self._refuse("invalid_grant")
            if grant.redirect_uri != form.get("redirect_uri") or proof != grant.challenge:
                return self._refuse("invalid_grant")
            return self._answer(grant.scope, first=True)
        if form.get("grant_type") == "refresh_token":
            old = str(form.get("refresh_token", ""))
            scope = self.refreshable.get(old)
            if scope is None:
                return self._refuse("invalid_grant")
            self.refreshes += 1
            # Google's refresh tokens stay; the others' are good once.
            if self.style != "google":
                del self.refreshable[old]
            return self._answer(scope, first=self.style != "google")
        return self._refuse("unsupported_grant_type")

    def _answer(self, scope: str, *, first: bool) -> Response:
        access = f"{self._sample}.{secrets.token_urlsafe(18)}"
        self.alive[access] = time.time() + self.seconds if self.seconds else 0
        data: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "scope": scope}
        if self.seconds:
            data["expires_in"] = self.seconds
            if first:
                data["refresh_token"] = f"refresh-{secrets.token_urlsafe(24)}"
                self.refreshable[data["refresh_token"]] = scope
        if self.style == "google":
            data["id_token"] = _unsigned({"email": self.account, "sub": "1"})
        if self.style == "slack":
            data |= {"ok": True, "token_type": "bot", "team": {"id": "T0SANDBOX", "name": self.account}}
        return JSONResponse(data)

    def _refuse(self, error: str, status: int = 400) -> Response:
        if self.style == "slack":
            return JSONResponse({"ok": False, "error": error})
        # GitHub answers its refusals with 200, too.
        return JSONResponse({"error": error}, 200 if self.style == "github" else status)

    async def _revoke(self, request: Request) -> Response:
        token = str((await request.form()).get("token", ""))
        self.alive.pop(token, None)
        self.refreshable.pop(token, None)
        return JSONResponse({"ok": True, "revoked": True})


def _unsigned(claims: dict[str, Any]) -> str:
    """An ID token: it comes straight from the token endpoint, so nobody looks at its signature."""
    parts = ({"alg": "none"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."
