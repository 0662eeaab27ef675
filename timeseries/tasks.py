"""Celery's entrance to jobs."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from timeseries.services import jobs

LIMIT_SECONDS = 1800


@shared_task(name=jobs.TASK, soft_time_limit=LIMIT_SECONDS, time_limit=LIMIT_SECONDS + 60)
def run_job(job_id: str) -> None:
    """Run one job on the compute queue; harmless when called twice."""
    jobs.run(UUID(job_id))
