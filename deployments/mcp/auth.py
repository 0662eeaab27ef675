"""Who may call a deployment: one function, which fails closed."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from deployments.mcp.target import Target
from portal.common import pg
from portal.common.crypto import token_hash
from portal.common.loops import per_loop
from portal.workspaces.usage import KeyLimits

#: How long a checked credential is believed without asking the database again: revocation bites within this time.
TRUST_SECONDS = 2.0
SCOPE = "mcp:call"
KEY_PREFIX = "mcpk_"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller behind a request."""

    id: str
    kind: str
    label: str
    user_id: UUID | None = None
    client_name: str = ""
    client_version: str = ""
    limits: KeyLimits | None = None


class Refused(Exception):
    """The credential does not open this deployment; `status` is 401 or 403."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description

    def challenge(self, target: Target) -> str:
        """The WWW-Authenticate header (RFC 6750, RFC 9728)."""
        parts = [f'resource_metadata="{target.metadata_url}"', f'scope="{SCOPE}"']
        if self.error:
            parts = [f'error="{self.error}"', f'error_description="{self.description}"', *parts]
        return "Bearer " + ", ".join(parts)


def bearer_token(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The token of the one Authorization header; `Refused` when it is missing or malformed."""
    found = [value for name, value in headers if name == b"authorization"]
    if not found:
        raise Refused(401, "", "Send a deployment key or an access token in the Authorization header.")
    if len(found) > 1 or not found[0].isascii():
        raise Refused(401, "invalid_token", "The Authorization header is malformed.")
    scheme, _, token = found[0].decode("ascii").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > 4096:
        raise Refused(401, "invalid_token", "Send the token as: Authorization: Bearer <token>.")
    return token


async def verify(headers: Iterable[tuple[bytes, bytes]], target: Target) -> Principal:
    """The principal of a request to this deployment; `Refused` for everything that is not exactly right."""
    token = bearer_token(headers)
    cache = per_loop("mcp-principals", _Trusted)
    digest = token_hash(token)
    if (known := cache.get(digest, target.deployment_id)) is not None:
        return known
    principal = await (_by_key(digest, target) if token.startswith(KEY_PREFIX) else _by_access_token(digest, target))
    cache.put(digest, target.deployment_id, principal)
    return principal


_KEY = """
    SELECT k.id, k.label, k.deployment_id = %s,
           k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()),
           k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute',
           k.acts_for_id, k.acts_for_id IS NULL OR u.is_active AND EXISTS (
               SELECT 1 FROM workspaces_membership m WHERE m.workspace_id = %s AND m.user_id = k.acts_for_id),
           k.per_minute, k.daily_calls, k.monthly_calls
    FROM deployments_deploymentkey k LEFT JOIN accounts_user u ON u.id = k.acts_for_id WHERE k.token_hash = %s
"""


async def _by_key(digest: str, target: Target) -> Principal:
    async with pg.connection() as connection:
        values = (target.deployment_id, target.workspace_id, digest)
        row = await (await connection.execute(_KEY, values)).fetchone()
        if row is None or not row[2] or not row[3] or not row[6]:
            # The same words for unknown, foreign, expired, revoked and of a person who left: a caller learns nothing.
            raise Refused(401, "invalid_token", "This key does not open this server.")
        if row[4]:
            await connection.execute(
                "UPDATE deployments_deploymentkey SET last_used_at = now() WHERE id = %s", (row[0],)
            )
    return Principal(id=f"key:{row[0]}", kind="key", label=row[1], user_id=row[5], limits=KeyLimits(*row[7:]))


async def _by_access_token(digest: str, target: Target) -> Principal:
    from deployments.mcp.oauth import principal_of_token

    return await principal_of_token(digest, target)


class _Trusted:
    """Principals checked moments ago."""

    def __init__(self, size: int = 4096) -> None:
        self._entries: OrderedDict[tuple[str, UUID], tuple[float, Principal]] = OrderedDict()
        self._size = size

    def get(self, digest: str, deployment_id: UUID) -> Principal | None:
        entry = self._entries.get((digest, deployment_id))
        if entry is None or entry[0] < time.monotonic():
            return None
        return entry[1]

    def put(self, digest: str, deployment_id: UUID, principal: Principal) -> None:
        self._entries[(digest, deployment_id)] = (time.monotonic() + TRUST_SECONDS, principal)
        self._entries.move_to_end((digest, deployment_id))
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)


def with_client(principal: Principal, name: str, version: str) -> Principal:
    """The principal with the client's own name for itself, shortened: it is untrusted text."""
    return replace(principal, client_name=name[:100], client_version=version[:40])
