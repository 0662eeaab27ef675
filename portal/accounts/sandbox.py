"""Local stand-ins of the sign-in of Google, GitHub, Naver and Kakao: their paths, forms, answers and errors.

Made-up people. Each service lies under its own prefix (`/sign-in/google` …), which is the base URL to configure:
`GOOGLE_SIGN_IN_URL=http://127.0.0.1:<port>/sign-in/google`, with `CLIENT` as id and secret. The page asks for the
address to sign in with. Codes work once, for the client and address of return that they were made for.
"""

from __future__ import annotations

import hashlib
import html
import secrets
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

PREFIX = "/sign-in"
CLIENT = ("sandbox-sign-in", "sandbox-sign-in-secret")
PERSON = "minseo.kim@example.com"
NAME = "김민서"


@dataclass(frozen=True)
class Grant:
    """What a person agreed to."""

    email: str
    redirect_uri: str
    scope: str


class Service:
    """The common part: the page, codes that work once, and tokens. Subclasses speak the service's own dialect."""

    name = ""
    authorize, token = "", ""

    def __init__(self) -> None:
        self.codes: dict[str, Grant] = {}
        self.tokens: dict[str, Grant] = {}

    def routes(self) -> list[Route]:
        return [
            Route(self.authorize, self.page, methods=["GET", "POST"]),
            Route(self.token, self.exchange, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """The service's own page, where a person agrees or does not."""
        query = request.query_params
        back, state = query.get("redirect_uri", ""), query.get("state", "")
        if query.get("client_id") != CLIENT[0] or query.get("response_type") != "code" or not back:
            return HTMLResponse("<h1>invalid_request</h1>", 400)
        if request.method == "GET":
            return HTMLResponse(_page(self.name))
        form = await request.form()
        if form.get("decision") != "allow":
            answer = {"error": "access_denied", "error_description": "Canceled By User", "state": state}
            return RedirectResponse(f"{back}?{urlencode(answer)}", 302)
        code = secrets.token_urlsafe(24)
        self.codes[code] = Grant(str(form.get("email") or PERSON), back, query.get("scope", ""))
        return RedirectResponse(f"{back}?{urlencode({'code': code, 'state': state})}", 302)

    async def exchange(self, request: Request) -> Response:
        form = await request.form()
        grant = self.codes.pop(str(form.get("code")), None)
        client = (form.get("client_id"), form.get("client_secret"))
        if client != CLIENT or grant is None or grant.redirect_uri != form.get("redirect_uri"):
            return self.refuse(request)
        access = secrets.token_urlsafe(32)
        self.tokens[access] = grant
        return self.answer(request, access, grant)

    def refuse(self, request: Request) -> Response:
        raise NotImplementedError

    def answer(self, request: Request, access: str, grant: Grant) -> Response:
        raise NotImplementedError

    def grant_of(self, request: Request) -> Grant | None:
        """Who the bearer of the request's token is."""
        return self.tokens.get(request.headers.get("authorization", "").partition(" ")[2])


def _page(name: str) -> str:
    return (
        f"<!doctype html><html lang=ko><meta charset=utf-8><title>{html.escape(name)}</title><main>"
        f"<h1>{html.escape(name)}</h1><p>Local stand-in: nobody signs in anywhere.</p><form method=post>"
        f"<label>E-mail <input name=email type=email value='{PERSON}'></label> "
        "<button name=decision value=allow>Allow</button> <button name=decision value=deny>Deny</button></form></main>"
    )


def _number(email: str) -> int:
    """The same number for the same person, as services give one."""
    return 10_000_000 + int.from_bytes(hashlib.sha256(email.encode()).digest()[:4]) % 80_000_000


@lru_cache(maxsize=1)
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


class Google(Service):
    name = "Google"
    authorize, token = "/o/oauth2/v2/auth", "/token"

    def routes(self) -> list[Route]:
        return [*super().routes(), Route("/oauth2/v2/userinfo", self.person)]

    def refuse(self, request: Request) -> Response:
        return JSONResponse({"error": "invalid_grant", "error_description": "Malformed auth code."}, 400)

    def claims(self, grant: Grant) -> dict[str, Any]:
        return {"email": grant.email, "name": NAME, "given_name": "민서", "family_name": "김", "picture": ""}

    def answer(self, request: Request, access: str, grant: Grant) -> Response:
        now = int(time.time())
        claims = {
            "iss": "https://accounts.google.com", "azp": CLIENT[0], "aud": CLIENT[0],
            "sub": f"1{_number(grant.email):020d}", "email_verified": True, **self.claims(grant),
            "iat": now, "exp": now + 3600,
        }  # fmt: skip
        signed = jwt.encode(claims, _key(), "RS256", headers={"kid": "sandbox"})
        scope = "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile"
        body = {"access_token": access, "expires_in": 3599, "scope": scope, "token_type": "Bearer", "id_token": signed}
        return JSONResponse(body)

    async def person(self, request: Request) -> Response:
        if (grant := self.grant_of(request)) is None:
            error = {
                "code": 401,
                "message": "Request had invalid authentication credentials.",
                "status": "UNAUTHENTICATED",
            }
            return JSONResponse({"error": error}, 401)
        return JSONResponse({"id": f"1{_number(grant.email):020d}", "verified_email": True, **self.claims(grant)})


class GitHub(Service):
    name = "GitHub"
    authorize, token = "/login/oauth/authorize", "/login/oauth/access_token"

    def routes(self) -> list[Route]:
        return [*super().routes(), Route("/user", self.person), Route("/user/emails", self.emails)]

    def _form(self, request: Request, body: dict[str, str]) -> Response:
        """Refusals come with status 200 too; JSON only for those who ask."""
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse(body)
        return Response(urlencode(body), media_type="application/x-www-form-urlencoded")

    def refuse(self, request: Request) -> Response:
        words = "The code passed is incorrect or expired."
        return self._form(request, {"error": "bad_verification_code", "error_description": words})

    def answer(self, request: Request, access: str, grant: Grant) -> Response:
        return self._form(request, {"access_token": access, "scope": grant.scope, "token_type": "bearer"})

    async def person(self, request: Request) -> Response:
        if (grant := self.grant_of(request)) is None:
            return JSONResponse({"message": "Bad credentials", "status": "401"}, 401)
        login, number = grant.email.partition("@")[0].replace(".", "-"), _number(grant.email)
        person = {"login": login, "id": number, "node_id": "U_x", "avatar_url": "", "type": "User", "name": NAME}
        # People keep their address private, so it comes from the list of addresses.
        return JSONResponse({**person, "html_url": f"https://github.com/{login}", "email": None})

    async def emails(self, request: Request) -> Response:
        if (grant := self.grant_of(request)) is None:
            return JSONResponse({"message": "Bad credentials", "status": "401"}, 401)
        if "user:email" not in grant.scope.split():
            return JSONResponse({"message": "Not Found", "status": "404"}, 404)
        own = {"email": grant.email, "primary": True, "verified": True, "visibility": "private"}
        spare = {"email": f"{_number(grant.email)}@users.noreply.github.com", "primary": False, "verified": True}
        return JSONResponse([{**spare, "visibility": None}, own])


class Naver(Service):
    name = "NAVER"
    authorize, token = "/oauth2.0/authorize", "/oauth2.0/token"

    def routes(self) -> list[Route]:
        return [*super().routes(), Route("/v1/nid/me", self.person)]

    def refuse(self, request: Request) -> Response:
        return JSONResponse({"error": "invalid_request", "error_description": "no valid data in session"})

    def answer(self, request: Request, access: str, grant: Grant) -> Response:
        # Numbers come as text here.
        body = {"access_token": access, "refresh_token": secrets.token_urlsafe(24), "token_type": "bearer"}
        return JSONResponse({**body, "expires_in": "3600"})

    async def person(self, request: Request) -> Response:
        if (grant := self.grant_of(request)) is None:
            refused = {"resultcode": "024", "message": "Authentication failed (인증 실패하였습니다.)"}
            return JSONResponse(refused, 401)
        person = {"id": f"naver-{_number(grant.email)}", "email": grant.email, "name": NAME}
        return JSONResponse({"resultcode": "00", "message": "success", "response": person})


class Kakao(Service):
    name = "Kakao"
    authorize, token = "/oauth/authorize", "/oauth/token"

    def routes(self) -> list[Route]:
        return [*super().routes(), Route("/v2/user/me", self.person)]

    def refuse(self, request: Request) -> Response:
        words = "authorization code not found"
        return JSONResponse({"error": "invalid_grant", "error_description": words, "error_code": "KOE320"}, 400)

    def answer(self, request: Request, access: str, grant: Grant) -> Response:
        body = {"access_token": access, "token_type": "bearer", "refresh_token": secrets.token_urlsafe(24)}
        more = {"expires_in": 21_599, "scope": "account_email profile_nickname", "refresh_token_expires_in": 5_183_999}
        return JSONResponse({**body, **more})

    async def person(self, request: Request) -> Response:
        if (grant := self.grant_of(request)) is None:
            return JSONResponse({"msg": "this access token does not exist", "code": -401}, 401)
        account = {
            "profile_nickname_needs_agreement": False,
            "profile": {"nickname": NAME},
            "has_email": True,
            "email_needs_agreement": False,
            "is_email_valid": True,
            "is_email_verified": True,
            "email": grant.email,
        }
        person = {"id": _number(grant.email), "connected_at": "2026-01-02T03:04:05Z", "properties": {"nickname": NAME}}
        return JSONResponse({**person, "kakao_account": account})


SERVICES: dict[str, Service] = {"google": Google(), "github": GitHub(), "naver": Naver(), "kakao": Kakao()}
app = Starlette(routes=[Mount(f"/{name}", routes=service.routes()) for name, service in SERVICES.items()])
