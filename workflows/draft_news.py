"""Telling open canvases that somebody stored the draft."""

from __future__ import annotations

import contextlib
from uuid import UUID

import orjson
from redis.exceptions import RedisError

from portal.common.hub import sync_client


def channel_of(workflow_id: UUID | str) -> str:
    return f"presence:{workflow_id}"


def announce_draft(workflow_id: UUID, revision: int, author: str) -> None:
    """Tell open canvases that the draft was stored; a lost message only means that they learn it at their next save."""
    message = {"type": "draft", "revision": revision, "by": author}
    with contextlib.suppress(RedisError, OSError):
        sync_client().publish(channel_of(workflow_id), orjson.dumps(message))
