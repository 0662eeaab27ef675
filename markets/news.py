"""Turns the market room's signals into messages for open pages."""

from __future__ import annotations

from typing import Any

import orjson
import redis
from django.conf import settings
from django.dispatch import receiver

from markets.consumers import channel_of
from markets.models import Alert, Snapshot
from markets.signals import alert_fired, snapshot_taken


def publish(workspace_id: Any, news: dict[str, Any]) -> None:
    """Send one message to every open page of the workspace."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as client:
        client.publish(channel_of(workspace_id), orjson.dumps(news))


@receiver(snapshot_taken)
def tell_snapshot(sender: Any, snapshot: Snapshot, **extra: Any) -> None:
    news = {"type": "snapshot", "market": snapshot.market, "venue": snapshot.venue, "at": snapshot.taken_at.isoformat()}
    publish(snapshot.workspace_id, news)


@receiver(alert_fired)
def tell_alert(sender: Any, alert: Alert, **extra: Any) -> None:
    news = {
        "type": "alert",
        "rule": alert.rule_name,
        "code": alert.code,
        "name": alert.stock_name,
        "value": alert.value,
    }
    publish(alert.workspace_id, news)
