"""Celery's entrance to the work of this room that nobody waits for."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app, shared_task
from celery.schedules import crontab

from portal.workspaces import usage_copy

logger = logging.getLogger(__name__)


@shared_task(name="workspaces.copy_usage", queue="default")
def copy_usage() -> None:
    """Copy the counters of usage to their rows; safe to run twice."""
    usage_copy.copy_usage()


@shared_task(name="workspaces.rotate_keys", queue="default")
def rotate_keys() -> None:
    """Renew the data keys that are due, and say in the log what an operator has to do."""
    from portal.workspaces.key_rotation import rotate, status

    report = rotate()
    for warning in status().warnings():
        logger.warning(warning)
    if report.renewed or report.moved or report.wrapped_anew:
        logger.info(report.text())
    for line in report.unreadable:
        logger.error("unreadable: %s", line)


@shared_task(name="workspaces.remove", queue="default", acks_late=True)
def remove_workspace(removal_id: str) -> None:
    """Delete what a closed workspace has."""
    from portal.workspaces.emptying import empty

    empty(UUID(removal_id))


@shared_task(name="workspaces.sweep_removals", queue="default")
def sweep_removals() -> None:
    """Go on with deletions whose worker died, or that no broker took."""
    from portal.workspaces.emptying import sweep

    sweep()


current_app.conf.beat_schedule = {
    **(current_app.conf.beat_schedule or {}),
    "workspaces-rotate-keys": {"task": "workspaces.rotate_keys", "schedule": crontab(minute=15, hour=4)},
    "workspaces-sweep-removals": {"task": "workspaces.sweep_removals", "schedule": 300.0},
    "workspaces-copy-usage": {"task": "workspaces.copy_usage", "schedule": 60.0},
}
