"""What workflows tell people: runs that failed while nobody was looking."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from kombu.exceptions import OperationalError

from portal.notifications.models import Event, Severity
from portal.notifications.publish import notify
from portal.notifications.topics import Topic, Words
from workflows.models import Execution

logger = logging.getLogger(__name__)
FAILED = "workflows.run_failed"
TOPICS = [
    Topic(
        FAILED,
        Words("Failed runs", "실패한 실행"),
        Words(
            "A call of an MCP server, a schedule or a trigger failed. Told once an hour for each cause.",
            "MCP 서버 호출, 예약, 트리거 실행이 실패했습니다. 같은 원인은 한 시간에 한 번만 알립니다.",
        ),
        severity=Severity.WARNING,
    )
]
TASK = "workflows.tell_failed"
#: Whoever starts a run from the editor, the page or the REST API sees how it ended.
UNWATCHED = frozenset(
    {
        Execution.Source.MCP,
        Execution.Source.SCHEDULE,
        Execution.Source.WEBHOOK,
        Execution.Source.SIGNAL,
        Execution.Source.EMAIL,
        Execution.Source.FORM,
    }
)
REST = timedelta(hours=1)


def after_failure(row: dict[str, Any]) -> None:
    """Called by the worker for a run that failed: the telling is another task's work, so that no run waits for it."""
    if row["source"] not in UNWATCHED:
        return
    from portal.celery import app

    try:
        app.send_task(TASK, args=[str(row["id"])], queue="default", ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("Nobody is told that run %s failed: %s", row["id"], type(error).__name__)


def tell_failed(execution_id: UUID) -> Event | None:
    """Tell the workspace of a failed run; the same workflow, tool and error code rest for an hour."""
    run = Execution.objects.select_related("workflow").filter(pk=execution_id, state=Execution.State.FAILED).first()
    if run is None:
        return None
    error = run.error if isinstance(run.error, dict) else {}
    code, message = str(error.get("code", "failed")), str(error.get("message", ""))
    name = run.tool or (run.workflow.name if run.workflow else "") or str(run.pk)
    node = str(error.get("node") or "")
    where = f"{node}: " if node else ""
    return notify(
        run.workspace_id,
        FAILED,
        Words(f"{name} failed", f"{name} 실행 실패"),
        f"{where}{message}",
        f"/runs/{run.pk}",
        dedup_key=f"run:{run.pk}",
        subject=f"{run.deployment_id or run.workflow_id}:{run.tool}:{node}:{code}",
        cooldown=REST,
        data={
            "run": str(run.pk),
            "workflow": str(run.workflow_id) if run.workflow_id else None,
            "tool": run.tool,
            "source": run.source,
            "code": code,
            "node": node,
        },
    )
