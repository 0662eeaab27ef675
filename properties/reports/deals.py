"""The ministry's figures for a report: the same tools an MCP client calls. What fails is said, never left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from integrations.runtime import run_action
from integrations.sdk import ConnectorError
from integrations.services import credential_for
from portal.common.bridge import run_async
from portal.workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Deals:
    """An answer, or why there is none."""

    answer: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


def ask_ministry(workspace: Workspace, tool: str, params: dict[str, Any]) -> Deals:
    """Call a tool of the transactions connector with the workspace's connection."""
    opened = credential_for(workspace.pk, "molit")

    async def call() -> dict[str, Any]:
        answer: dict[str, Any] = await run_action(
            f"molit.{tool}",
            params,
            credential=opened.values if opened and opened.values else None,
            workspace_id=str(workspace.pk),
            connection_id=opened.connection_id if opened else "",
            egress=opened.egress if opened else None,
        )
        return answer

    try:
        return Deals(run_async(call))
    except ConnectorError as error:
        return Deals(problem=f"{error.message} {error.remedy}".strip())
