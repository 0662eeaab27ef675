"""Celery's entrance to the work of the portal's own pages."""

from __future__ import annotations

from uuid import UUID

from celery import current_app, shared_task

from portal import person_export


@shared_task(name="portal.export_person", queue="default")
def export_person(export_id: str) -> None:
    """Make an export that a person asked for."""
    person_export.make(UUID(export_id))


@shared_task(name="portal.sweep_exports", queue="default")
def sweep_exports() -> None:
    """Remove archives that are a day old."""
    person_export.sweep()


current_app.conf.beat_schedule = {
    **(current_app.conf.beat_schedule or {}),
    "portal-sweep-exports": {"task": "portal.sweep_exports", "schedule": 3600.0},
}
