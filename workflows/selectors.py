"""Reads about workflows and executions, always inside one workspace."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from portal.common.errors import NotFound
from portal.workspaces.models import Workspace
from workflows.models import Execution, ExecutionEvent, NodeRun, Workflow, WorkflowVersion


def workflows_of(workspace: Workspace) -> QuerySet[Workflow]:
    """Workflows with `last_state`, `last_run_at` and `version_number`, in one query and without their drafts."""
    last = Execution.objects.filter(workflow=OuterRef("pk")).order_by("-id")
    newest = WorkflowVersion.objects.filter(workflow=OuterRef("pk")).order_by("-number")
    return (
        Workflow.objects.for_workspace(workspace)
        .filter(archived_at=None)
        .defer("draft")
        .annotate(
            last_state=Subquery(last.values("state")[:1]),
            last_run_at=Subquery(last.values("created_at")[:1]),
            version_number=Subquery(newest.values("number")[:1]),
        )
    )


def get_workflow(workspace: Workspace, workflow_id: UUID | str) -> Workflow:
    found = Workflow.objects.for_workspace(workspace).filter(pk=workflow_id).first()
    if found is None:
        raise NotFound("There is no such workflow.")
    return found


def read_workflow(workspace: Workspace, workflow_id: UUID | str) -> Workflow:
    """One of `workflows_of`, for showing it."""
    found = workflows_of(workspace).filter(pk=workflow_id).first()
    if found is None:
        raise NotFound("There is no such workflow.")
    return found


def get_version(workflow: Workflow, number: int) -> WorkflowVersion:
    found = workflow.versions.filter(number=number).first()
    if found is None:
        raise NotFound(f"There is no version {number} of this workflow.")
    return found


def executions_of(workspace: Workspace) -> QuerySet[Execution]:
    """Executions without their payloads, and without the graphs of their workflows and versions, newest first."""
    return (
        Execution.objects.for_workspace(workspace)
        .select_related("workflow", "version", "user")
        .defer("input", "output", "definition", "decisions", "waiting", "options")
        .defer("workflow__draft", "workflow__description", "version__definition", "version__note")
    )


def get_execution(workspace: Workspace, execution_id: UUID | str) -> Execution:
    found = (
        Execution.objects.for_workspace(workspace)
        .select_related("workflow", "version", "user")
        .filter(pk=execution_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such run.")
    return found


def node_runs_of(execution: Execution) -> QuerySet[NodeRun]:
    return NodeRun.objects.filter(execution=execution).order_by("position")


def events_of(execution_id: UUID, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
    """Events with a sequence number above `after`, in order, as they are also published."""
    rows = ExecutionEvent.objects.filter(execution_id=execution_id, seq__gt=after).order_by("seq")[:limit]
    return [
        {
            "seq": row.seq,
            "time": row.time.isoformat(),
            "kind": row.kind,
            "level": row.level,
            "node": row.node,
            "message": row.message,
            "data": row.data or {},
        }
        for row in rows
    ]


def definition_of(execution: Execution) -> dict[str, Any]:
    """The graph that an execution runs."""
    from workflows.plans import direct_definition

    if execution.version is not None:
        found: dict[str, Any] = execution.version.definition
        return found
    stored: dict[str, Any] = execution.definition or {}
    if "direct" in stored:
        direct = stored["direct"]
        return direct_definition(direct["action"], direct.get("connection"), direct.get("params") or {})
    return stored
