"""What uses which connection: drafts, live servers and triggers of a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.urls import reverse

from deployments.models import Deployment, Tool
from integrations.models import Connection
from portal.workspaces.services import Actor
from workflows.models import Workflow
from workflows.triggers.models import Trigger


@dataclass(frozen=True, order=True)
class Use:
    """One thing that uses a connection. `named`: it names this one, rather than taking what the workspace has."""

    name: str
    url: str
    named: bool = False


def _nodes(definition: Any) -> Iterator[tuple[str, str]]:
    """Connector and named connection of each node, also of nodes inside nodes."""
    if isinstance(definition, dict):
        if isinstance(definition.get("action"), str):
            yield definition["action"].partition(".")[0], str(definition.get("connection") or "")
        for value in definition.values():
            yield from _nodes(value)
    elif isinstance(definition, list):
        for value in definition:
            yield from _nodes(value)


def _all(actor: Actor) -> Iterator[tuple[str, str, str, str]]:
    """Connector, connection named ("" for none), name of the user, its address."""
    for pk, name, draft in Workflow.objects.for_workspace(actor.workspace).values_list("pk", "name", "draft"):
        for connector, connection in _nodes(draft):
            yield connector, connection, name, reverse("workflows:workflow-detail", args=[pk])
    live = Deployment.objects.filter(live_revision=OuterRef("revision"), workspace=actor.workspace)
    tools = Tool.objects.filter(Exists(live)).select_related("version", "revision__deployment")
    for tool in tools:
        server = tool.revision.deployment
        place = reverse("deployments:deployment-detail", args=[server.slug])
        if tool.action:
            yield tool.action.partition(".")[0], str(tool.connection_id or ""), server.name, place
        elif tool.version is not None:
            for connector, connection in _nodes(tool.version.definition):
                yield connector, connection, server.name, place
    for trigger in Trigger.objects.for_workspace(actor.workspace).select_related("workflow"):
        if connection := str(trigger.config.get("connection") or ""):
            yield (
                "",
                connection,
                trigger.workflow.name,
                reverse("workflows:workflow-detail", args=[trigger.workflow_id]),
            )


def uses(actor: Actor, connections: list[Connection]) -> dict[UUID, list[Use]]:
    """Who uses each of these connections. A node that names none may take any of its connector."""
    found: dict[UUID, set[Use]] = {one.pk: set() for one in connections}
    by_id = {str(one.pk): one for one in connections}
    for connector, named, name, url in _all(actor):
        if named:
            if named in by_id:
                found[by_id[named].pk].add(Use(name, url, named=True))
            continue
        for one in connections:
            if one.connector == connector and not one.each_caller:
                found[one.pk].add(Use(name, url))
    return {
        pk: sorted(one for one in all_uses if one.named or Use(one.name, one.url, named=True) not in all_uses)
        for pk, all_uses in found.items()
    }
