"""What makes the product installable on a phone: the manifest, and the service worker that shows push messages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET


@require_GET
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest (W3C)."""
    icons = [
        {"src": static(f"icons/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    body = {
        "id": "/",
        "name": str(_("Portal")),
        "short_name": str(_("Portal")),
        "description": str(_("Korean data and everyday services, composed into MCP servers.")),
        "lang": get_language() or "en",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#0f172a",
        "theme_color": "#0f172a",
        "icons": icons,
        "shortcuts": [{"name": str(_("Notifications")), "url": "/notifications/"}],
    }
    return JsonResponse(body, content_type="application/manifest+json")


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """Served from the root, because a worker only sees what lies below its own address."""
    response = render(request, "notifications/service-worker.js", content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response
