"""Decisions about resting runs by people who are not looking at a page: MCP clients, links in mails and in Slack."""

from __future__ import annotations

from uuid import UUID

from portal.common.errors import NotFound
from portal.workspaces.models import Workspace
from portal.workspaces.services import system_actor
from workflows import services
from workflows.models import Execution


def decide_as(
    workspace_id: UUID, execution_id: UUID, path: str, *, approved: bool, by: str, comment: str = ""
) -> Execution:
    """Answer a node for somebody who has proved the right to: the caller of the run, or the holder of a link."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None:
        raise NotFound("There is no such run.")
    actor = system_actor(workspace)
    return services.decide(actor, execution_id, path, approved=approved, comment=comment, by=by)
