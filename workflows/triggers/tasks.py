"""Celery's entrance to triggers, and their schedule."""

from __future__ import annotations

from uuid import UUID

from celery import current_app, shared_task
from celery.schedules import crontab

from workflows.triggers import ticking
from workflows.triggers.fire import SETTLE_TASK, settle
from workflows.triggers.following import FOLLOW_TASK, follow, sweep

POLL_TASK = "workflows.triggers.poll"


def send_poll(trigger_id: UUID) -> None:
    current_app.send_task(POLL_TASK, args=[str(trigger_id)], queue="default", ignore_result=True)


@shared_task(name="workflows.triggers.tick")
def run_tick() -> None:
    """Handle what came due; harmless when several beats ask for it."""
    ticking.tick(poll=send_poll)
    sweep()


@shared_task(name=SETTLE_TASK)
def run_settle(firing_id: str) -> None:
    """Start a firing whose quiet time is over."""
    settle(UUID(firing_id))


@shared_task(name=POLL_TASK)
def run_poll(trigger_id: str) -> None:
    """Ask a service for what is new."""
    from workflows.triggers.polling import poll

    poll(UUID(trigger_id))


@shared_task(name=FOLLOW_TASK)
def run_follow(execution_id: str) -> None:
    """Start what follows a run that ended."""
    follow(UUID(execution_id))


@shared_task(name="workflows.triggers.prune")
def run_prune() -> None:
    """Delete old events."""
    ticking.prune()


current_app.conf.beat_schedule = {
    **(current_app.conf.beat_schedule or {}),
    "triggers-tick": {"task": "workflows.triggers.tick", "schedule": crontab(minute="*"), "options": {"expires": 50}},
    "triggers-prune": {"task": "workflows.triggers.prune", "schedule": crontab(minute=25, hour=4)},
}
