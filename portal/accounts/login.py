"""Signing in with a password over REST, where the operator allows it, and ending what a request came with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest
from django.utils import timezone

from portal.accounts.limits import take, take_for_address
from portal.accounts.models import ApiKey, User
from portal.accounts.services import create_api_key
from portal.common.errors import NotAuthenticated, PermissionDenied

LOGIN_SECONDS = 12 * 3600
_TRIES, _QUARTER_HOUR = 10, 900


class LoginIsOff(PermissionDenied):
    """Passwords are not exchanged for tokens on this site."""

    code = "password_login_off"


def login(request: HttpRequest, email: str, password: str) -> tuple[ApiKey, str]:
    """A key that lives half a day. The same refusal for unknown people, wrong passwords and second factors."""
    if "password" not in settings.OAUTH2_PROVIDER["OAUTH2_GRANT_TYPES_SUPPORTED"]:
        raise LoginIsOff(
            "Signing in with a password is switched off for programs.",
            remedy="Use an API key or the device code; an operator can set OAUTH_PASSWORD_GRANT.",
        )
    take_for_address("api-login", request, limit=3 * _TRIES, per=_QUARTER_HOUR)
    take("api-login", email.lower(), limit=_TRIES, per=_QUARTER_HOUR)
    user: Any = authenticate(request, username=email, password=password)
    # A password alone never stands in for a second factor.
    if user is None or not _is_verified(user) or is_mfa_enabled(user):
        raise NotAuthenticated("E-mail address or password is wrong, or this account needs a second factor.")
    expires = timezone.now() + timedelta(seconds=LOGIN_SECONDS)
    return create_api_key(user, "Login", expires_at=expires)


def _is_verified(user: User) -> bool:
    """Accounts made by an operator have no address to verify."""
    addresses = EmailAddress.objects.filter(user=user)
    return not addresses.exists() or addresses.filter(verified=True).exists()


def end(request: HttpRequest, proof: Any) -> None:
    """End the session, the key or the token that the request came with."""
    if isinstance(proof, ApiKey):
        ApiKey.objects.filter(pk=proof.pk, revoked_at=None).update(revoked_at=timezone.now())
    elif proof is not None:
        proof.revoke()
    else:
        logout(request)
