"""Signing in to a service for a connection: authorization code with state and PKCE, and refresh in good time.

The verifier is made from the state and our signing key, so nothing secret waits anywhere while the person is away.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import Connection
from integrations.registry import connector_for, find_connector, resolve_site
from integrations.sdk import Connector, OAuth2
from integrations.sdk.standin_oauth import SANDBOX_CLIENT
from portal.common import http
from portal.common.bridge import run_async
from portal.common.errors import Conflict, Invalid, NotAuthenticated, NotFound, PortalError, Unready
from portal.common.hub import sync_client
from portal.common.ids import random_token
from portal.settings.env import env
from portal.workspaces.models import DataKey
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from portal.workspaces.vault import data_key_of, place_of, seal, unseal

logger = logging.getLogger(__name__)
STATE_SECONDS = 600
#: At this part of a token's life a new one is fetched.
REFRESH_AT = 0.75


class SignInExpired(NotAuthenticated):
    """The service no longer accepts the connection: the person has to sign in once more."""

    code = "sign_in_expired"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a connector's sign-in happens right now, and as which client."""

    authorize: str
    token: str
    revoke: str
    client_id: str
    client_secret: str
    #: Origin that may be private: the sandbox's.
    trusted: str = ""


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


def provider_of(connector: Connector) -> str:
    """The name in the callback's address; connectors of one provider share it, as they share the client."""
    assert isinstance(connector.auth, OAuth2)
    return connector.auth.provider or connector.auth.client_id_env.removesuffix("_CLIENT_ID").lower()


def endpoints(connector: Connector) -> Endpoints | None:
    """The sign-in of a connector; None when the operator has registered no client for it."""
    auth = connector.auth
    if not isinstance(auth, OAuth2):
        return None
    if auth.client_id:
        site = resolve_site(connector)
        trusted = site.base_url if site.mode != "live" else ""
        return Endpoints(
            auth.authorize_url, auth.token_url, auth.revoke_url, auth.client_id, auth.client_secret, trusted=trusted
        )
    client_id = str(getattr(env(), auth.client_id_env.lower(), ""))
    secret = str(getattr(env(), auth.client_secret_env.lower(), ""))
    if auth.sandbox and resolve_site(connector).mode == "sandbox":
        base = env().sandbox_url.rstrip("/")
        at = f"{base}{auth.sandbox}"
        return Endpoints(f"{at}/authorize", f"{at}/token", f"{at}/revoke", *SANDBOX_CLIENT, trusted=base)
    if not client_id:
        return None
    return Endpoints(auth.authorize_url, auth.token_url, auth.revoke_url, client_id, secret)


def callback_url(provider: str) -> str:
    """What an operator registers with the provider."""
    return f"{settings.PUBLIC_URL}/connections/callback/{provider}"


def scopes_for(connector: Connector, access: str) -> list[str]:
    """The least rights for reading (`read`), or for every action (`full`): what actions declare decides.

    A connector whose actions declare nothing asks for all it lists.
    """
    auth = connector.auth
    assert isinstance(auth, OAuth2)
    declared = {scope for action in connector.actions.values() for scope in action.scopes}
    if access != "read" or not declared:
        return list(auth.scopes)
    needed = {scope for action in connector.actions.values() if action.effect == "read" for scope in action.scopes}
    # What no action declares (sign-in, refresh) is always needed.
    return [scope for scope in auth.scopes if scope in needed or scope not in declared]


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
        **_audience(connector),
    }
    return f"{found.authorize}?{urlencode(query)}"


def _audience(connector: Connector) -> dict[str, str]:
    """What the tokens are for, where the connector says so (RFC 8707)."""
    auth = connector.auth
    return {"resource": auth.resource} if isinstance(auth, OAuth2) and auth.resource else {}


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
    answer = _ask_for_token(
        connector,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback_url(provider),
            "code_verifier": _verifier(state),
        },
    )
    values = _values_of(connector, answer)
    granted = _granted(connector, answer, pending.scopes)
    if pending.connection_id:
        return _replace(actor, UUID(pending.connection_id), connector, values, granted)
    return _create(actor, connector, pending, values, granted)


@transaction.atomic
def _create(
    actor: Actor, connector: Connector, pending: _Pending, values: dict[str, Any], granted: list[str]
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
    _keep(connection, data_key_of(owner or actor.workspace), values, granted)
    connection.save()
    audit(actor, "connection.created", connection)
    return connection


@transaction.atomic
def _replace(
    actor: Actor, connection_id: UUID, connector: Connector, values: dict[str, Any], granted: list[str]
) -> Connection:
    rows = Connection.objects.for_workspace(actor.workspace).filter(connector=connector.id)
    found = rows.filter(Q(owner=None) | Q(owner=actor.user), pk=connection_id).first()
    if found is None:
        raise NotFound("There is no such connection.")
    connection: Connection = found
    if connection.each_caller:
        raise Conflict("Each caller signs in with a connection of their own.")
    _keep(connection, data_key_of(connection.owner or actor.workspace), values, granted)
    connection.save()
    audit(actor, "connection.replaced", connection)
    return connection


def _keep(connection: Connection, key: DataKey, values: dict[str, Any], scopes: list[str]) -> None:
    """Put the credential and what may be shown of it into the row, which the caller saves."""
    connection.data_key, connection.sealed = key, seal(key, values, place_of(connection))
    connection.account, connection.scopes = str(values.get("account", ""))[:200], scopes
    connection.health, connection.health_message = Connection.Health.UNKNOWN, ""
    expires, issued = values.get("expires_at"), values.get("issued_at", 0.0)
    connection.expires_at = datetime.fromtimestamp(expires, UTC) if expires else None
    has_refresh = bool(expires and values.get("refresh_token"))
    due = issued + REFRESH_AT * (expires - issued) if has_refresh else None
    connection.refresh_at = datetime.fromtimestamp(due, UTC) if due else None


def _ask_for_token(connector: Connector, data: dict[str, str]) -> dict[str, Any]:
    """The token endpoint's answer; `SignInExpired` when it refuses, retryable errors when it does not answer."""
    found = endpoints(connector)
    if found is None:
        raise Unready(f"The operator has registered no app with {connector.title.en}.", code="not_configured")
    form = {**data, "client_id": found.client_id, **_audience(connector)}
    if found.client_secret:
        form["client_secret"] = found.client_secret

    async def post() -> tuple[int, Any]:
        budget = http.Budget(total=10.0, connect=5.0, read=10.0, max_bytes=256 * 1024)
        async with http.client(budget=budget, trusted_url=found.trusted) as client:
            response = await client.post(found.token, data=form, headers={"Accept": "application/json"})
            try:
                return response.status_code, response.json()
            except ValueError:
                return response.status_code, None

    status, answer = run_async(post)
    name = connector.title.en
    # GitHub and Slack hide refusals in 200. The provider's own words may repeat what we sent, so they are not shown.
    error = str(answer.get("error") or "") if isinstance(answer, dict) else ""
    if status >= 500 or status == 429 or (answer is None and not error):
        raise Unready(f"{name} does not sign anybody in at the moment.", remedy="Try again in a moment.")
    if error or status >= 400 or answer.get("ok") is False or not isinstance(answer.get("access_token"), str):
        logger.warning("%s refused a token: %s %s", connector.id, status, error[:60])
        raise SignInExpired(f"{name} did not accept the sign-in.", remedy=f"Connect {name} again.")
    return dict(answer)


def _values_of(connector: Connector, answer: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    """The credential's values from an answer; a refresh token that is not renewed stays."""
    before = before or {}
    now = timezone.now().timestamp()
    seconds = answer.get("expires_in")
    assert isinstance(connector.auth, OAuth2)
    credential = connector.auth.credential.model_validate(
        {
            "access_token": answer["access_token"],
            "refresh_token": answer.get("refresh_token") or before.get("refresh_token"),
            "token_type": str(answer.get("token_type") or "Bearer"),
            "scope": str(answer.get("scope") or before.get("scope") or ""),
            "issued_at": now,
            "expires_at": now + float(seconds) if seconds else None,
            "account": _account(answer) or before.get("account", ""),
        }
    )
    return credential.reveal()


def _account(answer: dict[str, Any]) -> str:
    """Whose account it is, as far as the answer tells: an ID token's address, Slack's team."""
    team = answer.get("team")
    if isinstance(team, dict):
        return str(team.get("name", ""))
    try:
        body = str(answer.get("id_token", "")).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return ""
    return str(claims.get("email", "")) if isinstance(claims, dict) else ""


def _granted(connector: Connector, answer: dict[str, Any], asked: list[str]) -> list[str]:
    """What the person really allowed, which may be less than what was asked for."""
    assert isinstance(connector.auth, OAuth2)
    text = str(answer.get("scope") or "").replace(",", " ")
    return text.split() or asked


# Refresh ----------------------------------------------------------------------------------------------------


def current_values(connection: Connection) -> dict[str, Any]:
    """The credential's values, refreshed first when that is due. One refresh at a time, over all processes."""
    if connection.refresh_at is None or connection.refresh_at > timezone.now():
        if connection.expires_at is not None and connection.expires_at <= timezone.now():
            raise _expired(connection)
        return unseal(connection.data_key, connection.sealed, place_of(connection))
    try:
        return refresh(connection.pk)
    except SignInExpired:
        raise _expired(connection) from None
    except PortalError:
        # The service is down; as long as the present token lives, nobody need notice.
        if connection.expires_at is not None and connection.expires_at > timezone.now():
            return unseal(connection.data_key, connection.sealed, place_of(connection))
        raise


def _expired(connection: Connection) -> SignInExpired:
    connector = find_connector(connection.connector, connection.workspace_id)
    name = connector.title.en if connector else connection.connector
    return SignInExpired(
        f"The sign-in of the connection “{connection.name}” has ended.",
        remedy=f"Connect {name} again: {settings.PUBLIC_URL}/connections",
    )


def refresh(connection_id: Any) -> dict[str, Any]:
    """Fetch a new token unless somebody else just did. A refusal is remembered, so that it is asked for only once."""
    try:
        with transaction.atomic():
            # Others wait here for the answer, then see the new token. The lock outlives no request to the service.
            connection = (
                Connection.objects.select_for_update(of=("self",)).select_related("data_key").get(pk=connection_id)
            )
            values = unseal(connection.data_key, connection.sealed, place_of(connection))
            if connection.refresh_at is None or connection.refresh_at > timezone.now():
                return values
            connector = connector_for(connection.connector, connection.workspace_id)
            answer = _ask_for_token(
                connector, {"grant_type": "refresh_token", "refresh_token": str(values.get("refresh_token") or "")}
            )
            fresh = _values_of(connector, answer, values)
            health, message = connection.health, connection.health_message
            # With the key it has: asking for the owner's newest one would lock in the wrong order.
            _keep(connection, connection.data_key, fresh, connection.scopes)
            connection.health, connection.health_message = health, message
            connection.save()
            return fresh
    except SignInExpired as error:
        Connection.objects.filter(pk=connection_id).update(
            health=Connection.Health.EXPIRED,
            health_message=error.explain().replace("\n", " ")[:500],
            refresh_at=None,
            # What is left of the present token's life is not waited for: the next call says what to do.
            expires_at=timezone.now(),
            checked_at=timezone.now(),
        )
        raise


def refresh_due() -> dict[str, int]:
    """Beat's turn: refresh what is due, and mark what has run out without a way to renew it."""
    now = timezone.now()
    counts = {"refreshed": 0, "failed": 0}
    for connection_id in Connection.objects.filter(refresh_at__lte=now).values_list("pk", flat=True)[:500]:
        try:
            refresh(connection_id)
            counts["refreshed"] += 1
        except PortalError as error:
            counts["failed"] += 1
            logger.warning("connection %s was not refreshed: %s", connection_id, error.message)
    counts["expired"] = (
        Connection.objects.filter(expires_at__lte=now - timedelta(seconds=1), refresh_at=None)
        .exclude(health=Connection.Health.EXPIRED)
        .update(health=Connection.Health.EXPIRED, checked_at=now)
    )
    return counts


def revoke(connection: Connection) -> None:
    """Tell the service that the connection ends. Best effort: a service that does not answer keeps nothing here."""
    connector = find_connector(connection.connector, connection.workspace_id)
    found = endpoints(connector) if connector else None
    if found is None or not found.revoke or connection.each_caller or connection.data_key is None:
        return
    try:
        values = unseal(connection.data_key, connection.sealed, place_of(connection))
        token = values.get("refresh_token") or values.get("access_token") or ""
        form = {"token": token, "client_id": found.client_id, "client_secret": found.client_secret}

        async def post() -> int:
            budget = http.Budget(total=5.0, connect=3.0, read=5.0, max_bytes=64 * 1024)
            async with http.client(budget=budget, trusted_url=found.trusted) as client:
                return int((await client.post(found.revoke, data=form)).status_code)

        status = run_async(post)
        if status >= 400:
            logger.warning("%s answered %s to a revocation", connection.connector, status)
    except PortalError as error:
        logger.warning("the token of connection %s was not revoked: %s", connection.pk, error.message)
