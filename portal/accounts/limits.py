"""Fixed-window limits in Redis for what strangers may try: a limit reached in one process counts in all."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest

from portal.common.callers import client_address
from portal.common.errors import LimitReached
from portal.common.hub import sync_client


def take(kind: str, who: str, *, limit: int, per: int) -> None:
    """Count one attempt; `LimitReached` after `limit` attempts within `per` seconds."""
    # The name is hashed: e-mail addresses need not stand in Redis in the clear.
    key = f"limit:{kind}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    redis = sync_client()
    with redis.pipeline() as pipe:
        pipe.set(key, 0, ex=per, nx=True)
        pipe.incr(key)
        pipe.ttl(key)
        _, used, left = pipe.execute()
    if used > limit:
        raise LimitReached("Too many attempts.", retry_after=max(1, left), remedy="Wait a little, then try again.")


def take_for_address(kind: str, request: HttpRequest, *, limit: int, per: int) -> None:
    """The same, counted by the caller's address."""
    take(kind, client_address(request) or "unknown", limit=limit, per=per)
