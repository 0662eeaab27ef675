"""Signing in to services by OAuth 2: for connections of every connector, and for other MCP servers."""

from integrations.oauth.addresses import Endpoints, callback_url, endpoints, provider_of, scopes_for
from integrations.oauth.sign_in import begin, finish
from integrations.oauth.tokens import SignInExpired, current_values, refresh, refresh_due, revoke

__all__ = [
    "Endpoints",
    "SignInExpired",
    "begin",
    "callback_url",
    "current_values",
    "endpoints",
    "finish",
    "provider_of",
    "refresh",
    "refresh_due",
    "revoke",
    "scopes_for",
]
