"""Jobs inside a worker that is already on the compute queue: recorded like any other, run on the spot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import close_old_connections
from pydantic import BaseModel

from portal.accounts.models import User
from portal.workspaces.models import Workspace
from portal.workspaces.services import system_actor
from timeseries.services import jobs

Outcome = tuple[str, dict[str, Any] | None, dict[str, Any] | None]


def run_inline(
    workspace_id: UUID,
    user_id: str,
    kind: str,
    spec: BaseModel,
    tell: Callable[[float, str], None],
    is_cancelled: Callable[[], bool],
) -> Outcome:
    """Create the job, run it in this thread, and give its state, result and error."""
    from portal.common.errors import PortalError

    close_old_connections()
    try:
        actor = system_actor(Workspace.objects.get(pk=workspace_id))
        actor.user = User.objects.filter(pk=user_id).first() if user_id else None
        try:
            job = jobs.start(actor, kind, spec, label=getattr(spec, "model_name", ""), deliver=False)
        except PortalError as error:
            return "failed", None, error.as_dict()
        jobs.run(job.pk, tell=tell, is_cancelled=is_cancelled)
        job.refresh_from_db()
        return job.state, job.result, job.error
    finally:
        close_old_connections()


def health_of(workspace_id: UUID) -> dict[str, Any]:
    """State of the service for a workspace."""
    close_old_connections()
    try:
        return jobs.health(system_actor(Workspace.objects.get(pk=workspace_id)))
    finally:
        close_old_connections()
