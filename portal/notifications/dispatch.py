"""What leaves the transaction: frames for open pages, and tasks for the workers. Redis may be away for both."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from uuid import UUID

import orjson
from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from portal.common.hub import sync_client
from portal.notifications.models import Event

logger = logging.getLogger(__name__)
TASK = "notifications.deliver"


def channel_of(user_id: UUID | str) -> str:
    """The Redis channel of a person's notifications."""
    return f"notifications:{user_id}"


def announce(event: Event, user_ids: Iterable[UUID]) -> None:
    """Show the event on every open page of these people."""
    frame = {
        "type": "notification",
        "id": str(event.pk),
        "workspace": str(event.workspace_id),
        "topic": event.topic,
        "severity": event.severity,
        "title": {"en": event.title_en, "ko": event.title_ko},
        "body": {"en": event.body_en, "ko": event.body_ko},
        "url": event.url,
    }
    _publish(user_ids, frame)


def announce_read(workspace_id: UUID, user_id: UUID) -> None:
    """Let the person's other pages count again."""
    _publish([user_id], {"type": "read", "workspace": str(workspace_id)})


def _publish(user_ids: Iterable[UUID], frame: dict[str, object]) -> None:
    body = orjson.dumps(frame)
    try:
        pipe = sync_client().pipeline(transaction=False)
        for user_id in user_ids:
            pipe.publish(channel_of(user_id), body)
        pipe.execute()
    except RedisError as error:
        # The inbox row stands; the page shows it with its next request.
        logger.warning("Open pages were not told: %s", type(error).__name__)


def send_deliveries(
    delivery_ids: Iterable[UUID], *, countdown: float | None = None, expires: float | None = None
) -> None:
    """Hand deliveries to the workers; without a broker they wait for the reaper. Times in seconds."""
    try:
        for delivery_id in delivery_ids:
            current_app.send_task(
                TASK,
                args=[str(delivery_id)],
                queue="default",
                ignore_result=True,
                retry=False,
                countdown=countdown,
                expires=expires,
            )
    except (OperationalError, OSError) as error:
        logger.warning("Broker away, deliveries wait for the reaper: %s", type(error).__name__)
