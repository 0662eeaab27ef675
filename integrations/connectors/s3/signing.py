"""AWS Signature Version 4 for S3 (AWS General Reference, "Signing AWS API requests")."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Who signs, and for which region."""

    access_key: str
    secret_key: str
    region: str
    session_token: str = ""


def encoded(text: str, *, keep: str = "") -> str:
    """Percent-encoding as the signature wants it: everything but letters, digits and -._~."""
    return quote(text, safe=f"-._~{keep}")


def canonical_query(query: Mapping[str, str]) -> str:
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(query.items()))


def signed_headers(
    keys: Keys, method: str, host: str, path: str, query: Mapping[str, str], headers: Mapping[str, str],
    payload_hash: str, now: dt.datetime,
) -> dict[str, str]:  # fmt: skip
    """The headers to send, signature included. `path` is percent-encoded already."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    all_headers = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    all_headers |= {"host": host, "x-amz-date": stamp, "x-amz-content-sha256": payload_hash}
    if keys.session_token:
        all_headers["x-amz-security-token"] = keys.session_token
    names = ";".join(sorted(all_headers))
    lines = "".join(f"{name}:{all_headers[name]}\n" for name in sorted(all_headers))
    request = "\n".join([method, path, canonical_query(query), lines, names, payload_hash])
    signature, scope = _signature(keys, request, now)
    authorization = f"{ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**all_headers, "authorization": authorization}


def presigned_query(
    keys: Keys, method: str, host: str, path: str, query: Mapping[str, str], seconds: int, now: dt.datetime
) -> str:
    """The query of a link that needs no other sign-in for some seconds."""
    scope = _scope(keys, now)
    full = {
        **query,
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{keys.access_key}/{scope}",
        "X-Amz-Date": now.strftime("%Y%m%dT%H%M%SZ"),
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
    }
    if keys.session_token:
        full["X-Amz-Security-Token"] = keys.session_token
    request = "\n".join([method, path, canonical_query(full), f"host:{host}\n", "host", UNSIGNED])
    signature, _ = _signature(keys, request, now)
    return f"{canonical_query(full)}&X-Amz-Signature={signature}"


def _scope(keys: Keys, now: dt.datetime) -> str:
    return f"{now:%Y%m%d}/{keys.region}/s3/aws4_request"


def _signature(keys: Keys, request: str, now: dt.datetime) -> tuple[str, str]:
    scope = _scope(keys, now)
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join([ALGORITHM, now.strftime("%Y%m%dT%H%M%SZ"), scope, hashed])
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), scope
