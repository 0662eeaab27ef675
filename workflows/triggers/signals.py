"""News of the domain apps as events: what they send as Django signals starts the workflows that listen.

A signal's sender must not suffer from its listeners: whatever goes wrong here is logged and told in the trigger's
history, never raised.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings

from markets.signals import alert_fired
from portal.workspaces.signals import workspace_closing
from procurement.signals import notices_matched
from properties.signals import matches_found, price_changed
from timeseries.signals import job_ended
from workflows.closing import stop_all
from workflows.triggers.fire import fire
from workflows.triggers.models import Trigger

logger = logging.getLogger(__name__)
MAX_LISTED = 200


def listen(signal: str, workspace_id: UUID, key: str, event: dict[str, Any]) -> int:
    """Fire every trigger of the workspace that wants this event; how many."""
    triggers = Trigger.objects.filter(
        workspace_id=workspace_id, kind=Trigger.Kind.SIGNAL, is_on=True, config__signal=signal
    ).select_related("workflow")
    wanted = [trigger for trigger in triggers if _fits(trigger.config.get("only") or {}, event)]
    for trigger in wanted:
        fire(trigger, key, {"signal": signal, **event})
    return len(wanted)


def _fits(only: dict[str, Any], event: dict[str, Any]) -> bool:
    return all(str(event.get(name)) == str(value) for name, value in only.items())


def _safely(handler: Callable[..., None]) -> Callable[..., None]:
    @wraps(handler)
    def inner(**news: Any) -> None:
        try:
            handler(**news)
        except Exception:
            logger.exception("Triggers could not take the news of %s", handler.__name__)

    return inner


def _digest(ids: list[Any]) -> str:
    return hashlib.sha256("\n".join(sorted(map(str, ids))).encode()).hexdigest()[:40]


def _link(path: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


@_safely
def on_alert(alert: Any, **_: Any) -> None:
    """A market alert fired."""
    event = {
        "rule": alert.rule_name,
        "rule_id": str(alert.rule_id or ""),
        "code": alert.code,
        "name": alert.stock_name,
        "value": alert.value,
        "row": alert.row,
        "as_of": alert.as_of.isoformat(),
        "url": _link("/markets/"),
    }
    listen("alert_fired", alert.workspace_id, f"alert:{alert.pk}", event)


@_safely
def on_notices(search: Any, notices: list[Any], **_: Any) -> None:
    """Bid notices matched a saved search for the first time."""
    event = {
        "search": search.name,
        "search_id": str(search.pk),
        "count": len(notices),
        "complete": len(notices) <= MAX_LISTED,
        "notices": [
            {
                "notice_no": notice.notice_no,
                "order": notice.order,
                "title": notice.title,
                "agency": notice.agency,
                "estimated_price": notice.estimated_price,
                "published": notice.published.isoformat() if notice.published else None,
                "closes": notice.closes.isoformat() if notice.closes else None,
                "url": notice.url,
            }
            for notice in notices[:MAX_LISTED]
        ],
    }
    key = f"notices:{search.pk}:{_digest([notice.pk for notice in notices])}"
    listen("notices_matched", search.workspace_id, key, event)


@_safely
def on_price(workspace_id: UUID, history_id: Any, listing_id: Any, before: Any, after: Any, **_: Any) -> None:
    """A listing's price changed. Prices are in units of 10,000 won."""
    event = {"listing": str(listing_id or ""), "before": before, "after": after, "unit": "10000 KRW"}
    listen("price_changed", workspace_id, f"price:{history_id}", event)


@_safely
def on_matches(workspace_id: UUID, match_ids: list[Any], **_: Any) -> None:
    """Listings matched a customer's requirement."""
    from properties.models import Match

    rows = Match.objects.filter(pk__in=match_ids, workspace_id=workspace_id).select_related("requirement", "listing")
    event = {
        "count": len(match_ids),
        "complete": len(match_ids) <= MAX_LISTED,
        "matches": [
            {
                "id": str(row.pk),
                "requirement": str(row.requirement),
                "listing": str(row.listing_id),
                "title": str(row.listing),
                "score": row.score,
                "reasons": row.reasons,
            }
            for row in rows[:MAX_LISTED]
        ],
    }
    listen("matches_found", workspace_id, f"matches:{_digest(match_ids)}", event)


@_safely
def on_job(job: Any, **_: Any) -> None:
    """A time-series job ended; anomalies that it found are news of their own."""
    result = job.result if isinstance(job.result, dict) else {}
    event = {
        "job": str(job.pk),
        "kind": job.kind,
        "label": job.label,
        "state": job.state,
        "message": job.message,
        "summary": {name: value for name, value in result.items() if isinstance(value, str | int | float | bool)},
    }
    listen("job_ended", job.workspace_id, f"job:{job.pk}:{job.state}", event)
    found = result.get("anomalies")
    found = found.get("anomalies") if isinstance(found, dict) else found
    if isinstance(found, list) and found:
        listed = {**event, "count": len(found), "anomalies": found[:MAX_LISTED], "complete": len(found) <= MAX_LISTED}
        listen("anomalies_found", job.workspace_id, f"anomalies:{job.pk}", listed)


def connect() -> None:
    """Listen to the domain apps and to workspaces that close; called once when the apps are ready."""
    alert_fired.connect(on_alert, dispatch_uid="triggers.alert_fired")
    notices_matched.connect(on_notices, dispatch_uid="triggers.notices_matched")
    price_changed.connect(on_price, dispatch_uid="triggers.price_changed")
    matches_found.connect(on_matches, dispatch_uid="triggers.matches_found")
    job_ended.connect(on_job, dispatch_uid="triggers.job_ended")
    workspace_closing.connect(stop_all, dispatch_uid="workflows.closing")
