"""The endpoints of the authorization server, each the toolkit's view with the gaps closed."""

from __future__ import annotations

import calendar
import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_device_grant_model,
    get_grant_model,
)
from oauth2_provider.views import AuthorizationView, DeviceAuthorizationView, RevokeTokenView, TokenView
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors

from portal.accounts.limits import take, take_for_address
from portal.accounts.oauth.open import Open, is_clean, refusal
from portal.accounts.oauth.resources import Resource, api_url
from portal.accounts.oauth.scopes import SCOPES
from portal.accounts.oauth.validator import DEVICE_CODE, check_resources
from portal.common.crypto import token_hash
from portal.common.errors import LimitReached

TOKENS_PER_MINUTE = 120
PASSWORDS_PER_QUARTER_HOUR = 10


class Consent(AuthorizationView):  # type: ignore[misc]
    """Shows who asks, where the answer goes, for what, and what it would allow; always asks."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (is_clean(request.GET) and is_clean(request.POST)):
            return refusal("invalid_request", "A parameter holds a NUL character.")
        # A client may not talk its way past the person by `approval_prompt=auto`.
        asked = request.GET.copy()
        asked["approval_prompt"] = "force"
        request.GET = asked  # type: ignore[assignment]
        response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response  # type: ignore[no-any-return]

    def _agree_on(self, scopes: list[str], resources: list[str], credentials: dict[str, Any]) -> list[str]:
        """The scopes that the resource knows among those asked for; OAuth errors go back to the client."""
        try:
            request = credentials.get("request")
            resource = check_resources(resources or [api_url()], request)
            if not resource.admits(self.request.user):
                raise errors.AccessDeniedError(
                    description="You are not a member of the workspace of this server.", state=credentials.get("state")
                )
            fitting = [scope for scope in scopes if scope in resource.scopes]
            if not fitting:
                raise errors.InvalidScopeError(
                    description="The resource knows none of these scopes.", state=credentials.get("state")
                )
        except errors.OAuth2Error as error:
            error.state = credentials.get("state")
            raise OAuthToolkitError(error=error, redirect_uri=credentials["redirect_uri"]) from None
        self.resource: Resource = resource
        return fitting

    def validate_authorization_request(self, request: HttpRequest) -> tuple[list[str], dict[str, Any]]:
        scopes, credentials = super().validate_authorization_request(request)
        return self._agree_on(scopes, request.GET.getlist("resource"), credentials), credentials

    def create_authorization_response(
        self, request: HttpRequest, scopes: str, credentials: dict[str, Any], allow: bool
    ) -> Any:
        resources = credentials.get("resource") or [api_url()]
        fitting = self._agree_on(scopes.split(), resources, credentials)
        # Stored on the code, so that the token request can neither add a resource nor change it.
        credentials["resource"] = resources
        return super().create_authorization_response(request, " ".join(fitting), credentials, allow)

    def form_invalid(self, form: Any) -> HttpResponse:
        """The page always sends a whole form; half of one is no person's answer."""
        return refusal("invalid_request", "Start again from the app: the form was not complete.")

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        redirect = urlsplit(str(context.get("redirect_uri") or ""))
        application = context.get("application")
        if application is not None:
            context |= {
                "resource": self.resource,
                "redirect_host": redirect.netloc or f"{redirect.scheme}:",
                "is_native": redirect.scheme not in ("http", "https") or redirect.scheme == "http",
                "unverified": application.registration_source != application.RegistrationSource.MANUAL,
                "scope_texts": [(scope, SCOPES[scope]) for scope in context["scopes"]],
            }
        response: HttpResponse = super().render_to_response(context, **kwargs)
        if redirect.scheme:
            target = f"{redirect.scheme}://{redirect.netloc}" if redirect.netloc else f"{redirect.scheme}:"
            # Browsers apply form-action to the redirect that answers the form as well.
            response["Content-Security-Policy"] = (
                "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
                f"frame-ancestors 'none'; base-uri 'self'; object-src 'none'; form-action 'self' {target}"
            )
        return response


class Token(Open, TokenView):  # type: ignore[misc]
    """One transaction per request: locks hold to the end, and a code is used up even by a failed attempt."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        grant_type = request.POST.get("grant_type")
        try:
            take_for_address("oauth-token", request, limit=TOKENS_PER_MINUTE, per=60)
            if grant_type == "password":
                username = request.POST.get("username", "").lower()
                take("oauth-password", username, limit=PASSWORDS_PER_QUARTER_HOUR, per=900)
        except LimitReached as error:
            response: HttpResponse = refusal("slow_down", error.message, 429)
            response["Retry-After"] = str(int(error.retry_after or 60))
            return response
        devices = get_device_grant_model().objects
        with transaction.atomic():
            if grant_type == DEVICE_CODE:
                code = request.POST.get("device_code", "")
                if not devices.select_for_update().filter(device_code=code).exists():
                    return refusal("invalid_grant", "This device code is unknown or used up.")
            response = super().post(request, *args, **kwargs)
            if grant_type == DEVICE_CODE and response.status_code == 200:
                devices.filter(device_code=request.POST["device_code"]).delete()
            if grant_type == "authorization_code" and response.status_code != 200:
                self._burn(request, response)
        # The toolkit forgets the type on errors found while saving.
        response["Content-Type"] = "application/json"
        response["Cache-Control"] = "no-store"
        return response

    @staticmethod
    def _burn(request: HttpRequest, response: HttpResponse) -> None:
        """A code shown with a wrong verifier or redirect has leaked; only a client we do not know burns nothing."""
        if json.loads(response.content).get("error") != "invalid_client":
            get_grant_model().objects.filter(code=request.POST.get("code", "")).delete()


class Revoke(Open, RevokeTokenView):  # type: ignore[misc]
    """RFC 7009: a client may revoke its own tokens."""


class DeviceAuthorization(Open, DeviceAuthorizationView):  # type: ignore[misc]
    """RFC 8628: a code pair for a device without a browser."""

    def create_device_authorization_response(self, request: HttpRequest) -> tuple[Any, Any, int]:
        headers, answer, status = super().create_device_authorization_response(request)
        if isinstance(answer, dict):
            # oauthlib repeats the scope, which the toolkit's record of the answer has no field for.
            answer.pop("scope", None)
        return headers, answer, status

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            take_for_address("oauth-device", request, limit=30, per=60)
        except LimitReached as error:
            return refusal("slow_down", error.message, 429)
        unknown = set(request.POST.get("scope", "").split()) - set(SCOPES)
        if unknown:
            return refusal("invalid_scope", "These scopes do not exist here.")
        if not get_application_model().objects.filter(
            client_id=request.POST.get("client_id", ""), authorization_grant_type=DEVICE_CODE
        ):
            return refusal("invalid_client", "This client is unknown or not registered for device codes.", 401)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response


class Introspect(Open, OAuthLibMixin, View):  # type: ignore[misc]
    """RFC 7662 for confidential clients about their own tokens; all others look inactive. Never by query string."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> HttpResponse:
        core = self.get_oauthlib_core()
        uri, method, body, headers = core._extract_params(request)
        asked = Request(uri, method, body, headers)
        known = core.server.request_validator.authenticate_client(asked)
        if not known or asked.client.client_type != get_application_model().CLIENT_CONFIDENTIAL:
            response = refusal("invalid_client", "Authenticate as a confidential client.", 401)
            response["WWW-Authenticate"] = 'Basic realm="portal"'
            return response
        token = (
            get_access_token_model()
            .objects.select_related("user")
            .filter(token_checksum=token_hash(request.POST.get("token", "")), application=asked.client)
            .first()
        )
        if token is None or token.is_expired() or (token.user_id and not token.user.is_active):
            return JsonResponse({"active": False})
        return JsonResponse(
            {
                "active": True,
                "scope": token.scope,
                "client_id": asked.client.client_id,
                "iss": settings.PUBLIC_URL,
                "sub": str(token.user_id or asked.client.client_id),
                "aud": token.resource,
                "exp": calendar.timegm(token.expires.utctimetuple()),
                "iat": calendar.timegm(token.created.utctimetuple()),
                "token_type": "Bearer",
            }
        )
