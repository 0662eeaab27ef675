"""From a failed call on trial, on the event loop, to the judgement in the database."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from portal.common.loops import per_loop

logger = logging.getLogger(__name__)


def judge_soon(deployment_id: UUID) -> None:
    """Look at the trial of this server, once for all failures that come while somebody is looking already."""
    looking: dict[UUID, asyncio.Task[None]] = per_loop("canary-judges", dict)
    if deployment_id not in looking:
        task = looking[deployment_id] = asyncio.create_task(_judge(deployment_id))
        task.add_done_callback(lambda _: looking.pop(deployment_id, None))


async def _judge(deployment_id: UUID) -> None:
    try:
        if await sync_to_async(_judge_now, thread_sensitive=False)(deployment_id):
            logger.warning("A revision on trial at %s failed too often and was taken back", deployment_id)
    except Exception:
        logger.exception("The trial at %s could not be judged", deployment_id)


def _judge_now(deployment_id: UUID) -> bool:
    from deployments.canary import judge

    close_old_connections()
    try:
        return judge(deployment_id)
    finally:
        close_old_connections()
