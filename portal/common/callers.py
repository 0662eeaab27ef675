"""Where a request comes from."""

from __future__ import annotations

from ipaddress import ip_address

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The caller's address; only as many X-Forwarded-For hops are believed as proxies are configured.

    None where there is no address: a server behind a socket of the file system names none.
    """
    from portal.settings.env import env

    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = env().trusted_proxies
    if trusted and len(hops) >= trusted:
        return _address(hops[-trusted])
    return _address(request.META.get("REMOTE_ADDR", ""))


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
