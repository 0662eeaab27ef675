"""Celery's entrance: load by id, call a service. Every task is safe to run twice."""

from __future__ import annotations

from uuid import UUID

from celery import current_app, shared_task
from celery.schedules import crontab

from portal.notifications import deliveries, dispatch
from portal.settings.env import env


@shared_task(name=dispatch.TASK, queue="default")
def deliver(delivery_id: str) -> None:
    """Make one attempt at a delivery."""
    deliveries.deliver(UUID(delivery_id))


@shared_task(name="notifications.reap", queue="default")
def reap() -> int:
    """Hand out digests and retries whose time has come, and what a dead worker or broker lost."""
    return deliveries.reap()


@shared_task(name="notifications.expire", queue="default")
def expire() -> int:
    """Delete what is older than the retention."""
    return deliveries.expire(env().notification_retention_days)


current_app.conf.beat_schedule = {
    **(current_app.conf.beat_schedule or {}),
    "notifications-reap": {
        "task": "notifications.reap",
        "schedule": deliveries.SWEEP_SECONDS,
        "options": {"expires": 25},
    },
    "notifications-expire": {"task": "notifications.expire", "schedule": crontab(minute=50, hour=4)},
}
