"""Writes about connections, and the one door through which a credential is opened for a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from integrations.models import Connection
from integrations.oauth import current_values, revoke
from integrations.registry import connector_for, find_connector, resolve_site
from integrations.sdk import Connector, NoAuth
from integrations.sdk.schema import problems_of
from portal.common.errors import Conflict, Invalid, NotFound
from portal.workspaces.models import Workspace
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from portal.workspaces.vault import data_key_of, place_of, seal


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A credential in the clear, for one call."""

    connection_id: str
    values: dict[str, Any]
    egress: tuple[str, ...] | None = None


@transaction.atomic
def create_connection(
    actor: Actor, connector_id: str, name: str, values: Mapping[str, Any], *, personal: bool = False
) -> Connection:
    """Store a credential, encrypted; `Invalid` names each wrong field of it."""
    actor.require(Permission.CONNECTION_MANAGE)
    connector = connector_for(connector_id, actor.workspace)
    if connector.credential_model is NoAuth:
        raise Invalid(f"{connector.title.en} needs no connection.")
    try:
        credential = connector.credential_model.model_validate(dict(values))
    except ValidationError as error:
        raise Invalid("The credential is not complete.", problems=problems_of(error)) from None
    owner = actor.user if personal else None
    if (
        Connection.objects.for_workspace(actor.workspace)
        .filter(connector=connector_id, name=name, owner=owner)
        .exists()
    ):
        raise Conflict("There is a connection of this name already.", remedy="Choose another name.")
    key = data_key_of(actor.user if personal and actor.user else actor.workspace)
    connection = Connection(
        workspace=actor.workspace,
        connector=connector_id,
        name=name,
        owner=owner,
        created_by=actor.user,
        data_key=key,
    )
    connection.sealed = seal(key, credential.reveal(), place_of(connection))
    connection.save()
    audit(actor, "connection.created", connection)
    return connection


@transaction.atomic
def create_for_each_caller(actor: Actor, connector_id: str, name: str) -> Connection:
    """A connection without a credential: workflows that use it call with the caller's own."""
    actor.require(Permission.CONNECTION_MANAGE)
    connector = connector_for(connector_id, actor.workspace)
    if not connector.needs_credential:
        raise Invalid(f"{connector.title.en} needs no connection.")
    if Connection.objects.for_workspace(actor.workspace).filter(connector=connector_id, name=name, owner=None).exists():
        raise Conflict("There is a connection of this name already.", remedy="Choose another name.")
    connection = Connection.objects.create(
        workspace=actor.workspace,
        connector=connector_id,
        name=name,
        created_by=actor.user,
        each_caller=True,
        sealed=b"",
        health=Connection.Health.OK,
    )
    audit(actor, "connection.created", connection)
    return connection


@transaction.atomic
def replace_credential(actor: Actor, connection: Connection, values: Mapping[str, Any]) -> Connection:
    """Put new values into a connection; everything that uses it goes on with them."""
    actor.require(Permission.CONNECTION_MANAGE)
    if connection.each_caller:
        raise Conflict("Each caller signs in with a connection of their own.", remedy="Make one of your own.")
    model = connector_for(connection.connector, actor.workspace).credential_model
    try:
        credential = model.model_validate(dict(values))
    except ValidationError as error:
        raise Invalid("The credential is not complete.", problems=problems_of(error)) from None
    key = data_key_of(connection.owner or actor.workspace)
    connection.data_key, connection.sealed = key, seal(key, credential.reveal(), place_of(connection))
    connection.health, connection.checked_at = Connection.Health.UNKNOWN, None
    connection.expires_at = connection.refresh_at = None
    connection.save()
    audit(actor, "connection.replaced", connection)
    return connection


def delete_connection(actor: Actor, connection: Connection) -> None:
    """Take the connection away, and tell the service to forget its token."""
    actor.require(Permission.CONNECTION_MANAGE)
    revoke(connection)
    audit(actor, "connection.deleted", connection)
    connection.delete()


def record_health(connection: Connection, health: str, message: str = "") -> None:
    """Remember how the last test or call with this connection went."""
    connection.health, connection.health_message, connection.checked_at = health, message[:500], timezone.now()
    connection.save(update_fields=["health", "health_message", "checked_at"])


def credential_for(
    workspace_id: UUID, connector_id: str, *, connection: str | None = None, user_id: UUID | None = None
) -> Opened | None:
    """The credential of the named connection, or of the workspace's first one for this connector.

    None when the connector needs none, or the workspace has none yet (the action then says what is missing).
    A person's own connection is only used for that person.
    """
    workspace = Workspace.objects.get(pk=workspace_id)
    egress = tuple(workspace.egress_hosts) or None
    connector = find_connector(connector_id, workspace_id)
    if connector is None or not connector.needs_credential:
        return Opened("", {}, egress) if egress else None
    candidates = Connection.objects.for_workspace(workspace_id).select_related("data_key", "owner")
    if connection:
        found = candidates.filter(pk=_uuid(connection), connector=connector_id).first()
        if found is None or (found.owner_id is not None and found.owner_id != user_id):
            raise NotFound(
                "The connection that this node uses does not exist any more, or belongs to somebody else.",
                remedy="Choose another connection in the node's settings.",
                code="missing_connection",
            )
    else:
        usable = [
            item
            for item in candidates.filter(connector=connector_id, each_caller=False)
            if item.owner_id in (None, user_id)
        ]
        found = min(usable, key=lambda item: (item.owner_id is None, item.pk), default=None)
    if found is not None and found.each_caller:
        found = _own_of(candidates, connector, user_id)
    if found is None:
        sample = connector.upstream.sandbox_credential if connector.upstream else None
        if sample and resolve_site(connector).mode == "sandbox":
            # Without any key of its own, a workspace still gets the sandbox's sample data.
            return Opened("sandbox", dict(sample), egress)
        return Opened("", {}, egress) if egress else None
    return Opened(str(found.pk), current_values(found), egress)


def _own_of(candidates: Any, connector: Connector, user_id: UUID | None) -> Connection:
    """The caller's own connection; without one, the error says where to make it."""
    own = candidates.filter(connector=connector.id, owner_id=user_id, each_caller=False).first() if user_id else None
    if own is None:
        raise NotFound(
            f"This step uses each caller's own {connector.title.en} account, and you have not connected yours.",
            remedy=f"Connect it: {settings.PUBLIC_URL}/connections?connect={connector.id}",
            code="missing_connection",
        )
    return cast("Connection", own)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
