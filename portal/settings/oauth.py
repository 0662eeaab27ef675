"""Settings of the OAuth 2.1 authorization server (RFC 9700 throughout)."""

from __future__ import annotations

from typing import Any

from portal.accounts.oauth.scopes import SCOPES

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def oauth2_provider(public_url: str, *, password_grant: bool) -> dict[str, Any]:
    """The toolkit's settings; `password_grant` opens it to confidential clients registered by an operator."""
    grants = ["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE]
    return {
        "SCOPES": SCOPES,
        "SCOPES_BACKEND_CLASS": "portal.accounts.oauth.backend.Scopes",
        "OAUTH2_VALIDATOR_CLASS": "portal.accounts.oauth.validator.Validator",
        "OIDC_ISS_ENDPOINT": public_url,
        "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OAUTH2_GRANT_TYPES_SUPPORTED": [*grants, "password"] if password_grant else grants,
        "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": ["none", "client_secret_basic", "client_secret_post"],
        "OAUTH_DEVICE_VERIFICATION_URI": f"{public_url}/oauth/device",
        "PKCE_REQUIRED": True,
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
        "ACCESS_TOKEN_EXPIRE_SECONDS": 900,
        "REFRESH_TOKEN_EXPIRE_SECONDS": 30 * 86_400,
        "ROTATE_REFRESH_TOKEN": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "REQUEST_APPROVAL_PROMPT": "force",
        # Plain http is let through here for loopback redirects of native apps (RFC 8252); the validator refuses it
        # for every other host. The private schemes are those of editors with an MCP client.
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http", "cursor", "vscode", "vscode-insiders"],
        "ALLOW_LOCALHOST_LOOPBACK": True,
        "CIMD_ENABLED": True,
        "CIMD_METADATA_FETCHER": "portal.accounts.oauth.cimd.Fetcher",
        "CIMD_REGISTRATION_PERMISSION_CLASSES": ("portal.accounts.oauth.cimd.LimitedByAddress",),
        "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
        "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": not password_grant,
        "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
        "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
        "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
        "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
        "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
        "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
        "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
    }
