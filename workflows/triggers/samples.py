"""An event of each kind to try a workflow with before a real one has come. The values are invented and say so."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from workflows.triggers.events import mail_fields, slot_event
from workflows.triggers.models import Trigger

_SIGNALS: dict[str, dict[str, Any]] = {
    "alert_fired": {"rule": "Sample rule", "code": "005930", "name": "삼성전자", "value": 1.0, "row": {}},
    "notices_matched": {
        "search": "Sample search",
        "notices": [{"notice_no": "R26BK00000001", "order": "000", "title": "견본 공고", "agency": "견본 기관"}],
    },
    "price_changed": {"listing": "", "before": {"price": 100_000}, "after": {"price": 95_000}},
    "matches_found": {"matches": [{"requirement": "Sample", "listing": "", "score": 0.9}]},
    "anomalies_found": {"job": "", "kind": "detect", "label": "Sample series", "anomalies": 3},
    "job_ended": {"job": "", "kind": "train_forecasting", "label": "Sample series", "state": "succeeded"},
}


def sample_event(trigger: Trigger) -> dict[str, Any]:
    """A made-up event in the form of the trigger's kind."""
    now = timezone.now()
    kind, config = trigger.kind, trigger.config
    if kind == Trigger.Kind.SCHEDULE:
        return slot_event(now.replace(second=0, microsecond=0), str(config.get("timezone") or "Asia/Seoul"))
    if kind == Trigger.Kind.WEBHOOK:
        body = dict.fromkeys(_inputs(trigger), "sample")
        return {"method": "POST", "headers": {}, "query": {}, "body": body, "received_at": now.isoformat()}
    if kind == Trigger.Kind.EMAIL:
        return {
            "message_id": "<sample@example.com>",
            "from": "sender@example.com",
            "from_name": "Sample Sender",
            "to": ["inbox@example.com"],
            "subject": "Sample mail / 견본 메일",
            "text": "This is a sample.\n견본입니다.",
            "html": "",
            "date": now.isoformat(),
            "attachments": [],
        }
    if kind == Trigger.Kind.SIGNAL:
        return {"signal": config.get("signal"), **_SIGNALS.get(str(config.get("signal")), {}), "sample": True}
    if kind in (Trigger.Kind.WORKFLOW, Trigger.Kind.ERROR):
        failed = kind == Trigger.Kind.ERROR
        return {
            "workflow": {"id": "", "name": "Sample workflow"},
            "execution": {"id": "", "state": "failed" if failed else "succeeded", "url": "", "source": "schedule"},
            "input": {},
            "output": None if failed else {},
            "error": {"code": "sample", "message": "A sample failure.", "node": "node"} if failed else None,
        }
    return {"sample": True, **dict.fromkeys(_inputs(trigger), "sample")}


def sample_fields(trigger: Trigger, event: dict[str, Any]) -> dict[str, Any] | None:
    """What the sample offers to inputs by name."""
    if trigger.kind == Trigger.Kind.WEBHOOK:
        return dict(event["body"])
    return mail_fields(event) if trigger.kind == Trigger.Kind.EMAIL else None


def _inputs(trigger: Trigger) -> dict[str, Any]:
    properties = (trigger.workflow.draft.get("inputs") or {}).get("properties", {})
    return {name: schema for name, schema in properties.items() if schema.get("type") == "string"}
