"""How the document describes who may ask. Imported when the app is ready, which registers it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from portal.accounts.oauth.scopes import API_SCOPES


class SessionOrTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A browser's session, a personal or workspace key, or an OAuth access token."""

    target_class = "portal.accounts.authentication.SessionOrToken"
    name = ["session", "token", "oauth2"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        scopes = {name: str(text) for name, text in API_SCOPES.items()}
        return [
            {
                "type": "apiKey",
                "in": "cookie",
                "name": "sessionid",
                "description": "The session of a browser that signed in; writes need the X-CSRFToken header as well",
            },
            {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key (`pat_…`) or an OAuth access token for the resource `<site>/api`",
            },
            {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": "/oauth/authorize",
                        "tokenUrl": "/oauth/token",
                        "refreshUrl": "/oauth/token",
                        "scopes": scopes,
                    },
                    "clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes},
                },
            },
        ]
