"""Which drafts and triggers need a connection."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from integrations.uses import Mention, Use, nodes_of
from portal.workspaces.models import Workspace
from workflows.models import Workflow
from workflows.triggers.models import Trigger


def find_mentions(workspace: Workspace) -> Iterator[Mention]:
    """Every node of every draft, and every trigger that reads from a service."""
    for pk, name, draft in Workflow.objects.for_workspace(workspace).values_list("pk", "name", "draft"):
        by = Use(name, reverse("workflows:workflow-detail", args=[pk]), "workflow")
        for connector, connection in nodes_of(draft):
            yield Mention(connector, connection, by)
    for trigger in Trigger.objects.for_workspace(workspace).select_related("workflow"):
        if connection := str(trigger.config.get("connection") or ""):
            url = reverse("workflows:workflow-detail", args=[trigger.workflow_id])
            yield Mention("", connection, Use(trigger.workflow.name, url, "trigger"))
