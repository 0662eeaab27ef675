"""Routes of the product's own pages; included by `portal.urls`."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.cache import cache_control
from django.views.decorators.vary import vary_on_headers
from django.views.i18n import JavaScriptCatalog

from portal import (
    account_data_pages,
    account_pages,
    audit_pages,
    connection_pages,
    home_pages,
    key_pages,
    security_pages,
    usage_pages,
    views,
    workspace_pages,
)

#: The messages of the scripts, in the language of the request's cookie.
catalog = cache_control(private=True, max_age=300)(
    vary_on_headers("Cookie", "Accept-Language")(JavaScriptCatalog.as_view(packages=None))
)

urlpatterns = [
    path("", home_pages.dashboard, name="dashboard"),
    path(".well-known/security.txt", security_pages.security_txt, name="security-txt"),
    path("templates", home_pages.template_gallery, name="templates"),
    path("welcome", home_pages.welcome, name="welcome"),
    path("messages.js", catalog, name="javascript-catalog"),
    path("palette", views.palette, name="palette"),
    path("workspaces/switch", views.switch_workspace, name="switch-workspace"),
    path("workspaces/new", views.new_workspace, name="create-workspace"),
    path("members", workspace_pages.members, name="members"),
    path("members/invite", workspace_pages.member_invite, name="member-invite"),
    path("members/<uuid:membership_id>/role", workspace_pages.member_role, name="member-role"),
    path("members/<uuid:membership_id>/remove", workspace_pages.member_remove, name="member-remove"),
    path("members/<uuid:membership_id>/auditor", workspace_pages.member_auditor, name="member-auditor"),
    path("members/invitations/<uuid:invitation_id>", workspace_pages.invitation_revoke, name="invitation-revoke"),
    path("invitation/<str:token>", workspace_pages.invitation, name="invitation"),
    path("settings", workspace_pages.settings, name="settings"),
    path("settings/permissions", audit_pages.permissions, name="permissions"),
    path("settings/transfer", workspace_pages.transfer, name="workspace-transfer"),
    path("settings/delete", workspace_pages.delete, name="workspace-delete"),
    path("workspaces/removals/<uuid:removal_id>", workspace_pages.removal_page, name="workspace-removal"),
    path("workspaces/removals/<uuid:removal_id>/again", workspace_pages.removal_again, name="workspace-removal-again"),
    path("audit", audit_pages.audit_trail, name="audit"),
    path("audit/export.<str:kind>", audit_pages.audit_export, name="audit-export"),
    path("usage", usage_pages.usage, name="usage"),
    path("keys", key_pages.keys, name="workspace-keys"),
    path("keys/new", key_pages.key_create, name="workspace-key-add"),
    path("keys/<uuid:key_id>/rotate", key_pages.key_rotate, name="workspace-key-rotate"),
    path("keys/<uuid:key_id>/revoke", key_pages.key_revoke, name="workspace-key-revoke"),
    path("connections", connection_pages.connection_list, name="connections"),
    path("connections/new", connection_pages.connection_create, name="connection-create"),
    path("connections/connect", connection_pages.connection_connect, name="connection-connect"),
    path("connections/callback/<slug:provider>", connection_pages.connection_callback, name="connection-callback"),
    path("connections/<uuid:connection_id>", connection_pages.connection_replace, name="connection-replace"),
    path("connections/<uuid:connection_id>/test", connection_pages.connection_test, name="connection-test"),
    path("connections/<uuid:connection_id>/delete", connection_pages.connection_delete, name="connection-delete"),
    path("account", account_pages.account_settings, name="account-settings"),
    path("account/keys", account_pages.add_api_key, name="account-key-add"),
    path("account/keys/<uuid:key_id>/rotate", account_pages.renew_api_key, name="account-key-rotate"),
    path("account/keys/<uuid:key_id>/revoke", account_pages.remove_api_key, name="account-key-revoke"),
    path("account/data", account_data_pages.account_data, name="account-data"),
    path("account/data/export", account_data_pages.export_start, name="account-export"),
    path("account/data/export/<uuid:export_id>", account_data_pages.export_state, name="account-export-state"),
    path("account/data/export/<uuid:export_id>/file", account_data_pages.export_file, name="account-export-file"),
    path("account/delete", account_data_pages.account_delete, name="account-delete"),
    path("_styles", views.styles, name="styles"),
]
