"""Reads of the market room."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from markets.models import Alert, AlertRule, Snapshot


def rules_of(workspace: Any) -> QuerySet[AlertRule]:
    """The workspace's alert rules."""
    return AlertRule.objects.for_workspace(workspace).select_related("created_by")


def alerts_of(workspace: Any) -> QuerySet[Alert]:
    """What the workspace's rules reported, newest first."""
    return Alert.objects.for_workspace(workspace).select_related("rule")


def snapshots_of(workspace: Any, market: str = "", venue: str = "") -> QuerySet[Snapshot]:
    """Kept rankings of the workspace, newest first."""
    found = Snapshot.objects.for_workspace(workspace)
    if market:
        found = found.filter(market=market)
    return found.filter(venue=venue) if venue else found
