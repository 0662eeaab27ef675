"""Which tools of live servers need a connection."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef
from django.urls import reverse

from deployments.models import Deployment, Tool
from integrations.uses import Mention, Use, nodes_of
from portal.workspaces.models import Workspace


def find_mentions(workspace: Workspace) -> Iterator[Mention]:
    """Every tool of every revision that is live or on trial, with the nodes of its workflow."""
    served = Deployment.objects.filter(workspace=workspace)
    live = Exists(served.filter(live_revision=OuterRef("revision")))
    on_trial = Exists(served.filter(canary_revision=OuterRef("revision")))
    for tool in Tool.objects.filter(live | on_trial).select_related("version", "revision__deployment"):
        server = tool.revision.deployment
        by = Use(server.name, reverse("deployments:deployment-detail", args=[server.slug]), "server")
        if tool.action:
            yield Mention(tool.action.partition(".")[0], str(tool.connection_id or ""), by)
        elif tool.version is not None:
            for connector, connection in nodes_of(tool.version.definition):
                yield Mention(connector, connection, by)
