"""Getting to know the sign-in of an MCP server: discovery, checks, and registering ourselves as a client.

RFC 9728 (which authorization server), RFC 8414 (its endpoints), RFC 7591 (registration), RFC 8707 (audience), as
https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization asks of clients. The sign-in itself, PKCE
and refresh are those of every other connection (`integrations.oauth`).
"""

from __future__ import annotations

from typing import Any

import httpx2

from integrations.own.sources import sandbox_connector
from integrations.own.spec import Sign
from integrations.registry import resolve_site
from portal.common import http
from portal.common.bridge import run_async
from portal.common.errors import Invalid, Unready
from portal.workspaces.services import Actor

SECONDS = 25.0
MAX_BYTES = 256 * 1024


def register(actor: Actor, address: str) -> tuple[Sign, str]:
    """How to sign in to the server at this address, and the secret of the client registered there (or none)."""
    site = resolve_site(sandbox_connector(address if address.startswith("/") else ""))
    url = site.base_url if site.mode == "sandbox" else address
    egress = tuple(actor.workspace.egress_hosts) or None

    async def run() -> tuple[Sign, str]:
        budget = http.Budget(total=SECONDS, connect=5.0, read=10.0, max_bytes=MAX_BYTES)
        trusted = site.base_url if site.mode == "sandbox" else ""
        async with http.client(budget=budget, egress=egress, trusted_url=trusted) as client:
            return await _discover(client, url)

    return run_async(run)


async def _discover(client: httpx2.AsyncClient, url: str) -> tuple[Sign, str]:
    from mcp.client.auth import utils
    from mcp.shared.auth_utils import check_resource_allowed, resource_url_from_server_url

    challenge = await client.post(url, json={}, headers={"Accept": "application/json, text/event-stream"})
    hint = utils.extract_resource_metadata_from_www_auth(challenge)
    resource, issuer, about = resource_url_from_server_url(url), None, None
    for place in utils.build_protected_resource_metadata_discovery_urls(hint, url):
        about = await utils.handle_protected_resource_response(await client.get(place))
        if about is not None:
            break
    if about is not None:
        if not check_resource_allowed(requested_resource=resource, configured_resource=str(about.resource)):
            raise _refused("The server's sign-in is for another address.")
        resource = str(about.resource)
        issuer = str(about.authorization_servers[0])
    found = None
    for place in utils.build_oauth_authorization_server_metadata_discovery_urls(issuer, url):
        goes_on, found = await utils.handle_auth_metadata_response(await client.get(place))
        if found is not None or not goes_on:
            break
    if found is None:
        raise _refused("The server names no sign-in that we can read.")
    if issuer is not None and str(found.issuer).rstrip("/") != issuer.rstrip("/"):
        raise _refused("The sign-in's description belongs to another issuer.")
    if "S256" not in (found.code_challenge_methods_supported or []):
        raise _refused("The server's sign-in does not support PKCE with S256.")
    scope = utils.get_client_metadata_scopes(
        utils.extract_scope_from_www_auth(challenge), about, found, ["authorization_code", "refresh_token"]
    )
    client_id, secret = await _client_of(client, found, scope)
    sign = Sign(
        kind="oauth",
        authorize_url=str(found.authorization_endpoint),
        token_url=str(found.token_endpoint),
        revoke_url=str(found.revocation_endpoint or ""),
        scopes=scope.split() if scope else [],
        resource=resource,
        client_id=client_id,
    )
    return sign, secret


async def _client_of(client: httpx2.AsyncClient, found: Any, scope: str | None) -> tuple[str, str]:
    """Register as a client of the authorization server: its id for us, and a secret if it gives one."""
    from mcp.client.auth import OAuthRegistrationError, utils
    from mcp.shared.auth import OAuthClientMetadata
    from pydantic import AnyUrl

    from integrations.oauth import callback_url

    if not found.registration_endpoint:
        raise _refused("The server does not let programs register themselves.", "Use a token of the server instead.")
    offered = found.token_endpoint_auth_methods_supported or ["client_secret_post"]
    method: Any = "none" if "none" in offered else "client_secret_post"
    if method not in offered:
        raise _refused(f"The server's sign-in wants {', '.join(offered)[:100]} of its clients, which we do not speak.")
    about_us = OAuthClientMetadata(
        client_name="MCP portal",
        redirect_uris=[AnyUrl(callback_url("own"))],
        token_endpoint_auth_method=method,
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        scope=scope,
    )
    try:
        answer = await utils.handle_registration_response(
            await client.send(utils.create_client_registration_request(found, about_us, str(found.issuer)))
        )
    except OAuthRegistrationError:
        raise _refused("The server's sign-in did not accept our registration.") from None
    if not answer.client_id:
        raise Unready("The server's sign-in registered us without an id.", remedy="Try again in a moment.")
    return answer.client_id, answer.client_secret or ""


def _refused(why: str, remedy: str = "Ask the server's operator, or use a token of the server instead.") -> Invalid:
    return Invalid(why, remedy=remedy, code="sign_in_unknown")
