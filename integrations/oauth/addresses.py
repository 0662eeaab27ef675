"""Where connectors sign in, as which client, and with which rights."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from integrations.registry import resolve_site
from integrations.sdk import Connector, OAuth2
from integrations.sdk.standin_oauth import SANDBOX_CLIENT
from portal.settings.env import env


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


def audience_of(connector: Connector) -> dict[str, str]:
    """What the tokens are for, where the connector says so (RFC 8707)."""
    auth = connector.auth
    return {"resource": auth.resource} if isinstance(auth, OAuth2) and auth.resource else {}
