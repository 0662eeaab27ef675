"""What all Google APIs share: sign-in, error bodies, page tokens (https://cloud.google.com/apis/design/errors)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.sdk import AuthError, ConnectorError, Context, OAuth2, RateLimited, Unavailable
from integrations.sdk.api import JsonApi, bearer
from integrations.sdk.http import error_for_status, retry_after_of

if TYPE_CHECKING:
    import httpx2

_LIMITS = frozenset(
    ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "RATE_LIMIT_EXCEEDED"]
)
_RIGHTS = frozenset(["insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientFilePermissions"])
_SCOPE = "https://www.googleapis.com/auth/"


def google_oauth(*scopes: str) -> OAuth2:
    """Google's sign-in with these scopes; `include_granted_scopes` lets consent grow step by step."""
    return OAuth2(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106
        scopes=(*(_SCOPE + scope for scope in scopes), "openid", "email"),
        revoke_url="https://oauth2.googleapis.com/revoke",
        authorize_params={"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"},
        client_id_env="GOOGLE_CLIENT_ID",
        client_secret_env="GOOGLE_CLIENT_SECRET",  # noqa: S106
        sandbox="/google/oauth",
    )


def explain(response: httpx2.Response) -> ConnectorError | None:
    """The error of an answer with Google's own reason."""
    if response.status_code < 400:
        return None
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(error, dict):
        return None
    message = str(error.get("message", ""))
    reasons = {one.get("reason", "") for one in [*(error.get("errors") or []), *(error.get("details") or [])]}
    if response.status_code in (403, 429) and (reasons & _LIMITS or response.status_code == 429):
        return RateLimited("Google's quota is used up for now.", retry_after=retry_after_of(response.headers))
    if response.status_code == 403 and reasons & _RIGHTS:
        return AuthError(
            f"The Google connection lacks a right. Google says: {message}",
            code="not_allowed",
            remedy="Connect Google again and grant the missing right.",
        )
    return error_for_status(response.status_code, service="Google", headers=response.headers, detail=message)


class Google(JsonApi):
    """One Google API with the connection's token."""

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx, "Google", headers=bearer(ctx, "Google"), explain=explain)

    async def pages(
        self, path: str, items: str, wanted: int, *, size_name: str = "maxResults", largest: int = 100, **params: Any
    ) -> tuple[list[dict[str, Any]], bool]:
        """Items over page tokens until there are enough, and whether those are all."""
        found: list[dict[str, Any]] = []
        token: str | None = None
        seen: set[str] = set()
        while True:
            size = {size_name: min(largest, max(1, wanted - len(found)))}
            data = await self.get(path, **params, **size, pageToken=token)
            found += data.get(items, [])
            token = data.get("nextPageToken") or None
            if len(found) >= wanted or token is None:
                return found[:wanted], token is None and len(found) <= wanted
            if token in seen:
                raise Unavailable("Google's pages lead in a circle.", code="page_loop")
            seen.add(token)
            await self.ctx.progress(len(found), wanted, f"{len(found)} read")
