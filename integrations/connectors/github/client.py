"""GitHub's REST API: JSON errors with `message` and `errors`, two kinds of rate limit, Link headers.

https://docs.github.com/rest/using-the-rest-api
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

from integrations.connectors.http.paging import next_link
from integrations.sdk import ConnectorError, Context, RateLimited, Rejected, Unavailable
from integrations.sdk.api import JsonApi, bearer
from integrations.sdk.http import error_for_status, read_json, retry_after_of

if TYPE_CHECKING:
    import httpx2

API_VERSION = "2022-11-28"
PAGE = 100


def explain(response: httpx2.Response) -> ConnectorError | None:
    """The error of an answer with GitHub's own words."""
    if response.status_code < 400:
        return None
    detail, fields = "", ""
    try:
        data = response.json()
    except ValueError:
        data = None
    if isinstance(data, dict):
        detail = str(data.get("message", ""))
        fields = "; ".join(filter(None, (_field(one) for one in data.get("errors") or [])))
    if response.status_code in (403, 429) and (wait := _limit_wait(response, detail)) is not None:
        return RateLimited("GitHub's rate limit is used up.", retry_after=wait)
    if response.status_code == 422:
        return Rejected(
            f"GitHub refuses the values: {fields or detail or 'no reason given'}.", code="upstream_validation"
        )
    if response.status_code == 404:
        return Rejected(
            "GitHub does not know this, or the token may not see it.",
            code="upstream_not_found",
            remedy="Check owner, repository and number, and that the token has access to the repository.",
        )
    return error_for_status(response.status_code, service="GitHub", headers=response.headers, detail=detail)


def _field(error: Any) -> str:
    if isinstance(error, str):
        return error
    if not isinstance(error, dict):
        return ""
    return error.get("message") or f"{error.get('field', '')} is {error.get('code', 'wrong')}".strip()


def _limit_wait(response: httpx2.Response, detail: str) -> float | None:
    """Seconds to wait when the answer is about a limit, primary or secondary; None when it is about rights."""
    told = retry_after_of(response.headers)
    if told is not None:
        return told
    if response.headers.get("x-ratelimit-remaining") == "0":
        reset = response.headers.get("x-ratelimit-reset", "")
        return max(1.0, float(reset) - time.time()) if reset.isdigit() else 60.0
    return 60.0 if response.status_code == 429 or "rate limit" in detail.lower() else None


class GitHub(JsonApi):
    """The REST API with the connection's token."""

    def __init__(self, ctx: Context) -> None:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION}
        super().__init__(ctx, "GitHub", headers={**headers, **bearer(ctx, "GitHub")}, explain=explain)
        #: What the last search said about the number of its results.
        self.last_total: int | None = None

    async def pages(
        self, path: str, wanted: int, *, items: str = "", **params: Any
    ) -> tuple[list[dict[str, Any]], bool]:
        """Items over Link pages until there are enough, and whether those are all."""
        found: list[dict[str, Any]] = []
        address, query = path, {**params, "per_page": min(PAGE, wanted)}
        seen: set[str] = set()
        while True:
            response = await self.send("GET", address, params=query)
            data = read_json(response, service=self.service)
            rows = data.get(items) if items and isinstance(data, dict) else data
            if not isinstance(rows, list):
                raise Unavailable("GitHub did not answer with a list.", code="broken_answer")
            found += rows
            self.last_total = data.get("total_count") if isinstance(data, dict) else None
            following = next_link(response.headers.get("link", ""))
            if len(found) >= wanted or not following:
                return found[:wanted], not following and len(found) <= wanted
            if following in seen:
                raise Unavailable("GitHub's pages lead in a circle.", code="page_loop")
            seen.add(following)
            # The token is in our headers: it must only ever follow to GitHub's own pages.
            if not self._is_home(following):
                raise Unavailable("GitHub's next page lies elsewhere.", code="broken_answer")
            address, query = following, {}
            await self.ctx.progress(len(found), wanted, f"{len(found)} read")

    def _is_home(self, url: str) -> bool:
        return url.startswith(str(self.ctx.http.base_url))


def verify_signature(secret: str, body: bytes, signature: str) -> bool:
    """Whether a webhook delivery really comes from GitHub (`X-Hub-Signature-256`)."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())
