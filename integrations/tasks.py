"""The clock of connections and of own connectors: tokens are renewed before they run out, lists of tools read again."""

from __future__ import annotations

from celery import current_app, shared_task


@shared_task(name="integrations.refresh_connections", expires=240)
def refresh_connections() -> dict[str, int]:
    """Fetch new tokens where three quarters of the old one's life are over."""
    from integrations.oauth import refresh_due

    return refresh_due()


@shared_task(name="integrations.refresh_own_tools", expires=840)
def refresh_own_tools() -> dict[str, int]:
    """Look again at the tools of other MCP servers that workspaces use."""
    from integrations.own.services import refresh_tools_due

    return refresh_tools_due()


current_app.conf.beat_schedule = {
    **(current_app.conf.beat_schedule or {}),
    "integrations-refresh-connections": {"task": "integrations.refresh_connections", "schedule": 120.0},
    "integrations-refresh-own-tools": {"task": "integrations.refresh_own_tools", "schedule": 900.0},
}
