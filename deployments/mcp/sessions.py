"""Session ids of the legacy era that any process can read: signed notes, not keys into a memory.

`initialize` is the only message that names the client, so the answer's `Mcp-Session-Id` carries that name
(signed, and bound to slug and principal) and every later request brings it back.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

import orjson
from django.conf import settings

from deployments.mcp.auth import Principal
from deployments.mcp.target import Target

_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Session:
    """What the `initialize` of a client said."""

    id: str
    protocol_version: str
    client_name: str
    client_version: str


def _mac(payload: bytes, target: Target, principal: Principal) -> bytes:
    bound = b"\0".join((b"mcp-session", str(target.deployment_id).encode(), principal.id.encode(), payload))
    return hmac.new(settings.SECRET_KEY.encode(), bound, hashlib.sha256).digest()[:_MAC_BYTES]


def new_session(target: Target, principal: Principal, version: str, client_name: str, client_version: str) -> str:
    """A session id (visible ASCII) for this client at this deployment."""
    fields = [secrets.token_urlsafe(9), version, client_name[:100], client_version[:40]]
    payload = orjson.dumps(fields)
    return base64.urlsafe_b64encode(_mac(payload, target, principal) + payload).decode().rstrip("=")


def read_session(text: str, target: Target, principal: Principal) -> Session | None:
    """The session of a header value; None when it is not ours, or not of this slug and principal."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return None
    mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(payload, target, principal)):
        return None
    identifier, version, name, client_version = orjson.loads(payload)
    return Session(identifier, version, name, client_version)
