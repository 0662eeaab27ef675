"""Who asks through REST: a browser session, a personal API key, or an OAuth access token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from portal.accounts.models import ApiKey
from portal.common.crypto import token_hash

CHALLENGE = 'Bearer realm="portal"'


class SessionOrToken(BaseAuthentication):
    """Bearer first; without one, the session (with its CSRF check)."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return SessionAuthentication().authenticate(request)
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token or not token.isascii():
            raise exceptions.AuthenticationFailed("Send the token as: Authorization: Bearer <token>.")
        if token.startswith("pat_"):
            return self._api_key(token)
        return self._oauth(request)

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE

    def _api_key(self, token: str) -> tuple[Any, ApiKey]:
        key = ApiKey.objects.select_related("user").filter(token_hash=token_hash(token)).first()
        if key is None or not key.is_usable() or not key.user.is_active:
            raise exceptions.AuthenticationFailed("This API key is unknown, expired or revoked.")
        now = timezone.now()
        # Once a minute is enough to show "last used", and spares a write per request.
        if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return key.user, key

    def _oauth(self, request: Request) -> tuple[Any, Any]:
        from oauth2_provider.contrib.rest_framework import OAuth2Authentication

        result = OAuth2Authentication().authenticate(request)
        if result is None:
            raise exceptions.AuthenticationFailed("This access token is unknown, expired or revoked.")
        return result
