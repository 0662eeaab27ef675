"""A small web API of every shape: answers what it was asked, pages in five ways, errors on demand.

`/anything` mirrors the request, `/json` serves rows, `/pages/<mode>` pages, `/status/<code>` errors,
`/redirect?to=…` redirects, `/csv`, `/file`, `/text` other bodies, `/protected` asks for a credential, `/shop` is an API
that `/openapi.json` and `/openapi.yaml` describe.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from integrations.sdk.standin import standin

PREFIX = "/http"
CREDENTIAL = {"scheme": "bearer", "hosts": "127.0.0.1,sandbox.test", "secret": "sandbox-http-token"}
SECRET = "sandbox-http-token"  # noqa: S105 - the sandbox's own public key
ITEMS = [{"id": number, "name": f"item {number}", "price": number * 1000} for number in range(1, 24)]
PAGE = 10
NONCE = "b3f1c0ffee"
#: Access tokens given out; the last one is valid.
tokens: list[str] = []


async def anything(request: Request) -> Response:
    body = await request.body()
    kind = request.headers.get("content-type", "")
    data: dict[str, Any] = {
        "method": request.method,
        "path": request.url.path,
        "query": [list(pair) for pair in request.query_params.multi_items()],
        "headers": {name: value for name, value in request.headers.items() if name != "authorization"},
        "signed": "authorization" in request.headers,
        "content_type": kind,
        "body": body.decode("utf-8", "replace"),
    }
    if kind.startswith(("application/x-www-form-urlencoded", "multipart/")):
        async with request.form() as form:
            data["form"] = {
                name: value if isinstance(value, str) else {"filename": value.filename, "size": value.size}
                for name, value in form.multi_items()
            }
    return JSONResponse(data)


async def rows(request: Request) -> Response:
    return JSONResponse({"items": ITEMS[:PAGE], "total": len(ITEMS)})


async def pages(request: Request) -> Response:
    mode = request.path_params["mode"]
    query = request.query_params
    if mode == "loop":
        return JSONResponse({"items": ITEMS[:1], "next": "same"})
    position = (
        int(query.get("offset", 0)) if mode == "offset" else (int(query.get("page", query.get("cursor", 1))) - 1) * PAGE
    )
    found = ITEMS[position : position + PAGE]
    after = position // PAGE + 2 if position + PAGE < len(ITEMS) else None
    here = request.url.remove_query_params("page")
    url = str(here.include_query_params(page=after)) if after else None
    if mode == "link":
        links = {"Link": f'<{here}>; rel="first", <{url}>; rel="next"'} if url else {}
        return JSONResponse({"items": found}, headers=links)
    if mode == "next_url":
        return JSONResponse({"data": {"items": found}, "links": {"next": url}})
    if mode == "cursor":
        return JSONResponse({"items": found, "meta": {"next_cursor": str(after) if after else ""}})
    return JSONResponse(found)


async def status(request: Request) -> Response:
    code = request.path_params["code"]
    headers = {"Retry-After": "7"} if code in (429, 503) else {}
    return JSONResponse({"message": f"status {code} as asked"}, code, headers)


async def redirect(request: Request) -> Response:
    return RedirectResponse(request.query_params.get("to", "json"), int(request.query_params.get("status", 302)))


async def protected(request: Request) -> Response:
    given = request.headers.get("authorization", "")
    basic = base64.b64encode(f"user:{SECRET}".encode()).decode()
    good = (
        given in (f"Bearer {SECRET}", f"Basic {basic}")
        or request.headers.get("x-api-key") == SECRET
        or request.query_params.get("key") == SECRET
    )
    return JSONResponse({"welcome": True}) if good else JSONResponse({"message": "no credential"}, 401)


async def digest(request: Request) -> Response:
    """Digest access authentication (RFC 7616) with SHA-256 and `qop=auth`; user `user`, password SECRET."""
    given = {
        name: quoted or bare
        for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', request.headers.get("authorization", ""))
    }

    def hashed(*parts: str) -> str:
        return hashlib.sha256(":".join(parts).encode()).hexdigest()

    if given.get("nonce") == NONCE:
        first = hashed("user", "sandbox", SECRET)
        second = hashed(request.method, given.get("uri", ""))
        expected = hashed(first, NONCE, given.get("nc", ""), given.get("cnonce", ""), "auth", second)
        if given.get("username") == "user" and given.get("response") == expected:
            return JSONResponse({"welcome": True})
    challenge = f'Digest realm="sandbox", qop="auth", algorithm=SHA-256, nonce="{NONCE}"'
    return JSONResponse({"message": "no credential"}, 401, {"WWW-Authenticate": challenge})


async def token(request: Request) -> Response:
    """The client credentials grant; `/token/body` takes the secret only in the body."""
    async with request.form() as form:
        values = {name: str(value) for name, value in form.items()}
    basic = base64.b64encode(f"client:{SECRET}".encode()).decode()
    in_header = request.headers.get("authorization") == f"Basic {basic}"
    in_body = (values.get("client_id"), values.get("client_secret")) == ("client", SECRET)
    good = in_body if request.path_params.get("where") == "body" else in_header
    if values.get("grant_type") != "client_credentials" or not good:
        return JSONResponse({"error": "invalid_client"}, 401)
    tokens.append(f"token-{len(tokens) + 1}")
    return JSONResponse({"access_token": tokens[-1], "token_type": "Bearer", "expires_in": 3600})


async def with_token(request: Request) -> Response:
    """Takes only the newest token, as after a rotation."""
    if tokens and request.headers.get("authorization") == f"Bearer {tokens[-1]}":
        return JSONResponse({"welcome": tokens[-1]})
    return JSONResponse({"message": "no token"}, 401)


async def table(request: Request) -> Response:
    return Response("\ufeffcode,name\n005930,삼성전자\n000660,SK하이닉스\n", media_type="text/csv; charset=utf-8")


async def file(request: Request) -> Response:
    headers = {
        "Content-Disposition": "attachment; filename=plain.bin; filename*=UTF-8''%EB%B3%B4%EA%B3%A0%EC%84%9C.bin"
    }
    return Response(bytes(range(256)), headers=headers, media_type="application/octet-stream")


async def text(request: Request) -> Response:
    return PlainTextResponse("안녕하세요")


PETS: dict[int, dict[str, Any]] = {1: {"id": 1, "name": "Bori", "tags": ["dog"], "owner": None}}


def shop_document(*, is_yaml: bool = False) -> str:
    """The description of `/shop`: references, a recursive schema, what 3.0 says of null, three ways to sign in."""
    pet = {"$ref": "#/components/schemas/Pet"}
    number = {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}

    def gives(schema: Any) -> dict[str, Any]:
        return {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}

    document = {
        "openapi": "3.0.3",
        "info": {"title": "Pet shop", "version": "1", "description": "A small shop for trying."},
        "servers": [{"url": "/http/shop"}],
        "security": [{"key": []}],
        "paths": {
            "/pets": {
                "get": {
                    "operationId": "listPets",
                    "summary": "List pets",
                    "tags": ["pets"],
                    "parameters": [
                        {"$ref": "#/components/parameters/Limit"},
                        {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    ],
                    "responses": gives({"type": "array", "items": pet}),
                },
                "post": {
                    "operationId": "createPet",
                    "summary": "Create a pet",
                    "tags": ["pets"],
                    "requestBody": {"required": True, "content": {"application/json": {"schema": pet}}},
                    "responses": {"201": gives(pet)["200"]},
                },
            },
            "/pets/{petId}": {
                "parameters": [number],
                "get": {
                    "operationId": "getPetById",
                    "summary": "Read a pet",
                    "tags": ["pets"],
                    "responses": gives(pet),
                },
                "delete": {"operationId": "deletePet", "tags": ["pets"], "responses": {"204": {"description": "Gone"}}},
            },
            "/report": {"get": {"summary": "Report as text", "responses": {"200": {"description": "Text"}}}},
        },
        "components": {
            "parameters": {
                "Limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}}
            },
            "schemas": {
                "Pet": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "id": {"type": "integer", "readOnly": True},
                        "name": {"type": "string", "minLength": 1, "description": "What it is called"},
                        "tags": {"type": "array", "items": {"type": "string"}},
                        "owner": {"type": "string", "nullable": True},
                        "mother": {"$ref": "#/components/schemas/Pet"},
                    },
                }
            },
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "token": {"type": "http", "scheme": "bearer"},
                "machine": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/http/token", "scopes": {"pets": "Everything"}}},
                },
            },
        },
    }
    if is_yaml:
        import yaml

        return yaml.safe_dump(document, sort_keys=False)
    return json.dumps(document)


async def described(request: Request) -> Response:
    is_yaml = request.url.path.endswith(".yaml")
    kind = "application/yaml" if is_yaml else "application/json"
    return Response(shop_document(is_yaml=is_yaml), media_type=kind)


async def shop(request: Request) -> Response:
    """The pet shop: a key in `X-API-Key`, a bearer token, or one of `/token`."""
    bearer = request.headers.get("authorization", "")
    newest = f"Bearer {tokens[-1]}" if tokens else ""
    if request.headers.get("x-api-key") != SECRET and bearer not in (f"Bearer {SECRET}", newest or "-"):
        return JSONResponse({"message": "no key"}, 401)
    if request.url.path.endswith("/report"):
        return PlainTextResponse("1 pet")
    if (number := request.path_params.get("number")) is None:
        if request.method == "POST":
            pet = {"owner": None, **(await request.json()), "id": max(PETS, default=0) + 1}
            PETS[pet["id"]] = pet
            return JSONResponse(pet, 201)
        wanted = set(request.query_params.getlist("tag"))
        found = [pet for pet in PETS.values() if not wanted or wanted & set(pet.get("tags") or [])]
        return JSONResponse(found[: int(request.query_params.get("limit", 100))])
    if number not in PETS:
        return JSONResponse({"message": "no such pet"}, 404)
    if request.method == "DELETE":
        del PETS[number]
        return Response(status_code=204)
    return JSONResponse(PETS[number])


EVERY = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
app = standin(
    [
        Route("/anything", anything, methods=EVERY),
        Route("/json", rows),
        Route("/pages/{mode}", pages),
        Route("/status/{code:int}", status, methods=EVERY),
        Route("/redirect", redirect, methods=EVERY),
        Route("/protected", protected),
        Route("/digest", digest, methods=EVERY),
        Route("/token", token, methods=["POST"]),
        Route("/token/{where}", token, methods=["POST"]),
        Route("/with-token", with_token),
        Route("/openapi.json", described),
        Route("/openapi.yaml", described),
        Route("/shop/pets", shop, methods=["GET", "POST"]),
        Route("/shop/pets/{number:int}", shop, methods=["GET", "DELETE"]),
        Route("/shop/report", shop),
        Route("/csv", table),
        Route("/file", file),
        Route("/text", text),
    ]
)
