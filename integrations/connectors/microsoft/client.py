"""Microsoft Graph: sign-in, error bodies, `@odata.nextLink` pages (https://learn.microsoft.com/graph)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.sdk import AuthError, ConnectorError, Context, OAuth2, RateLimited, Unavailable, Upstream
from integrations.sdk.api import JsonApi, bearer
from integrations.sdk.http import error_for_status, retry_after_of

if TYPE_CHECKING:
    import httpx2

GRAPH = Upstream(
    key="microsoft",
    base_url_env="MICROSOFT_BASE_URL",
    live="https://graph.microsoft.com/v1.0",
    sandbox="/microsoft",
    sandbox_credential={"access_token": "eyJ-sandbox-graph-token"},
)
_LOGIN = "https://login.microsoftonline.com/common/oauth2/v2.0"
_LIMITS = frozenset(["TooManyRequests", "activityLimitReached", "ApplicationThrottled", "quotaLimitReached"])


def microsoft_oauth(*scopes: str) -> OAuth2:
    """Microsoft's sign-in for work, school and personal accounts with these delegated rights."""
    return OAuth2(
        authorize_url=f"{_LOGIN}/authorize",
        token_url=f"{_LOGIN}/token",
        scopes=("offline_access", "User.Read", *scopes),
        client_id_env="MICROSOFT_CLIENT_ID",
        client_secret_env="MICROSOFT_CLIENT_SECRET",  # noqa: S106
        sandbox="/microsoft/oauth",
    )


def explain(response: httpx2.Response) -> ConnectorError | None:
    """The error of an answer with Graph's own words."""
    if response.status_code < 400:
        return None
    try:
        error = response.json()["error"]
        code, message = str(error["code"]), str(error.get("message", ""))
    except (ValueError, KeyError, TypeError):
        return None
    if code in _LIMITS or response.status_code == 429:
        return RateLimited("Microsoft asks to slow down.", retry_after=retry_after_of(response.headers))
    if code in ("ErrorAccessDenied", "Authorization_RequestDenied", "accessDenied", "Forbidden"):
        return AuthError(
            f"The Microsoft connection lacks a right ({code}).",
            code="not_allowed",
            remedy="Connect Microsoft again and grant the missing right; some need an administrator's consent.",
        )
    return error_for_status(
        response.status_code, service="Microsoft", headers=response.headers, detail=f"{code}: {message}"
    )


class Graph(JsonApi):
    """Graph with the connection's token."""

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx, "Microsoft", headers=bearer(ctx, "Microsoft"), explain=explain)

    async def pages(
        self, path: str, wanted: int, *, headers: dict[str, str] | None = None, **params: Any
    ) -> tuple[list[dict[str, Any]], bool]:
        """Items over next links until there are enough, and whether those are all."""
        found: list[dict[str, Any]] = []
        address, query = path, params
        seen: set[str] = set()
        while True:
            data = await self.call("GET", address, params=query, headers=headers or {})
            rows = data.get("value") if isinstance(data, dict) else None
            if not isinstance(rows, list):
                raise Unavailable("Microsoft did not answer with a list.", code="broken_answer")
            found += rows
            following = data.get("@odata.nextLink")
            if len(found) >= wanted or not following:
                return found[:wanted], not following and len(found) <= wanted
            # The token is in our headers: it must only ever follow to Graph's own pages.
            if following in seen or not following.startswith(str(self.ctx.http.base_url)):
                raise Unavailable("Microsoft's pages lead in a circle or elsewhere.", code="page_loop")
            seen.add(following)
            address, query = following, {}
            await self.ctx.progress(len(found), wanted, f"{len(found)} read")
