"""The market room's schedule: snapshots and alerts while the market is open, symbols and history once a day."""

from __future__ import annotations

from celery import current_app, shared_task
from celery.schedules import crontab
from django.utils import timezone

from markets.kis import hours
from portal.common.errors import PortalError
from portal.workspaces.models import Workspace

OPEN = {hours.Session.OPEN, hours.Session.CLOSING_AUCTION}


def workspaces_with_market_data() -> list[Workspace]:
    """Workspaces that have a connection of their own for the market tools; others see the sandbox on demand."""
    from integrations.models import Connection

    ids = Connection.objects.filter(connector="kis").values_list("workspace_id", flat=True).distinct()
    return list(Workspace.objects.filter(pk__in=list(ids)))


@shared_task(name="markets.watch")
def watch() -> None:
    """Every minute: while the market is open, one snapshot a workspace and one look a rule."""
    from markets.models import AlertRule

    if hours.session_at(timezone.now()) not in OPEN:
        return
    for workspace in workspaces_with_market_data():
        take_snapshot.delay(str(workspace.pk))
    for rule_id in AlertRule.objects.filter(is_active=True).values_list("pk", flat=True):
        look_at_rule.delay(str(rule_id))


@shared_task(name="markets.take_snapshot", autoretry_for=(PortalError,), max_retries=2, retry_backoff=5, expires=55)
def take_snapshot(workspace_id: str, market: str = "ALL", venue: str = "KRX") -> None:
    """Keep the ranking as it stands now."""
    from markets.services import snapshot_take

    snapshot_take(Workspace.objects.get(pk=workspace_id), market, venue)


@shared_task(name="markets.look_at_rule", expires=55)
def look_at_rule(rule_id: str) -> int:
    """One look at the market for one rule."""
    from uuid import UUID

    from markets.services import rule_look

    return len(rule_look(UUID(rule_id)))


@shared_task(name="markets.refresh", autoretry_for=(PortalError,), max_retries=3, retry_backoff=60)
def refresh() -> None:
    """Once a day after the close: symbol files, then the history of the thousand largest stocks."""
    from markets.services import history_refresh, symbols_refresh

    for workspace in workspaces_with_market_data()[:1]:
        symbols_refresh(workspace)
        history_refresh(workspace)


@shared_task(name="markets.prune")
def prune() -> None:
    """Delete what is past its retention."""
    from markets.services import old_rows_prune

    old_rows_prune()


current_app.conf.beat_schedule.update(
    {
        "markets-watch": {"task": "markets.watch", "schedule": crontab(minute="*", hour="9-16", day_of_week="1-5")},
        "markets-refresh": {"task": "markets.refresh", "schedule": crontab(minute=10, hour=17, day_of_week="1-5")},
        "markets-prune": {"task": "markets.prune", "schedule": crontab(minute=40, hour=4)},
    }
)
