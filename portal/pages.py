"""Routes of the pages in `portal.views`; included by `portal.urls`."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.cache import cache_control
from django.views.decorators.vary import vary_on_headers
from django.views.i18n import JavaScriptCatalog

from portal import account_pages, views

#: The messages of the scripts, in the language of the request's cookie.
catalog = cache_control(private=True, max_age=300)(
    vary_on_headers("Cookie", "Accept-Language")(JavaScriptCatalog.as_view(packages=None))
)

urlpatterns = [
    path("messages.js", catalog, name="javascript-catalog"),
    path("palette", views.palette, name="palette"),
    path("workspaces/switch", views.switch_workspace, name="switch-workspace"),
    path("workspaces/new", views.new_workspace, name="create-workspace"),
    path("account", account_pages.account_settings, name="account-settings"),
    path("account/keys", account_pages.add_api_key, name="account-key-add"),
    path("account/keys/<uuid:key_id>/revoke", account_pages.remove_api_key, name="account-key-revoke"),
    path("_styles", views.styles, name="styles"),
]
