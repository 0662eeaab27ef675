"""The Idempotency-Key header: a post repeated with the same key answers what the first one answered.

Answers are kept in Redis for a day, sealed with a key made from the header itself, which is not kept: whoever reads
Redis learns nothing, also where the answer held a secret that is shown once.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, cast

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from portal.common.api import idempotency_key
from portal.common.crypto import decrypt, encrypt
from portal.common.errors import Conflict, Invalid
from portal.common.hub import sync_client

KEPT_SECONDS = 86_400
#: A request that died leaves its key locked for so long.
LOCKED_SECONDS = 120
_KEPT_HEADERS = ("ETag", "Location")


class KeyReused(Invalid):
    """The same key came with another request."""

    code = "idempotency_key_reused"


class InProgress(Conflict):
    """The first request with this key is still at work."""

    code = "idempotency_in_progress"
    retryable = True


class Replay(Exception):
    """Carries the answer of the first request to where answers are made."""

    def __init__(self, kept: dict[str, Any]) -> None:
        super().__init__("replayed")
        self.kept = kept

    def response(self) -> Response:
        headers = {**self.kept["headers"], "Idempotency-Replayed": "true"}
        return Response(self.kept["data"], status=self.kept["status"], headers=headers)


class Ticket:
    """The right to carry out the first request of a key."""

    def __init__(self, name: str, seal: bytes, fingerprint: str) -> None:
        self._name, self._seal, self._fingerprint = name, seal, fingerprint

    def keep(self, response: Response) -> None:
        """Remember a success; after an error the key is free again, because nothing was made."""
        if response.status_code >= 400:
            self.release()
            return
        headers = {name: response[name] for name in _KEPT_HEADERS if name in response.headers}
        kept = {"status": response.status_code, "headers": headers, "data": response.data}
        sealed = encrypt(self._seal, json.dumps(kept, default=str).encode(), self._name)
        sync_client().hset(self._name, mapping={"print": self._fingerprint, "answer": sealed})
        sync_client().expire(self._name, KEPT_SECONDS)

    def release(self) -> None:
        sync_client().delete(self._name)


def begin(request: Request) -> Ticket | None:
    """A ticket for a first request, `Replay` for a finished one; None without the header."""
    key = idempotency_key(request)
    if key is None:
        return None
    actor = getattr(request, "actor", None)
    place = f"{actor.workspace.pk if actor else ''}:{request.method}:{request.path}:{key}"
    name = f"once:{hashlib.sha256(place.encode()).hexdigest()[:40]}"
    seal = hashlib.sha256(f"{settings.SECRET_KEY}:{place}".encode()).digest()
    fingerprint = hashlib.sha256(json.dumps(request.data, sort_keys=True, default=str).encode()).hexdigest()
    redis = sync_client()
    if redis.hsetnx(name, "print", fingerprint):
        redis.expire(name, LOCKED_SECONDS)
        return Ticket(name, seal, fingerprint)
    # Our connections do not decode.
    known, answer = cast("list[bytes | None]", redis.hmget(name, "print", "answer"))
    if known is not None and known.decode() != fingerprint:
        raise KeyReused(
            "This Idempotency-Key was used for another request.", remedy="Use a new key for each different request."
        )
    if answer is None:
        raise InProgress("The first request with this Idempotency-Key is still at work.", retry_after=1)
    raise Replay(json.loads(decrypt(seal, answer, name)))
