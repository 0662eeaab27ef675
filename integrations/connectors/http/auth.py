"""Signing in to any web API: bearer, basic, digest, header, query, and OAuth 2 client credentials."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote_plus

from pydantic import Field, SecretStr

from integrations.sdk import AuthError, Context, Credential, Rejected, Unavailable, error_for_status, read_json
from integrations.sdk.http import require_address

if TYPE_CHECKING:
    import httpx2

#: Seconds before its end at which a token counts as used up.
MARGIN = 30.0
USUAL_SECONDS = 300.0


class HttpCredential(Credential):
    """A secret for a web API, bound to the hosts that may see it."""

    scheme: Literal["bearer", "basic", "digest", "header", "query", "oauth2"] = Field("bearer", title="Kind")
    hosts: str = Field(title="Hosts", min_length=1, description="Hosts that may receive the secret, comma separated")
    secret: SecretStr = Field(title="Secret", min_length=1, description="Token, password, key or client secret")
    name: str = Field(
        "", title="Name", description="User name (basic, digest), header name, query parameter or client id"
    )
    token_url: str = Field("", title="Token address", description="Only for oauth2 (client credentials)")
    scope: str = Field("", title="Scopes", description="Only for oauth2, separated by spaces")
    audience: str = Field("", title="Audience", description="Only for oauth2, where the provider asks for it")


def sign(ctx: Context, request: httpx2.Request) -> None:
    """Put the credential into a request; `AuthError` when the host is not one of the credential's.

    Digest and OAuth 2 need an answer of the other side first: `deliver` does the rest for them.
    """
    credential = ctx.credential
    if not isinstance(credential, HttpCredential):
        return
    hosts = [part.strip().lower() for part in credential.hosts.split(",")]
    host = request.url.host.lower()
    if not any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in hosts):
        raise AuthError(
            f"The connection may not be used for {host}.",
            code="host_not_allowed",
            remedy="Add the host to the connection, or choose another one.",
        )
    secret = credential.secret.get_secret_value()
    if credential.scheme == "bearer":
        request.headers["Authorization"] = f"Bearer {secret}"
    elif credential.scheme == "basic":
        pair = base64.b64encode(f"{credential.name}:{secret}".encode()).decode()
        request.headers["Authorization"] = f"Basic {pair}"
    elif credential.scheme == "header":
        name = credential.name or "X-API-Key"
        request.headers[name] = secret
        # The client drops Authorization on a redirect to another origin; this one must go too.
        request.extensions["portal_sensitive"] = (name,)
    elif credential.scheme == "query":
        request.url = request.url.copy_merge_params({credential.name or "api_key": secret})


async def deliver(ctx: Context, request: httpx2.Request, *, follow_redirects: bool = False) -> httpx2.Response:
    """Send a signed request, with the exchange that digest and OAuth 2 need."""
    credential = ctx.credential
    if not isinstance(credential, HttpCredential) or credential.scheme not in ("digest", "oauth2"):
        return await ctx.http.send(request, follow_redirects=follow_redirects)
    if credential.scheme == "digest":
        import httpx2

        # RFC 7616: the first answer carries the challenge, the second request the response to it.
        auth = httpx2.DigestAuth(credential.name, credential.secret.get_secret_value())
        return await ctx.http.send(request, auth=auth, follow_redirects=follow_redirects)
    for fresh in (False, True):
        request.headers["Authorization"] = f"Bearer {await _token(ctx, credential, fresh=fresh)}"
        response = await ctx.http.send(request, follow_redirects=follow_redirects)
        if response.status_code != 401:
            break
    return response


async def _token(ctx: Context, credential: HttpCredential, *, fresh: bool) -> str:
    """An access token by the client credentials grant (RFC 6749 section 4.4), shared by all workers while it lasts."""
    if not credential.token_url:
        raise AuthError("The connection names no token address.", remedy="Edit the connection and fill it in.")
    url = require_address(credential.token_url, ctx.upstream.base_url, field="token_url")
    secret = credential.secret.get_secret_value()
    parts = (ctx.workspace_id, url, credential.name, secret, credential.scope, credential.audience)
    key = f"http:token:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()}"
    if not fresh and (kept := await ctx.store.get(key)):
        return kept.decode()
    form = {"grant_type": "client_credentials"}
    form |= {"scope": credential.scope} if credential.scope else {}
    form |= {"audience": credential.audience} if credential.audience else {}
    pair = base64.b64encode(f"{quote_plus(credential.name)}:{quote_plus(secret)}".encode()).decode()
    response = await ctx.http.post(url, data=form, headers={"Authorization": f"Basic {pair}"})
    if response.status_code in (400, 401):
        # Some servers only take the secret in the body.
        response = await ctx.http.post(url, data={**form, "client_id": credential.name, "client_secret": secret})
    if response.status_code in (400, 401, 403):
        raise AuthError("The token address does not accept the client.", remedy="Check client id, secret and scopes.")
    if response.status_code >= 300:
        if response.status_code < 400:
            raise Rejected("The token address redirects.", remedy="Use the address it leads to.")
        raise error_for_status(response.status_code, service=response.url.host, headers=response.headers)
    data: Any = read_json(response, service=response.url.host)
    token = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(token, str) or not token or str(data.get("token_type", "bearer")).lower() != "bearer":
        raise Unavailable("The token address gave no bearer token.", code="broken_answer")
    try:
        seconds = float(data.get("expires_in") or USUAL_SECONDS) - MARGIN
    except (TypeError, ValueError):
        seconds = USUAL_SECONDS - MARGIN
    if seconds > 1:
        await ctx.store.set(key, token.encode(), ttl=seconds)
    return token
