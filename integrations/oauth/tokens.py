"""Tokens of connections: asked for, kept sealed, refreshed in good time, revoked."""

from __future__ import annotations

import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations.models import Connection
from integrations.oauth.addresses import audience_of, endpoints
from integrations.registry import connector_for, find_connector
from integrations.sdk import Connector, OAuth2
from portal.common import http
from portal.common.bridge import run_async
from portal.common.errors import NotAuthenticated, PortalError, Unready
from portal.workspaces.models import DataKey
from portal.workspaces.vault import place_of, seal, unseal

logger = logging.getLogger(__name__)
#: At this part of a token's life a new one is fetched.
REFRESH_AT = 0.75


class SignInExpired(NotAuthenticated):
    """The service no longer accepts the connection: the person has to sign in once more."""

    code = "sign_in_expired"


def keep(connection: Connection, key: DataKey, values: dict[str, Any], scopes: list[str]) -> None:
    """Put the credential and what may be shown of it into the row, which the caller saves."""
    connection.data_key, connection.sealed = key, seal(key, values, place_of(connection))
    connection.account, connection.scopes = str(values.get("account", ""))[:200], scopes
    connection.health, connection.health_message = Connection.Health.UNKNOWN, ""
    expires, issued = values.get("expires_at"), values.get("issued_at", 0.0)
    connection.expires_at = datetime.fromtimestamp(expires, UTC) if expires else None
    has_refresh = bool(expires and values.get("refresh_token"))
    due = issued + REFRESH_AT * (expires - issued) if has_refresh else None
    connection.refresh_at = datetime.fromtimestamp(due, UTC) if due else None


def ask_for_token(connector: Connector, data: dict[str, str]) -> dict[str, Any]:
    """The token endpoint's answer; `SignInExpired` when it refuses, retryable errors when it does not answer."""
    found = endpoints(connector)
    if found is None:
        raise Unready(f"The operator has registered no app with {connector.title.en}.", code="not_configured")
    form = {**data, "client_id": found.client_id, **audience_of(connector)}
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


def values_of(connector: Connector, answer: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
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


def granted(connector: Connector, answer: dict[str, Any], asked: list[str]) -> list[str]:
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
            answer = ask_for_token(
                connector, {"grant_type": "refresh_token", "refresh_token": str(values.get("refresh_token") or "")}
            )
            fresh = values_of(connector, answer, values)
            health, message = connection.health, connection.health_message
            # With the key it has: asking for the owner's newest one would lock in the wrong order.
            keep(connection, connection.data_key, fresh, connection.scopes)
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
