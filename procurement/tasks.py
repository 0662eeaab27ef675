"""Celery's entrance: load by id, call a service. Every task is safe to run twice."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from celery import current_app, shared_task

from integrations.sdk import ConnectorError
from procurement import jobs, watch, worker

logger = logging.getLogger(__name__)


@shared_task(name="procurement.run_crawl", queue="default")
def run_crawl(job_id: str) -> None:
    """Do a crawl job, or what is left of it."""
    worker.run_job(UUID(job_id))


@shared_task(name="procurement.sweep_crawls", queue="default")
def sweep_crawls() -> None:
    """Hand out jobs whose time has come or whose worker died."""
    for job_id in jobs.due_jobs():
        jobs.send(job_id)


@shared_task(name="procurement.collect_all", queue="default")
def collect_all() -> None:
    """Ask for new notices and awards in every workspace that watches them."""
    for workspace_id in watch.workspaces_to_collect():
        collect_workspace.delay(str(workspace_id))


@shared_task(name="procurement.collect_workspace", queue="default", bind=True, max_retries=2)
def collect_workspace(self: Any, workspace_id: str, days: int = 2) -> None:
    """Collect for one workspace; an upstream that is away is tried again a little later."""
    try:
        watch.collect(UUID(workspace_id), days)
    except ConnectorError as error:
        if error.retryable:
            raise self.retry(exc=error, countdown=60) from error
        logger.warning("Notices of workspace %s were not collected: %s", workspace_id, error.message)


current_app.conf.beat_schedule = {
    **(current_app.conf.beat_schedule or {}),
    "procurement-sweep-crawls": {"task": "procurement.sweep_crawls", "schedule": 60.0},
    "procurement-collect": {"task": "procurement.collect_all", "schedule": 900.0},
}
