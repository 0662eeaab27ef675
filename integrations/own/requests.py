"""Carrying out an action of an OpenAPI connector: the request out of its fields, the answer as plain data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urljoin

from pydantic import SecretStr

from integrations.connectors.http.auth import HttpCredential, deliver, sign
from integrations.own.spec import OwnAction, Sign
from integrations.sdk import (
    ApiKey,
    Context,
    Credential,
    FieldProblem,
    InvalidParams,
    NoAuth,
    Param,
    Rejected,
    check_response,
    read_json,
)

if TYPE_CHECKING:
    import httpx2

MAX_BYTES = 10 * 1024 * 1024


class Basic(Credential):
    """A name and a password."""

    username: Annotated[
        str, Param("Name you sign in with", "로그인 이름", title="User name", title_ko="사용자 이름", min_length=1)
    ]
    password: Annotated[
        SecretStr, Param("Its password", "비밀번호", title="Password", title_ko="비밀번호", min_length=1)
    ]


class Client(Credential):
    """A client of the service's own sign-in (client credentials)."""

    client_id: Annotated[
        str, Param("Id of the client", "클라이언트 ID", title="Client id", title_ko="ID", min_length=1)
    ]
    client_secret: Annotated[
        SecretStr,
        Param("Secret of the client", "클라이언트 비밀값", title="Client secret", title_ko="비밀값", min_length=1),
    ]
    scope: Annotated[str, Param("Separated by spaces", "빈칸으로 구분", title="Scopes", title_ko="권한 범위")] = ""


MODELS: dict[str, type[Credential]] = {
    "none": NoAuth,
    "header": ApiKey,
    "query": ApiKey,
    "cookie": ApiKey,
    "bearer": ApiKey,
    "basic": Basic,
    "client_credentials": Client,
}


def signed_in(ctx: Context, how: Sign, host: str) -> Context:
    """The context with the credential in the form the HTTP connector sends, bound to this host."""
    credential = ctx.credential
    if isinstance(credential, ApiKey):
        secret = credential.api_key.get_secret_value()
        if how.kind == "cookie":
            found = HttpCredential(
                scheme="header", hosts=host, secret=SecretStr(f"{how.name}={quote(secret)}"), name="Cookie"
            )
        else:
            kind: Any = "bearer" if how.kind == "bearer" else how.kind
            found = HttpCredential(scheme=kind, hosts=host, secret=credential.api_key, name=how.name)
    elif isinstance(credential, Basic):
        found = HttpCredential(scheme="basic", hosts=host, secret=credential.password, name=credential.username)
    elif isinstance(credential, Client):
        found = HttpCredential(
            scheme="oauth2",
            hosts=host,
            secret=credential.client_secret,
            name=credential.client_id,
            # A path is one of the sandbox.
            token_url=urljoin(ctx.upstream.base_url, how.token_url),
            scope=credential.scope or " ".join(how.scopes),
        )
    else:
        return ctx
    return replace(ctx, credential=found)


def carrier(how: Sign) -> Any:
    """The function that carries out every action of a connector that signs in like this."""

    async def carry(ctx: Context, spec: OwnAction, values: dict[str, Any]) -> Any:
        if not ctx.upstream.base_url:
            raise Rejected(
                "The connector has no base address.",
                remedy="Fill it in on the connector's page.",
                code="no_base_address",
            )
        request = build(ctx, spec, values)
        signed = signed_in(ctx, how, request.url.host)
        sign(signed, request)
        response = await deliver(signed, request)
        ctx.log("info", f"{request.method} {request.url.host}{request.url.path}: {response.status_code}")
        if 300 <= response.status_code < 400:
            raise Rejected(
                f"{request.url.host} sends this request elsewhere (HTTP {response.status_code}).",
                remedy="Correct the base address of the connector.",
            )
        check_response(response, service=request.url.host, detail=_reason(response))
        return await read(ctx, spec, response)

    return carry


def build(ctx: Context, spec: OwnAction, values: dict[str, Any]) -> httpx2.Request:
    """The request of an action, not signed yet."""
    path, headers, body = spec.path, {}, {}
    query: list[tuple[str, Any]] = []
    whole: Any = None
    for one in spec.parameters:
        if one.field not in values:
            continue
        value = values[one.field]
        if one.place == "path":
            text = _text(value)
            if text in ("", ".", ".."):
                problem = FieldProblem(one.field, "This cannot stand in an address.", "Give another value.")
                raise InvalidParams("The address would lead elsewhere.", problems=[problem])
            path = path.replace("{" + one.name + "}", quote(text, safe=""))
        elif one.place == "query":
            repeated = isinstance(value, list) and one.explode
            query += [(one.name, _text(item)) for item in (value if repeated else [value])]
        elif one.place == "header":
            headers[one.name] = _header(one.field, _text(value))
        elif one.field == spec.body_field:
            whole = value
        else:
            body[one.name] = value
    content: dict[str, Any] = {}
    sent = body if not spec.body_field else whole
    if spec.body == "json" and sent is not None:
        content["json"] = sent
    elif spec.body == "form" and isinstance(sent, dict):
        content["data"] = {name: _text(value) for name, value in sent.items()}
    if ctx.idempotency_key and spec.method in ("POST", "PATCH"):
        headers.setdefault("Idempotency-Key", ctx.idempotency_key)
    headers.setdefault("Accept", "application/json, */*;q=0.5")
    request = ctx.http.build_request(
        spec.method, path, headers=headers, extensions={"portal_max_bytes": MAX_BYTES}, **content
    )
    if query:
        # A list repeats its name, which merging with what the address has would undo.
        names = {name: [text for other, text in query if other == name] for name, _ in query}
        request.url = request.url.copy_merge_params(names)
    return request


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _header(field: str, value: str) -> str:
    if set(value) & set("\r\n\0") or not value.isascii():
        problem = FieldProblem(field, "This cannot stand in a header.", "Use plain characters on one line.")
        raise InvalidParams("A header cannot be sent.", problems=[problem])
    return value


async def read(ctx: Context, spec: OwnAction, response: httpx2.Response) -> Any:
    """The answer: JSON as it is (or under `result`), text and files under `result`, nothing as null."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    result: Any
    if not response.content:
        result = None
    elif kind.endswith("json") or not spec.wraps:
        result = read_json(response, service=response.url.host)
    elif kind.startswith("text/") or kind.endswith("xml"):
        result = response.text
    else:
        name = response.url.path.rpartition("/")[2] or "download"
        result = (await ctx.files.save(name, response.content, kind or "application/octet-stream")).model_dump(
            mode="json"
        )
    return {"result": result} if spec.wraps else {} if result is None else result


def _reason(response: httpx2.Response) -> str:
    """A short reason out of the usual error bodies."""
    try:
        data = response.json()
    except ValueError:
        return ""
    for name in ("message", "error_description", "detail", "title", "error"):
        found = data.get(name) if isinstance(data, dict) else None
        if isinstance(found, dict):
            found = found.get("message")
        if isinstance(found, str) and found:
            return found
    return ""
