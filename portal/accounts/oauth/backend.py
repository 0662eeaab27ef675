"""The toolkit's view of the scopes; apart from their table, which the settings read before Django is set up."""

from __future__ import annotations

from typing import Any

from oauth2_provider.scopes import BaseScopes

from portal.accounts.oauth.resources import api_url
from portal.accounts.oauth.scopes import DEFAULT_API_SCOPES, MCP_CALL, SCOPES


class Scopes(BaseScopes):  # type: ignore[misc]
    """All scopes exist for everyone; the default depends on what the token is for."""

    def get_all_scopes(self) -> dict[str, Any]:
        return dict(SCOPES)

    def get_available_scopes(self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any) -> Any:
        return list(SCOPES)

    def get_default_scopes(self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any) -> Any:
        wanted = getattr(request, "resource", None)
        asked = wanted if isinstance(wanted, list) else [wanted] if wanted else []
        return [MCP_CALL] if asked and asked != [api_url()] else list(DEFAULT_API_SCOPES)
