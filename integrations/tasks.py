"""The clock of connections: tokens are renewed before they run out."""

from __future__ import annotations

from celery import current_app, shared_task


@shared_task(name="integrations.refresh_connections", expires=240)
def refresh_connections() -> dict[str, int]:
    """Fetch new tokens where three quarters of the old one's life are over."""
    from integrations.oauth import refresh_due

    return refresh_due()


current_app.conf.beat_schedule = {
    **(current_app.conf.beat_schedule or {}),
    "integrations-refresh-connections": {"task": "integrations.refresh_connections", "schedule": 120.0},
}
