"""Any web API: one guarded request, or all pages of a list."""

from __future__ import annotations

import csv
import io
import json
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel

from integrations.connectors.http.auth import HttpCredential, deliver, sign
from integrations.connectors.http.paging import Paging
from integrations.sdk import (
    Connector,
    Context,
    FieldProblem,
    FileRef,
    InvalidParams,
    Param,
    Text,
    Unavailable,
    Upstream,
    check_response,
)
from integrations.sdk.http import require_address

if TYPE_CHECKING:
    import httpx2

MEGABYTE = 1024 * 1024
HTTP = Upstream(key="http", base_url_env="HTTP_BASE_URL", live="", sandbox="/http")


class Method(StrEnum):
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"
    GET = "GET"
    HEAD = "HEAD"
    OPTIONS = "OPTIONS"


class BodyKind(StrEnum):
    NONE = "none"
    JSON = "json"
    FORM = "form"
    TEXT = "text"
    FILE = "file"
    MULTIPART = "multipart"


class ReadAs(StrEnum):
    AUTO = "auto"
    JSON = "json"
    TEXT = "text"
    CSV = "csv"
    FILE = "file"


class HttpAnswer(BaseModel):
    """What came back. `data` is parsed JSON or CSV, `text` a text, `file` anything else."""

    status: int
    url: str
    headers: dict[str, str] = {}
    content_type: str = ""
    data: Any = None
    text: str | None = None
    file: FileRef | None = None
    bytes: int = 0
    ms: float = 0.0


class Pages(BaseModel):
    """The items of all pages; `complete` is false when `max_pages` ended the reading."""

    items: list[Any]
    count: int
    pages: int
    complete: bool


http = Connector(
    "http",
    title=Text("HTTP request", "HTTP 요청"),
    description=Text(
        "Calls any public web API: every method, body and way to sign in, all pages of a list, files both ways.",
        "공개된 웹 API를 호출합니다. 모든 메서드와 본문, 로그인 방식, 목록의 전체 쪽, 파일 주고받기를 지원합니다.",
    ),
    auth=HttpCredential,
    upstream=HTTP,
    group="web",
)

Url = Annotated[
    str,
    Param(
        "Address, from https:// on. While the sandbox is on, an address such as /json asks the sandbox.",
        "https://로 시작하는 주소. 샌드박스에서는 /json 같은 주소로 샌드박스를 부릅니다.",
        title="URL",
        min_length=1,
        max_length=8000,
    ),
]
Query = Annotated[dict[str, Any], Param("Query parameters; lists repeat the name", "쿼리 값(목록은 이름을 반복)")]
Headers = Annotated[dict[str, str], Param("Request headers", "요청 헤더")]
Reading = Annotated[ReadAs, Param("How to read the answer", "응답을 읽는 방법")]
MaxBytes = Annotated[
    int, Param("Largest answer in bytes", "응답의 최대 크기(바이트)", ge=1, le=50 * MEGABYTE, advanced=True)
]
FailOnError = Annotated[
    bool, Param("A status of 400 or more is an error", "상태 400 이상이면 오류로 처리", advanced=True)
]
Follow = Annotated[bool, Param("Follow redirects", "리다이렉트 따라가기", advanced=True)]

#: Set by the transport or a danger to it.
_FORBIDDEN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
)


@http.action(
    title=Text("Get", "가져오기"),
    description_ko="주소에서 값을 읽습니다. 아무것도 바꾸지 않는 요청입니다.",
    needs_credential=False,
    timeout=60,
    example={"url": "/json"},
)
async def get(
    ctx: Context,
    url: Url,
    query: Query = {},  # noqa: B006
    headers: Headers = {},  # noqa: B006
    read_as: Reading = ReadAs.AUTO,
    follow_redirects: Follow = True,
    fail_on_error: FailOnError = True,
    max_bytes: MaxBytes = 10 * MEGABYTE,
) -> HttpAnswer:
    """Reads from an address with GET."""
    request = _build(ctx, "GET", url, query, headers, max_bytes)
    return await _send(ctx, request, read_as, follow_redirects, fail_on_error)


@http.action(
    title=Text("Request", "요청"),
    description_ko="원하는 메서드와 본문으로 요청을 보냅니다.",
    effect="write",
    needs_credential=False,
    timeout=60,
    example={"method": "POST", "url": "/anything", "body_kind": "json", "body": {"a": 1}},
)
async def request(
    ctx: Context,
    method: Annotated[Method, Param("Method", "메서드")],
    url: Url,
    query: Query = {},  # noqa: B006
    headers: Headers = {},  # noqa: B006
    body_kind: Annotated[BodyKind, Param("What the body is", "본문 종류")] = BodyKind.NONE,
    body: Annotated[Any, Param("JSON value, form fields, or text", "JSON 값, 폼 필드 또는 텍스트")] = None,
    file: Annotated[FileRef | None, Param("The file to send", "보낼 파일")] = None,
    file_field: Annotated[str, Param("Name of the file's part", "파일 부분의 이름", advanced=True)] = "file",
    read_as: Reading = ReadAs.AUTO,
    follow_redirects: Follow = False,
    fail_on_error: FailOnError = True,
    max_bytes: MaxBytes = 10 * MEGABYTE,
) -> HttpAnswer:
    """Sends a request with any method and body."""
    content = await _content(ctx, body_kind, body, file, file_field)
    if ctx.idempotency_key and method in (Method.POST, Method.PATCH):
        headers = {"Idempotency-Key": ctx.idempotency_key, **headers}
    built = _build(ctx, method.value, url, query, headers, max_bytes, **content)
    return await _send(ctx, built, read_as, follow_redirects, fail_on_error)


@http.action(
    title=Text("Get all pages", "모든 쪽 가져오기"),
    description_ko="여러 쪽으로 나뉜 목록을 끝까지 읽어 하나로 합칩니다.",
    needs_credential=False,
    timeout=120,
    example={"url": "/pages/link", "paging": {"mode": "link", "items": "items"}},
)
async def get_pages(
    ctx: Context,
    url: Url,
    paging: Annotated[Paging, Param("How the pages follow each other", "쪽이 이어지는 방식")],
    query: Query = {},  # noqa: B006
    headers: Headers = {},  # noqa: B006
    max_bytes: MaxBytes = 10 * MEGABYTE,
) -> Pages:
    """Reads a list over all its pages and puts it together."""
    paging.check()
    address, parameters = url, {**query, **paging.first()}
    items: list[Any] = []
    seen: set[str] = set()
    for page in range(paging.max_pages):
        request = _build(ctx, "GET", address, parameters, headers, max_bytes)
        if str(request.url) in seen:
            raise Unavailable(
                "The pages lead in a circle.", code="page_loop", remedy="Check the paging of the request."
            )
        seen.add(str(request.url))
        response = check_response(await deliver(ctx, request, follow_redirects=True), service=_host(request))
        data = _json(response)
        found = paging.items_of(data)
        items += found
        await ctx.progress(page + 1, None, f"page {page + 1}: {len(items)} items")
        following = paging.following(page, data, len(found), len(items), response.headers)
        if following is None:
            return Pages(items=items, count=len(items), pages=page + 1, complete=True)
        target, extra = following
        if target:
            # Targets may be relative; the query of the first request is part of a full target already.
            address, parameters = str(response.url.join(target)), {}
        else:
            parameters = {**parameters, **extra}
    return Pages(items=items, count=len(items), pages=paging.max_pages, complete=False)


def _host(request: httpx2.Request) -> str:
    return request.url.host


def _build(
    ctx: Context, method: str, url: str, query: dict[str, Any], headers: dict[str, str], max_bytes: int, **content: Any
) -> httpx2.Request:
    """The request with the credential in place; the URL's own query is kept."""
    require_address(url, ctx.upstream.base_url)
    for name, value in headers.items():
        if name.lower() in _FORBIDDEN_HEADERS or not _is_header(name, value):
            problem = FieldProblem(f"headers.{name}", "This header cannot be set.", "Remove it.")
            raise InvalidParams("A header cannot be set.", problems=[problem])
    plain = {name: _plain(value) for name, value in query.items() if value is not None}
    request = ctx.http.build_request(
        method, url, headers=headers, extensions={"portal_max_bytes": max_bytes}, **content
    )
    if plain:
        request.url = request.url.copy_merge_params(plain)
    sign(ctx, request)
    return request


def _is_header(name: str, value: str) -> bool:
    return name.isascii() and name.replace("-", "").replace("_", "").isalnum() and not set(value) & set("\r\n\0")


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


async def _content(ctx: Context, kind: BodyKind, body: Any, file: FileRef | None, file_field: str) -> dict[str, Any]:
    """The arguments of `build_request` for a body."""

    def wrong(field: str, message: str, remedy: str) -> InvalidParams:
        return InvalidParams("The body does not fit its kind.", problems=[FieldProblem(field, message, remedy)])

    if kind is BodyKind.NONE:
        return {}
    if kind is BodyKind.JSON:
        return {"json": body}
    if kind is BodyKind.TEXT:
        if not isinstance(body, str):
            raise wrong("body", "A text body must be text.", "Give text, or choose json.")
        return {"content": body.encode()}
    if kind in (BodyKind.FORM, BodyKind.MULTIPART) and not isinstance(body, dict | None):
        raise wrong("body", "Form fields must be an object.", "Give names and values.")
    fields = {name: _plain(value) for name, value in (body or {}).items()} if isinstance(body, dict | None) else {}
    if kind is BodyKind.FORM:
        return {"data": fields}
    if file is None:
        raise wrong("file", "There is no file to send.", "Choose a file.")
    content = await ctx.files.read(file)
    if kind is BodyKind.FILE:
        return {"content": content}
    return {"data": fields, "files": {file_field: (file.name, content, file.content_type)}}


async def _send(
    ctx: Context, request: httpx2.Request, read_as: ReadAs, follow_redirects: bool, fail_on_error: bool
) -> HttpAnswer:
    began = time.monotonic()
    response = await deliver(ctx, request, follow_redirects=follow_redirects)
    ms = round((time.monotonic() - began) * 1000, 1)
    ctx.log("info", f"{request.method} {request.url.host}{request.url.path}: {response.status_code}", ms=ms)
    if fail_on_error:
        check_response(response, service=_host(request), detail=_reason(response))
    answer = HttpAnswer(
        status=response.status_code,
        url=str(response.url.copy_with(query=None)),
        headers=dict(response.headers),
        content_type=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
        bytes=len(response.content),
        ms=ms,
    )
    await _read(ctx, response, answer, read_as)
    return answer


async def _read(ctx: Context, response: httpx2.Response, answer: HttpAnswer, read_as: ReadAs) -> None:
    kind = answer.content_type
    if read_as is ReadAs.AUTO:
        if not response.content:
            return
        if kind.endswith("json"):
            # A wrong label is common; the text is then worth more than an error.
            try:
                answer.data = response.json()
            except ValueError:
                answer.text = response.text
            return
        is_text = kind.startswith("text/") or kind.endswith(("xml", "javascript", "x-www-form-urlencoded"))
        read_as = ReadAs.TEXT if is_text else ReadAs.FILE
    if read_as is ReadAs.JSON:
        answer.data = _json(response)
    elif read_as is ReadAs.TEXT:
        answer.text = response.text
    elif read_as is ReadAs.CSV:
        answer.data = list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"))))
    else:
        answer.file = await ctx.files.save(_file_name(response), response.content, kind or "application/octet-stream")


def _json(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise Unavailable(
            f"{response.url.host} did not answer with JSON.", code="broken_answer", remedy="Read the answer as text."
        ) from None


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


def _file_name(response: httpx2.Response) -> str:
    disposition = response.headers.get("content-disposition", "")
    names = dict(part.strip().partition("=")[::2] for part in disposition.split(";"))
    if (encoded := names.get("filename*", "")).count("'") >= 2:
        return unquote(encoded.split("'", 2)[2])
    if plain := names.get("filename", "").strip('"'):
        return plain
    return unquote(urlsplit(str(response.url)).path.rpartition("/")[2]) or "download"


__all__ = ["HttpCredential", "http", "sign"]
