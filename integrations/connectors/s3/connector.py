"""Files in S3 buckets, of Amazon or anybody who speaks its protocol."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from pydantic import BaseModel, Field, SecretStr

from integrations.connectors.s3.signing import Keys, canonical_query, encoded, presigned_query, signed_headers
from integrations.sdk import (
    AuthError,
    Connector,
    Context,
    Credential,
    FileRef,
    Param,
    RateLimited,
    Rejected,
    Text,
    Unavailable,
    Upstream,
    error_for_status,
    retry_after_of,
)

if TYPE_CHECKING:
    import httpx2

MAX_FILE = 50 * 1024 * 1024
_SIGN_IN = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"})
_EMPTY = hashlib.sha256(b"").hexdigest()


class S3Credential(Credential):
    """An access key, and where its buckets are."""

    access_key: str = Field(title="Access key id", min_length=1)
    secret_key: SecretStr = Field(title="Secret access key", min_length=1)
    region: str = Field("us-east-1", title="Region", min_length=1)
    endpoint: str = Field("", title="Endpoint", description="Empty for Amazon; else https://… of your provider")
    bucket: str = Field("", title="Bucket", description="Used where a node names none")
    session_token: SecretStr | None = Field(None, title="Session token", description="Only for temporary keys")


s3 = Connector(
    "s3",
    title=Text("S3 files", "S3 파일"),
    description=Text(
        "Stores, reads, lists and deletes files in S3 buckets, and makes links to them.",
        "S3 버킷의 파일을 올리고, 읽고, 조회하고, 지우고, 임시 링크를 만듭니다.",
    ),
    auth=S3Credential,
    upstream=Upstream(
        key="s3",
        base_url_env="S3_BASE_URL",
        live="",
        sandbox="/s3",
        sandbox_credential={"access_key": "SANDBOXKEY", "secret_key": "sandbox-secret", "bucket": "sandbox"},
    ),
    group="files",
    docs_url="https://docs.aws.amazon.com/AmazonS3/latest/API/",
)

Bucket = Annotated[
    str, Param("Bucket; empty: the connection's", "버킷. 비우면 연결의 버킷", pattern=r"^([a-z0-9][a-z0-9.-]{1,62})?$")
]
Key = Annotated[str, Param("Key (path) of the file", "파일의 키(경로)", min_length=1, max_length=1024)]


class Stored(BaseModel):
    """A stored file."""

    bucket: str
    key: str
    etag: str = ""
    size: int = 0


class Got(BaseModel):
    """A file that was read."""

    bucket: str
    key: str
    etag: str = ""
    modified: str = ""
    file: FileRef


class Entry(BaseModel):
    """A file in a listing. `modified` is ISO 8601, UTC."""

    key: str
    size: int
    modified: str = ""
    etag: str = ""


class Listing(BaseModel):
    """Files and folders; `complete` is false when there are more."""

    bucket: str
    files: list[Entry]
    folders: list[str] = []
    count: int
    complete: bool


class Gone(BaseModel):
    """A file that is not there any more."""

    bucket: str
    key: str


class Link(BaseModel):
    """A link that works without a sign-in until `expires_at` (ISO 8601, UTC)."""

    url: str
    method: str
    expires_at: str


@s3.action(
    title=Text("Put file", "파일 올리기"),
    description_ko="파일이나 텍스트를 버킷에 올립니다. 같은 키의 파일은 바뀝니다.",
    effect="write",
    idempotent=True,
    timeout=120,
    example={"key": "notes/hello.txt", "text": "안녕하세요", "bucket": "sandbox"},
)
async def put(
    ctx: Context,
    key: Key,
    file: Annotated[FileRef | None, Param("The file", "파일")] = None,
    text: Annotated[
        str,
        Param(
            "Text to store when there is no file", "파일이 없을 때 올릴 텍스트", widget="textarea", max_length=5_000_000
        ),
    ] = "",
    content_type: Annotated[str, Param("Content type; empty: the file's own", "콘텐츠 종류", max_length=200)] = "",
    bucket: Bucket = "",
) -> Stored:
    """Stores a file or a text under a key, in place of what was there."""
    content = await ctx.files.read(file) if file is not None else text.encode()
    kind = content_type or (file.content_type if file is not None else "text/plain; charset=utf-8")
    name, answer = await _call(ctx, "PUT", bucket, key, content=content, headers={"content-type": kind})
    return Stored(bucket=name, key=key, etag=answer.headers.get("etag", "").strip('"'), size=len(content))


@s3.action(
    title=Text("Get file", "파일 가져오기"),
    description_ko="버킷의 파일을 가져옵니다.",
    timeout=120,
    example={"key": "readme.txt", "bucket": "sandbox"},
)
async def get(ctx: Context, key: Key, bucket: Bucket = "") -> Got:
    """Gets a file, up to 50 MB."""
    name, answer = await _call(ctx, "GET", bucket, key)
    kind = answer.headers.get("content-type", "application/octet-stream")
    return Got(
        bucket=name,
        key=key,
        etag=answer.headers.get("etag", "").strip('"'),
        modified=answer.headers.get("last-modified", ""),
        file=await ctx.files.save(key.rstrip("/").rpartition("/")[2] or "file", answer.content, kind),
    )


@s3.action(
    title=Text("List files", "파일 목록"),
    description_ko="버킷의 파일을 앞부분과 폴더로 걸러 조회합니다.",
    timeout=60,
    example={"prefix": "", "count": 3, "bucket": "sandbox"},
)
async def list_files(
    ctx: Context,
    prefix: Annotated[str, Param("Only keys that begin so", "이렇게 시작하는 키만", max_length=1024)] = "",
    folders: Annotated[bool, Param("One level only; deeper ones as folders", "한 단계만, 더 깊은 곳은 폴더로")] = False,
    count: Annotated[int, Param("Files at most", "최대 파일 수", ge=1, le=10_000)] = 1000,
    bucket: Bucket = "",
) -> Listing:
    """Lists files in the order of their keys, over as many pages as it takes."""
    files: list[Entry] = []
    found_folders: list[str] = []
    token, seen = "", set()
    while True:
        query = {"list-type": "2", "prefix": prefix, "max-keys": str(min(1000, count - len(files)))}
        query |= {"delimiter": "/"} if folders else {}
        query |= {"continuation-token": token} if token else {}
        name, answer = await _call(ctx, "GET", bucket, "", query=query)
        page = _xml(answer, "ListBucketResult")
        files += [_entry(one) for one in page.iterfind("Contents")]
        found_folders += [one.findtext("Prefix", "") for one in page.iterfind("CommonPrefixes")]
        token = page.findtext("NextContinuationToken", "") if page.findtext("IsTruncated", "") == "true" else ""
        if not token or len(files) >= count:
            return Listing(
                bucket=name, files=files[:count], folders=found_folders, count=len(files[:count]), complete=not token
            )
        if token in seen:
            raise Unavailable("The pages of the listing lead in a circle.", code="page_loop")
        seen.add(token)
        await ctx.progress(len(files), count, f"{len(files)} files")


@s3.action(
    title=Text("Delete file", "파일 삭제"),
    description_ko="버킷의 파일을 지웁니다. 없는 파일이어도 괜찮습니다.",
    effect="destroy",
    idempotent=True,
    example={"key": "notes/hello.txt", "bucket": "sandbox"},
)
async def delete(ctx: Context, key: Key, bucket: Bucket = "") -> Gone:
    """Deletes a file; one that does not exist is fine."""
    name, _ = await _call(ctx, "DELETE", bucket, key)
    return Gone(bucket=name, key=key)


@s3.action(
    title=Text("Make link", "링크 만들기"),
    description_ko="로그인 없이 파일을 받거나 올릴 수 있는 임시 링크를 만듭니다.",
    effect="write",
)
async def presign(
    ctx: Context,
    key: Key,
    seconds: Annotated[int, Param("Seconds it works", "유효 시간(초)", ge=1, le=604_800)] = 3600,
    method: Annotated[Literal["GET", "PUT"], Param("Get or put", "받기 또는 올리기")] = "GET",
    bucket: Bucket = "",
) -> Link:
    """Makes a link to get or put a file without a sign-in; whoever has it may use it until it expires."""
    base, path, _ = _place(ctx, bucket, key)
    now = dt.datetime.now(dt.UTC)
    query = presigned_query(_keys(ctx), method, _host(base), path, {}, seconds, now)
    expires = (now + dt.timedelta(seconds=seconds)).isoformat(timespec="seconds")
    return Link(url=f"{_origin(base)}{path}?{query}", method=method, expires_at=expires)


@s3.test
async def check(ctx: Context) -> None:
    await _call(ctx, "GET", "", "", query={"list-type": "2", "max-keys": "1"})


def _credential(ctx: Context) -> S3Credential:
    assert isinstance(ctx.credential, S3Credential)
    return ctx.credential


def _keys(ctx: Context) -> Keys:
    credential = _credential(ctx)
    token = credential.session_token.get_secret_value() if credential.session_token else ""
    return Keys(credential.access_key, credential.secret_key.get_secret_value(), credential.region, token)


def _place(ctx: Context, bucket: str, key: str) -> tuple[str, str, str]:
    """Base URL, encoded path and bucket. Other endpoints than Amazon's are addressed by path, which all understand."""
    credential = _credential(ctx)
    name = bucket or credential.bucket
    if not name:
        raise Rejected("No bucket is named.", code="missing_bucket", remedy="Name one in the node or the connection.")
    if "/" in name or not name.isascii():
        raise Rejected("This is no name of a bucket.", remedy="Use lower case letters, digits, dots and hyphens.")
    base = ctx.upstream.base_url
    if ctx.upstream.mode == "live":
        base = credential.endpoint or f"https://s3.{credential.region}.amazonaws.com"
        if urlsplit(base).scheme not in ("https", "http") or not urlsplit(base).hostname:
            raise Rejected("The connection's endpoint is no address.", remedy="Begin it with https://.")
    root = urlsplit(base).path.rstrip("/")
    return base, f"{root}/{name}" + (f"/{encoded(key, keep='/')}" if key else ""), name


def _host(base: str) -> str:
    parts = urlsplit(base)
    usual = {"https": 443, "http": 80}[parts.scheme]
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, usual) else f"{host}:{parts.port}"


def _origin(base: str) -> str:
    return f"{urlsplit(base).scheme}://{_host(base)}"


async def _call(
    ctx: Context,
    method: str,
    bucket: str,
    key: str,
    *,
    query: dict[str, str] | None = None,
    content: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[str, httpx2.Response]:
    """The bucket's name and the answer of a signed request; the SDK's error when S3 refuses."""
    base, path, name = _place(ctx, bucket, key)
    payload = hashlib.sha256(content).hexdigest() if content else _EMPTY
    signed = signed_headers(
        _keys(ctx), method, _host(base), path, query or {}, headers or {}, payload, dt.datetime.now(dt.UTC)
    )
    url = f"{_origin(base)}{path}" + (f"?{canonical_query(query)}" if query else "")
    answer = await ctx.http.request(
        method, url, content=content or None, headers=signed, extensions={"portal_max_bytes": MAX_FILE}
    )
    if answer.status_code >= 300:
        raise _error_of(answer)
    # A gateway's page also comes with 200; S3 never gives or takes a file without its tag.
    if (key and method in ("GET", "PUT") and "etag" not in answer.headers) or (
        method == "DELETE" and answer.status_code != 204
    ):
        raise Unavailable("This is no answer of S3.", code="broken_answer", remedy="Check the endpoint.")
    return name, answer


def _error_of(answer: httpx2.Response) -> Exception:
    """The SDK's error for an XML error of S3 (API reference, "Error responses")."""
    try:
        found = _xml(answer, "Error")
        code, said = found.findtext("Code", ""), found.findtext("Message", "")
    except Unavailable:
        code = said = ""
    if answer.status_code in (301, 307, 308):
        return Rejected(f"The bucket is in another region. {said[:200]}", remedy="Correct the connection's region.")
    if code in _SIGN_IN:
        return AuthError(f"S3 does not accept the key ({code}).", remedy="Check the connection.")
    if code in ("SlowDown", "RequestLimitExceeded", "TooManyRequests"):
        return RateLimited("S3 asks to slow down.", retry_after=retry_after_of(answer.headers) or 1.0)
    detail = f"{code}: {said}" if code else ""
    return error_for_status(answer.status_code, service="S3", headers=answer.headers, detail=detail)


def _xml(answer: httpx2.Response, root: str) -> Element:
    """The answer's document with plain names; entities and doctypes are refused."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        document: Element = fromstring(answer.content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise Unavailable("S3 did not answer with its XML.", code="broken_answer") from None
    for element in document.iter():
        element.tag = element.tag.rpartition("}")[2]
    if document.tag != root:
        raise Unavailable("S3 did not answer with its XML.", code="broken_answer")
    return document


def _entry(element: Element) -> Entry:
    try:
        size = int(element.findtext("Size", "0"))
    except ValueError:
        raise Unavailable("S3 told no size of a file.", code="broken_answer") from None
    return Entry(
        key=element.findtext("Key", ""),
        size=size,
        modified=element.findtext("LastModified", ""),
        etag=element.findtext("ETag", "").strip('"'),
    )
