"""Signing in to a service for a connection: authorization code with state and PKCE.

The verifier is made from the state and our signing key, so nothing secret waits anywhere while the person is away.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from integrations.models import Connection
from integrations.oauth.addresses import audience_of, callback_url, endpoints, provider_of, scopes_for
from integrations.oauth.tokens import ask_for_token, granted, keep, values_of
from integrations.registry import connector_for
from integrations.sdk import Connector, OAuth2
from portal.common.errors import Conflict, Invalid, NotFound, Unready
from portal.common.hub import sync_client
from portal.common.ids import random_token
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from portal.workspaces.vault import data_key_of

STATE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class _Pending:
    """What was begun and waits for the person to come back."""

    connector: str
    name: str
    user_id: str
    workspace_id: str
    session: str
    personal: bool
    connection_id: str
    scopes: list[str]


def _verifier(state: str) -> str:
    made = hmac.new(settings.SECRET_KEY.encode(), f"oauth-connect:{state}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _state_key(state: str) -> str:
    return f"oauth-connect:{hashlib.sha256(state.encode()).hexdigest()}"


def begin(
    actor: Actor,
    connector_id: str,
    *,
    session: str,
    name: str = "",
    personal: bool = False,
    access: str = "full",
    connection: Connection | None = None,
) -> str:
    """The address to send the person to. With a connection, that one is signed in again, with no fewer rights."""
    actor.require(Permission.CONNECTION_MANAGE)
    connector = connector_for(connector_id, actor.workspace)
    found = endpoints(connector)
    if not isinstance(connector.auth, OAuth2) or actor.user is None:
        raise Invalid(f"{connector.title.en} has no sign-in.", remedy="Enter its key on the Connections page.")
    if found is None:
        raise Unready(
            f"The operator has registered no app with {connector.title.en} yet.",
            remedy=f"Set {connector.auth.client_id_env} and {connector.auth.client_secret_env}.",
            code="not_configured",
        )
    scopes = scopes_for(connector, access)
    if connection is not None:
        scopes = list(dict.fromkeys([*scopes, *connection.scopes]))
    state = random_token(43)
    pending = _Pending(
        connector=connector.id,
        name=name.strip()[:120] or connector.title.en,
        user_id=str(actor.user.pk),
        workspace_id=str(actor.workspace.pk),
        session=hashlib.sha256(session.encode()).hexdigest(),
        personal=personal,
        connection_id=str(connection.pk) if connection else "",
        scopes=scopes,
    )
    sync_client().set(_state_key(state), json.dumps(asdict(pending)), ex=STATE_SECONDS)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(_verifier(state).encode()).digest()).rstrip(b"=").decode()
    query = {
        **connector.auth.authorize_params,
        "response_type": "code",
        "client_id": found.client_id,
        "redirect_uri": callback_url(provider_of(connector)),
        "scope": connector.auth.scope_separator.join(scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **audience_of(connector),
    }
    return f"{found.authorize}?{urlencode(query)}"


def finish(actor: Actor, provider: str, *, state: str, code: str, error: str, session: str) -> Connection:
    """The connection, once the person is back. A state is good once, for who began it, in the same browser."""
    actor.require(Permission.CONNECTION_MANAGE)
    stored = sync_client().getdel(_state_key(state)) if state else None
    pending = _Pending(**json.loads(stored)) if stored else None
    mine = hashlib.sha256(session.encode()).hexdigest()
    if (
        pending is None
        or actor.user is None
        or not hmac.compare_digest(pending.session, mine)
        or (pending.user_id, pending.workspace_id) != (str(actor.user.pk), str(actor.workspace.pk))
        or provider_of(connector_for(pending.connector, actor.workspace)) != provider
    ):
        raise Invalid("This sign-in was not begun here, or took too long.", remedy="Connect again.", code="bad_state")
    connector = connector_for(pending.connector, actor.workspace)
    if error or not code:
        refused = "You did not allow it." if error == "access_denied" else "The service did not sign you in."
        raise Invalid(refused, remedy="Connect again when you want to.", code="sign_in_refused")
    answer = ask_for_token(
        connector,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback_url(provider),
            "code_verifier": _verifier(state),
        },
    )
    values = values_of(connector, answer)
    allowed = granted(connector, answer, pending.scopes)
    if pending.connection_id:
        return _replace(actor, UUID(pending.connection_id), connector, values, allowed)
    return _create(actor, connector, pending, values, allowed)


@transaction.atomic
def _create(
    actor: Actor, connector: Connector, pending: _Pending, values: dict[str, Any], scopes: list[str]
) -> Connection:
    owner = actor.user if pending.personal else None
    name, number = pending.name, 1
    rows = Connection.objects.for_workspace(actor.workspace).filter(connector=connector.id, owner=owner)
    while rows.filter(name=name).exists():
        number += 1
        name = f"{pending.name[:110]} {number}"
    connection = Connection(
        workspace=actor.workspace, connector=connector.id, name=name, owner=owner, created_by=actor.user
    )
    keep(connection, data_key_of(owner or actor.workspace), values, scopes)
    connection.save()
    audit(actor, "connection.created", connection)
    return connection


@transaction.atomic
def _replace(
    actor: Actor, connection_id: UUID, connector: Connector, values: dict[str, Any], scopes: list[str]
) -> Connection:
    rows = Connection.objects.for_workspace(actor.workspace).filter(connector=connector.id)
    found = rows.filter(Q(owner=None) | Q(owner=actor.user), pk=connection_id).first()
    if found is None:
        raise NotFound("There is no such connection.")
    connection: Connection = found
    if connection.each_caller:
        raise Conflict("Each caller signs in with a connection of their own.")
    keep(connection, data_key_of(connection.owner or actor.workspace), values, scopes)
    connection.save()
    audit(actor, "connection.replaced", connection)
    return connection
