"""Who asks through REST: a browser session, a personal API key, or an OAuth access token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from portal.accounts.models import ApiKey
from portal.common.crypto import token_hash

#: Of personal keys and of keys of a workspace.
KEY_PREFIXES = ("pat_", "wsk_")


def challenge() -> str:
    """Tells a client without a token where to get one (RFC 9728)."""
    return f'Bearer realm="portal", resource_metadata="{settings.PUBLIC_URL}/.well-known/oauth-protected-resource/api"'


class SessionOrToken(BaseAuthentication):
    """Bearer first; without one, the session (with its CSRF check)."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return SessionAuthentication().authenticate(request)
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token or not token.isascii():
            raise exceptions.AuthenticationFailed("Send the token as: Authorization: Bearer <token>.")
        if token.startswith(KEY_PREFIXES):
            return self._api_key(token)
        return self._oauth(token)

    def authenticate_header(self, request: Request) -> str:
        return challenge()

    def _api_key(self, token: str) -> tuple[Any, ApiKey]:
        key = ApiKey.objects.select_related("user").filter(token_hash=token_hash(token)).first()
        if key is None or not key.is_usable() or not key.user.is_active:
            raise exceptions.AuthenticationFailed("This API key is unknown, expired or revoked.")
        now = timezone.now()
        # Once a minute is enough to show "last used", and spares a write per request.
        if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return key.user, key

    def _oauth(self, token: str) -> tuple[Any, Any]:
        """A live access token for exactly the REST API: one for an MCP server, or for nothing named, is refused."""
        from oauth2_provider.models import get_access_token_model

        from portal.accounts.oauth.resources import api_url

        found = (
            get_access_token_model()
            .objects.select_related("user", "application__user")
            .filter(token_checksum=token_hash(token))
            .first()
        )
        # With client credentials nobody is present: the client acts for the person who registered it.
        user = found and (found.user or (found.application.user if found.application else None))
        if found is None or found.is_expired() or user is None or not user.is_active:
            raise exceptions.AuthenticationFailed("This access token is unknown, expired or revoked.")
        if found.resource != [api_url()]:
            raise exceptions.AuthenticationFailed("This access token was not issued for the REST API.")
        return user, found
