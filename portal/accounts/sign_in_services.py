"""Signing in with Google, GitHub, Naver and Kakao: where each service is, and that forms may lead there.

The library knows the services' live addresses. A base URL of the environment replaces scheme, host and port of all of
a service's addresses and keeps their paths, so a stand-in or a gateway is talked to by the very same code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from allauth.socialaccount.providers.kakao.views import KakaoOAuth2Adapter
from allauth.socialaccount.providers.naver.views import NaverOAuth2Adapter
from django.http import HttpRequest, HttpResponse

ADAPTERS: dict[str, type[Any]] = {
    "google": GoogleOAuth2Adapter,
    "github": GitHubOAuth2Adapter,
    "naver": NaverOAuth2Adapter,
    "kakao": KakaoOAuth2Adapter,
}
_ADDRESSES = ("authorize_url", "access_token_url", "profile_url", "emails_url", "identity_url")


def move(service: str, base_url: str) -> None:
    """Talk to the service at this base URL instead of its own hosts."""
    adapter = ADAPTERS[service]
    for name in _ADDRESSES:
        if live := getattr(adapter, name, ""):
            setattr(adapter, name, base_url.rstrip("/") + urlsplit(live).path)


def move_configured() -> None:
    """Apply the base URLs of the environment; once, when the apps are ready."""
    from portal.settings.env import env

    for service in ADAPTERS:
        if base_url := getattr(env(), f"{service}_sign_in_url"):
            move(service, base_url)


def origin_of(service: str) -> str:
    """Scheme and host of the page where people sign in to the service."""
    parts = urlsplit(ADAPTERS[service].authorize_url)
    return f"{parts.scheme}://{parts.netloc}"


class SignInFormMiddleware:
    """Lets the form that begins a sign-in lead to its service, and to no other place.

    Browsers apply the policy for forms to the redirect that answers one as well.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        name = (request.resolver_match.url_name or "") if request.resolver_match else ""
        service = name.removesuffix("_login")
        if name.endswith("_login") and service in ADAPTERS:
            request.form_targets = origin_of(service)  # type: ignore[attr-defined]
