"""What stops when a workspace is closed: triggers answer and fire no more, and runs end."""

from __future__ import annotations

from typing import Any

from portal.workspaces.models import Workspace
from workflows import dispatch
from workflows.models import Execution, Trigger


def stop_all(workspace: Workspace, **_signal: Any) -> None:
    """Turn the workspace's triggers off and cancel what runs or waits."""
    Trigger.objects.for_workspace(workspace).update(is_on=False, test_until=None, next_at=None)
    unfinished = Execution.objects.for_workspace(workspace).exclude(state__in=Execution.DONE)
    for execution_id in list(unfinished.values_list("pk", flat=True)):
        dispatch.cancel(execution_id)
