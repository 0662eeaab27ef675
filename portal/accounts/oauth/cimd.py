"""Client ID Metadata Documents, fetched through the guarded client like every other outgoing request."""

from __future__ import annotations

from typing import Any

from oauth2_provider.cimd import CIMDError, _effective_max_age, _validate_client_id_url
from oauth2_provider.settings import oauth2_settings

from portal.accounts.limits import take
from portal.accounts.oauth.validator import is_safe_redirect
from portal.common.bridge import run_async
from portal.common.errors import LimitReached, PortalError
from portal.common.http import Budget, client

FETCHES_PER_MINUTE = 20


class Fetcher:
    """Raises `CIMDError` for every document that cannot be had or does not fit."""

    def fetch(self, client_id: str) -> tuple[dict[str, Any], int]:
        """The document and for how many seconds it may be kept."""
        _validate_client_id_url(client_id)
        budget = Budget(
            total=oauth2_settings.CIMD_FETCH_TIMEOUT_SECONDS, max_bytes=oauth2_settings.CIMD_MAX_DOCUMENT_SIZE
        )

        async def get() -> tuple[dict[str, Any], int]:
            async with client(budget=budget) as http:
                response = await http.get(client_id, headers={"Accept": "application/json, application/*+json"})
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != 200 or not (kind == "application/json" or kind.endswith("+json")):
                raise CIMDError(f"the client document answered {response.status_code} {kind!r}")
            return response.json(), _effective_max_age(response.headers.get("cache-control"))

        try:
            document, age = run_async(get)
        except (PortalError, ValueError, RecursionError) as error:
            raise CIMDError(f"the client document cannot be read: {error}") from None
        if not isinstance(document, dict):
            raise CIMDError("the client document is no JSON object")
        uris = document.get("redirect_uris")
        if not isinstance(uris, list) or not all(isinstance(uri, str) and is_safe_redirect(uri) for uri in uris):
            raise CIMDError("redirect_uris must be https or a loopback address")
        return document, age


class LimitedByAddress:
    """Each address may make us fetch only so many unknown documents a minute."""

    def has_permission(self, request: Any, client_id: str) -> bool:
        try:
            address = str(request.headers.get("REMOTE_ADDR", "unknown"))
            take("oauth-cimd", address, limit=FETCHES_PER_MINUTE, per=60)
        except LimitReached:
            return False
        return True
