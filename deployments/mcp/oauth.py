"""OAuth access tokens at an MCP endpoint: live, for exactly this resource, with the calling scope."""

from __future__ import annotations

from deployments.mcp.auth import SCOPE, Principal, Refused
from deployments.mcp.target import Target
from portal.common import pg

_LOOK_UP = """
    SELECT t.id, t.expires > now(), t.scope, t.resource, t.user_id, u.email, u.is_active, a.name, a.client_id,
           EXISTS (SELECT 1 FROM workspaces_membership m WHERE m.workspace_id = %s AND m.user_id = t.user_id),
           a.user_id IS NOT NULL AND EXISTS (
               SELECT 1 FROM workspaces_membership m WHERE m.workspace_id = %s AND m.user_id = a.user_id)
    FROM oauth2_provider_accesstoken t
    JOIN oauth2_provider_application a ON a.id = t.application_id
    LEFT JOIN accounts_user u ON u.id = t.user_id
    WHERE t.token_checksum = %s
"""


async def principal_of_token(digest: str, target: Target) -> Principal:
    """The person (or, for client credentials, the application) of an access token.

    The audience is compared for equality: a token without a resource, for the bare origin, or for another
    deployment opens nothing here.
    """
    async with pg.connection() as connection:
        found = await connection.execute(_LOOK_UP, (target.workspace_id, target.workspace_id, digest))
        row = await found.fetchone()
    if row is None or not row[1]:
        raise Refused(401, "invalid_token", "This access token is unknown, expired or revoked.")
    _, _, scope, resource, user_id, email, is_active, application, client_id, is_member, owner_is_member = row
    if not isinstance(resource, list) or [str(item) for item in resource] != [target.url]:
        raise Refused(401, "invalid_token", "This access token was not issued for this server.")
    if user_id is not None and not (is_active and is_member):
        raise Refused(403, "access_denied", "This person is not a member of the server's workspace.")
    if user_id is None and not owner_is_member:
        raise Refused(403, "access_denied", "This application does not belong to the server's workspace.")
    if SCOPE not in scope.split():
        raise Refused(403, "insufficient_scope", f"The access token lacks the scope {SCOPE}.")
    return Principal(
        id=f"oauth:{client_id}:{user_id or ''}",
        kind="oauth",
        label=email or application or client_id,
        user_id=user_id,
        client_name=application or client_id,
    )
