"""A small S3: path-style buckets, signature version 4 checked, listings in pages of two, XML errors.

Fault switches: `POST /s3/__faults__`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.connectors.s3.signing import Keys, signed_headers
from integrations.sdk.standin import standin

PREFIX = "/s3"
CREDENTIAL = {"access_key": "SANDBOXKEY", "secret_key": "sandbox-secret", "bucket": "sandbox"}
PAGE = 2
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
SAMPLES: dict[str, tuple[bytes, str]] = {
    "readme.txt": ("샌드박스입니다\n".encode(), "text/plain; charset=utf-8"),
    "reports/2026-01.csv": (b"a,b\n1,2\n", "text/csv"),
    "reports/2026-02.csv": (b"a,b\n3,4\n", "text/csv"),
}
files = dict(SAMPLES)


def _error(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, media_type="application/xml")


def _is_signed(request: Request) -> bool:
    """Whether the signature is the one that the secret gives for this very request."""
    given = request.headers.get("authorization", "")
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    made = {"host", "x-amz-date", "x-amz-content-sha256"}
    headers = {name: request.headers.get(name, "") for name in names if name not in made}
    try:
        now = dt.datetime.strptime(request.headers.get("x-amz-date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return False
    region = given.partition("Credential=")[2].split("/")[2] if given.count("/") >= 4 else ""
    keys = Keys(CREDENTIAL["access_key"], CREDENTIAL["secret_key"], region)
    path = request.scope.get("raw_path", b"").decode() or request.url.path
    expected = signed_headers(
        keys,
        request.method,
        request.headers.get("host", ""),
        path.partition("?")[0],
        dict(request.query_params),
        headers,
        request.headers.get("x-amz-content-sha256", ""),
        now,
    )
    return hmac.compare_digest(expected["authorization"], given)


async def endpoint(request: Request) -> Response:
    if not _is_signed(request):
        return _error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
    body = await request.body()
    if hashlib.sha256(body).hexdigest() != request.headers.get("x-amz-content-sha256"):
        return _error(400, "XAmzContentSHA256Mismatch", "The body is not what was signed.")
    bucket, key = request.path_params["bucket"], request.path_params.get("key", "")
    if bucket != CREDENTIAL["bucket"]:
        return _error(404, "NoSuchBucket", "The specified bucket does not exist")
    if not key:
        return _list(request)
    if request.method == "PUT":
        files[key] = (body, request.headers.get("content-type", ""))
        return Response(headers={"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})
    if request.method == "DELETE":
        files.pop(key, None)
        return Response(status_code=204)
    if key not in files:
        return _error(404, "NoSuchKey", "The specified key does not exist.")
    content, kind = files[key]
    return Response(content, headers={"ETag": '"x"', "Last-Modified": "Mon, 02 Mar 2026 00:00:00 GMT"}, media_type=kind)


def _list(request: Request) -> Response:
    query = request.query_params
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    keys = sorted(key for key in files if key.startswith(prefix))
    folders: list[str] = []
    if delimiter:
        inside = [key for key in keys if delimiter in key[len(prefix) :]]
        folders = sorted({prefix + key[len(prefix) :].split(delimiter)[0] + delimiter for key in inside})
        keys = [key for key in keys if key not in inside]
    start = int(query.get("continuation-token", "0"))
    size = min(PAGE, int(query.get("max-keys", "1000")))
    page, rest = keys[start : start + size], keys[start + size :]
    contents = "".join(
        f"<Contents><Key>{escape(key)}</Key><LastModified>2026-03-02T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;x&quot;</ETag><Size>{len(files[key][0])}</Size></Contents>"
        for key in page
    )
    common = "".join(f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in folders)
    following = f"<NextContinuationToken>{start + size}</NextContinuationToken>" if rest else ""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="{NAMESPACE}">'
        f"<IsTruncated>{'true' if rest else 'false'}</IsTruncated>{following}{contents}{common}</ListBucketResult>"
    )
    return Response(body, media_type="application/xml")


METHODS = ["GET", "PUT", "DELETE"]
app = standin([Route("/{bucket}", endpoint, methods=METHODS), Route("/{bucket}/{key:path}", endpoint, methods=METHODS)])
