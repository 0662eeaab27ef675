"""Discovery: who issues tokens (RFC 8414), and what the REST API accepts (RFC 9728)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET
from oauth2_provider.settings import oauth2_settings

from portal.accounts.oauth.keys import published_keys
from portal.accounts.oauth.resources import api_url
from portal.accounts.oauth.scopes import API_SCOPES, SCOPES

SECRETS = ["client_secret_basic", "client_secret_post"]


def _url(name: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(f'oauth2_provider:{name}')}"


def _document(data: dict[str, object]) -> HttpResponse:
    response = JsonResponse(data)
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "max-age=300"
    return response


@require_GET
def authorization_server(request: HttpRequest) -> HttpResponse:
    """Only what is really served here; the issuer is the public origin, character for character."""
    return _document(
        {
            "issuer": settings.PUBLIC_URL,
            "authorization_endpoint": _url("authorize"),
            "token_endpoint": _url("token"),
            "jwks_uri": _url("jwks"),
            "registration_endpoint": _url("dcr-register"),
            "revocation_endpoint": _url("revoke-token"),
            "introspection_endpoint": _url("introspect"),
            "device_authorization_endpoint": _url("device-authorization"),
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": oauth2_settings.OAUTH2_GRANT_TYPES_SUPPORTED,
            "token_endpoint_auth_methods_supported": ["none", *SECRETS],
            "revocation_endpoint_auth_methods_supported": ["none", *SECRETS],
            "introspection_endpoint_auth_methods_supported": SECRETS,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": True,
        }
    )


@require_GET
def jwks(request: HttpRequest) -> HttpResponse:
    """The public keys of our access tokens (RFC 7517)."""
    return _document({"keys": published_keys()})


@require_GET
def api_resource(request: HttpRequest) -> HttpResponse:
    return _document(
        {
            "resource": api_url(),
            "resource_name": "REST API",
            "authorization_servers": [settings.PUBLIC_URL],
            "scopes_supported": list(API_SCOPES),
            "bearer_methods_supported": ["header"],
        }
    )
