"""What uses which connection. Connections stand below what uses them, so the apps above announce who names one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from integrations.models import Connection
from portal.common.errors import Conflict
from portal.workspaces.models import Workspace

Kind = Literal["workflow", "server", "trigger"]


@dataclass(frozen=True, order=True, slots=True)
class Use:
    """One thing that uses a connection. `named`: it names this one, rather than taking what the workspace has."""

    name: str
    url: str
    kind: Kind = "workflow"
    named: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A node, tool or trigger that needs a connection: the one it names, or any of its connector."""

    connector: str
    #: Id of the connection; empty where none is named.
    connection: str
    by: Use


Finder = Callable[[Workspace], Iterable[Mention]]
_finders: list[Finder] = []


class InUse(Conflict):
    """The connection is used; `details` names by what."""

    code = "in_use"


def announce(finder: Finder) -> None:
    """Let an app above this one name what uses connections; called once, when the app is ready."""
    if finder not in _finders:
        _finders.append(finder)


def nodes_of(definition: Any) -> Iterator[tuple[str, str]]:
    """Connector and named connection of each node of a definition, also of nodes inside nodes."""
    if isinstance(definition, dict):
        if isinstance(definition.get("action"), str):
            yield definition["action"].partition(".")[0], str(definition.get("connection") or "")
        for value in definition.values():
            yield from nodes_of(value)
    elif isinstance(definition, list):
        for value in definition:
            yield from nodes_of(value)


def uses(workspace: Workspace, connections: Sequence[Connection]) -> dict[UUID, list[Use]]:
    """What uses each of these connections. A node that names none may take any of its connector."""
    found: dict[UUID, dict[tuple[Kind, str, str], Use]] = {one.pk: {} for one in connections}
    by_id = {str(one.pk): one for one in connections}
    for mention in (mention for finder in _finders for mention in finder(workspace)):
        by = mention.by
        place = (by.kind, by.name, by.url)
        if mention.connection:
            if mention.connection in by_id:
                found[by_id[mention.connection].pk][place] = Use(by.name, by.url, by.kind, named=True)
            continue
        for one in connections:
            if one.connector == mention.connector and not one.each_caller:
                found[one.pk].setdefault(place, by)
    return {pk: sorted(places.values()) for pk, places in found.items()}


def require_unused(connection: Connection) -> None:
    """`InUse` names everything that would stop working without the connection."""
    used_by = uses(connection.workspace, [connection])[connection.pk]
    if used_by:
        raise InUse(
            "This connection is in use.",
            remedy="Give what uses it another connection, or delete it anyway.",
            details={
                "used_by": [{"kind": use.kind, "name": use.name, "url": use.url, "named": use.named} for use in used_by]
            },
        )
