"""Celery's entrance: load by id, hand it to the process's event loop, wait."""

from __future__ import annotations

from importlib import import_module
from uuid import UUID

from celery import current_app, shared_task
from celery.schedules import crontab
from celery.signals import worker_process_init, worker_ready

from integrations.registry import registry
from portal.settings.env import env
from workflows import retention
from workflows.actions import HEAVY_TASK, run_heavy
from workflows.notices import TASK as TELL_FAILED
from workflows.notices import tell_failed
from workflows.queueing import TASK
from workflows.triggers import tasks as trigger_tasks  # noqa: F401 - registers them and their schedule
from workflows.worker import execute, worker_loop


@shared_task(name=TASK)
def run_execution(execution_id: str) -> None:
    """Run an execution that was started; harmless when called twice."""
    worker_loop().submit(execute(UUID(execution_id))).result()


@shared_task(name=HEAVY_TASK)
def run_heavy_node(message: str) -> None:
    """Run one heavy node of an execution on the compute queue."""
    worker_loop().submit(run_heavy(message)).result()


@shared_task(name=TELL_FAILED, queue="default")
def tell_of_failure(execution_id: str) -> None:
    """Tell the workspace of a run that failed while nobody was looking."""
    tell_failed(UUID(execution_id))


@shared_task(name="workflows.remove_payloads", queue="default")
def remove_payloads() -> int:
    """Remove what old runs were given and gave."""
    return retention.remove_payloads(env().execution_retention_days)


current_app.conf.beat_schedule = {
    **(current_app.conf.beat_schedule or {}),
    "workflows-remove-payloads": {"task": "workflows.remove_payloads", "schedule": crontab(minute=20, hour=3)},
}


def _warm_up(**_: object) -> None:
    """Start the loop and find the connectors before the first call asks for them."""
    worker_loop()
    registry()
    import_module("integrations.runtime")


worker_ready.connect(_warm_up, weak=False)
worker_process_init.connect(_warm_up, weak=False)
