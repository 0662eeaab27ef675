"""Every HTTP route. Each app brings `urls` (pages) and `api.urls` (REST) where it has them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from portal.stack.health import healthz, readyz

#: Application, prefix of its pages.
PAGES = (
    ("portal.workspaces", ""),
    ("portal.notifications", "notifications/"),
    ("portal.notifications.pwa", ""),
    ("integrations", ""),
    ("workflows", ""),
    ("deployments", ""),
    ("properties", "properties/"),
    ("properties.graphql", "graphql/"),
    ("procurement", "procurement/"),
    ("markets", "markets/"),
    ("timeseries", "timeseries/"),
)
API = (
    "portal",
    "portal.accounts",
    "portal.workspaces",
    "portal.notifications",
    "integrations",
    "workflows",
    "deployments",
    "properties",
    "procurement",
    "markets",
    "timeseries",
)


def _offers(module: str) -> bool:
    """Whether the module exists; a module that exists and fails to import is an error, not an absence."""
    parent = module.rpartition(".")[0]
    return find_spec(parent) is not None and find_spec(module) is not None


urlpatterns = [
    path("", include("portal.api.pages")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("health", readyz, name="health"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("portal.accounts.urls")),
    path("", include("portal.accounts.oauth.urls")),
    *[path(prefix, include(f"{app}.urls")) for app, prefix in PAGES if _offers(f"{app}.urls")],
    *[path("api/v1/", include(f"{app}.api.urls")) for app in API if _offers(f"{app}.api.urls")],
]
if find_spec("portal.pages") is not None:
    urlpatterns += import_module("portal.pages").urlpatterns

handler403 = "portal.views.permission_denied"
handler404 = "portal.views.not_found"
handler500 = "portal.views.server_error"
