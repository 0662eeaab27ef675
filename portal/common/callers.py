"""Where a request comes from."""

from __future__ import annotations

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The caller's address; only as many X-Forwarded-For hops are believed as proxies are configured."""
    from portal.settings.env import env

    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = env().trusted_proxies
    if trusted and len(hops) >= trusted:
        return hops[-trusted]
    return request.META.get("REMOTE_ADDR")
