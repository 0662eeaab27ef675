"""The rules of the authorization server beyond the toolkit's own.

Runs inside one transaction per token request (see `views.Token`), so that row locks hold until the answer.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.utils import is_mfa_enabled
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_device_grant_model,
    get_grant_model,
    get_refresh_token_model,
)
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from portal.accounts.models import SpentCode
from portal.accounts.oauth.resources import Resource, api_url, find
from portal.accounts.oauth.tokens import access_token
from portal.common.crypto import token_hash

Application = get_application_model()
AccessToken = get_access_token_model()
DeviceGrant = get_device_grant_model()
Grant = get_grant_model()
RefreshToken = get_refresh_token_model()

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def is_safe_redirect(uri: str | None) -> bool:
    """Plain http only back to the person's own machine (RFC 8252 §7.3); never with a fragment or a user part."""
    try:
        parts = urlsplit(uri or "")
        host = parts.hostname
    except ValueError:
        return False
    if parts.fragment or parts.username is not None or "#" in (uri or ""):
        return False
    return parts.scheme != "http" or host in _LOOPBACK


def check_resources(resources: list[str], request: Any) -> Resource:
    """The one resource that a token may be for; `invalid_target` for none, several, or something unknown."""
    found = find(resources[0]) if len(resources) == 1 else None
    if found is None:
        raise errors.CustomOAuth2Error(
            error="invalid_target",
            description="Name exactly one resource: the REST API or a live MCP server of this site.",
            state=getattr(request, "state", None),
            request=request,
        )
    return found


class Validator(OAuth2Validator):  # type: ignore[misc]
    """PKCE with S256 only, one exact audience, locks on codes and refresh tokens, replay kills what it made."""

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        if request.code_challenge is not None and (
            request.code_challenge_method != "S256" or not _CHALLENGE.match(request.code_challenge)
        ):
            raise errors.InvalidRequestError(
                description="Use PKCE with code_challenge_method=S256 and its 43-character challenge.", request=request
            )
        return True

    def validate_redirect_uri(self, client_id: str, redirect_uri: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        return is_safe_redirect(redirect_uri) and super().validate_redirect_uri(client_id, redirect_uri, request)

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """The password grant is for confidential clients that an operator registered by hand."""
        by_hand = request.client.registration_source == Application.RegistrationSource.MANUAL
        confidential = request.client.client_type == Application.CLIENT_CONFIDENTIAL
        if grant_type in ("password", "client_credentials") and not (by_hand and confidential):
            return False
        return bool(super().validate_grant_type(client_id, grant_type, client, request, *args, **kwargs))

    def validate_user(self, username: str, password: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        """A password alone never stands in for a second factor."""
        known = super().validate_user(username, password, client, request, *args, **kwargs)
        return bool(known) and not is_mfa_enabled(request.user)

    def validate_device_code(self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any) -> str | None:
        """The state of a device code, for the client it was given to only (RFC 8628 §3.5)."""
        device = DeviceGrant.objects.select_for_update().filter(device_code=code).first()
        if device is None or device.client_id != request.client.client_id:
            return None
        if device.is_expired():
            return str(DeviceCodeGrant.DEVICE_CODE_EXPIRED)
        if device.status == DeviceGrant.DENIED:
            return str(DeviceCodeGrant.DEVICE_CODE_DENIED)
        if device.status != DeviceGrant.AUTHORIZED or device.user is None:
            return str(DeviceCodeGrant.DEVICE_CODE_PENDING)
        request.user, request.scopes = device.user, device.scope.split()
        return str(DeviceCodeGrant.DEVICE_CODE_AUTHORIZED)

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        grant = Grant.objects.select_for_update().filter(code=code).first()
        if grant is None:
            revoke_spent_code(code, client.client_id)
            return False
        valid = super().validate_code(client_id, code, client, request, *args, **kwargs)
        return bool(valid) and request.user.is_active

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        # Of several refreshes at once the first rotates; the others wait here and then meet a revoked token.
        locked = RefreshToken.objects.select_for_update().filter(token_checksum=token_hash(refresh_token))
        if not any(row.application_id == client.pk for row in locked):
            return False
        valid = super().validate_refresh_token(refresh_token, client, request, *args, **kwargs)
        return bool(valid) and request.user is not None and request.user.is_active

    def _check_and_set_request_resource(self, request: Any) -> None:
        # Asked for by us and once more by the toolkit. Read from `__dict__`: what a client posts is no attribute there.
        if "checked_resource" in vars(request):
            return
        super()._check_and_set_request_resource(request)
        request.resource = request.resource or [api_url()]
        resource = check_resources(request.resource, request)
        if request.grant_type == DEVICE_CODE and resource.url != api_url():
            # The page of the device flow shows no resource, so it cannot have been agreed to.
            raise errors.CustomOAuth2Error(
                error="invalid_target", description="Device codes are for the REST API only.", request=request
            )
        if not set(request.scopes or []) <= resource.scopes:
            raise errors.InvalidScopeError(description="The resource does not know these scopes.", request=request)
        person = request.client.user if request.grant_type == "client_credentials" else request.user
        if person is None or not resource.admits(person):
            raise errors.AccessDeniedError(description="This person may not use the resource.", request=request)
        request.checked_resource = resource

    def _save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        self._check_and_set_request_resource(request)
        is_machine = request.grant_type == "client_credentials"
        token["access_token"] = access_token(
            client_id=request.client.client_id,
            user=None if is_machine else request.user,
            acts_for=request.client.user if is_machine else request.user,
            resource=request.checked_resource,
            scopes=token["scope"].split(),
            seconds=token["expires_in"],
        )
        super()._save_bearer_token(token, request, *args, **kwargs)
        if request.grant_type == "authorization_code":
            checksum = token_hash(token["access_token"])
            refresh = RefreshToken.objects.filter(access_token__token_checksum=checksum).first()
            SpentCode.objects.create(
                code_hash=token_hash(request.code),
                client_id=request.client.client_id,
                access_checksum=checksum,
                token_family=refresh.token_family if refresh else None,
            )


def revoke_spent_code(code: str, client_id: str) -> None:
    """A code shown twice was stolen: whatever it bought is revoked (RFC 6749 §4.1.2)."""
    spent = SpentCode.objects.filter(code_hash=token_hash(code), client_id=client_id).first()
    if spent is not None:
        RefreshToken.revoke_family(spent.token_family)
        AccessToken.objects.filter(token_checksum=spent.access_checksum).delete()
