from __future__ import annotations

from django.urls import path

from deployments import deploy_views, offer_views, tool_views, version_views, views

app_name = "deployments"
urlpatterns = [
    path("servers/", views.deployment_list, name="deployment-list"),
    path("servers/-/deploy/<uuid:workflow_id>", deploy_views.deploy_form, name="deploy-form"),
    path("servers/-/from/<slug:key>", deploy_views.deploy_from_template, name="deploy-template"),
    path("workflows/<uuid:workflow_id>/compare", version_views.version_compare, name="version-compare"),
    path("workflows/<uuid:workflow_id>/versions/<int:number>/name", version_views.version_name, name="version-name"),
    path("servers/<slug:slug>", views.deployment_detail, name="deployment-detail"),
    path("servers/<slug:slug>/calls", views.deployment_calls, name="deployment-calls"),
    path("servers/<slug:slug>/state/<slug:state>", views.deployment_state, name="deployment-state"),
    path("servers/<slug:slug>/settings", views.deployment_update, name="deployment-update"),
    path("servers/<slug:slug>/revisions/<int:number>", views.revision_activate, name="revision-activate"),
    path("servers/<slug:slug>/keys", views.key_create, name="key-create"),
    path("servers/<slug:slug>/keys/<uuid:key_id>/rotate", views.key_rotate, name="key-rotate"),
    path("servers/<slug:slug>/keys/<uuid:key_id>/revoke", views.key_revoke, name="key-revoke"),
    path("servers/<slug:slug>/tools", deploy_views.tool_add, name="tool-add"),
    path("servers/<slug:slug>/tools/choices", deploy_views.tool_choices, name="tool-choices"),
    path("servers/<slug:slug>/tools/<str:name>/edit", deploy_views.tool_edit, name="tool-edit"),
    path("servers/<slug:slug>/tools/<str:name>/remove", deploy_views.tool_remove, name="tool-remove"),
    path("servers/<slug:slug>/tools/<str:name>/switch", tool_views.tool_switch, name="tool-switch"),
    path("servers/<slug:slug>/revisions/<int:number>/try", tool_views.canary_start, name="canary-start"),
    path("servers/<slug:slug>/trial/stop", tool_views.canary_stop, name="canary-stop"),
    path("servers/<slug:slug>/offers/<slug:kind>", offer_views.offer_save, name="offer-save"),
    path("servers/<slug:slug>/view-as", tool_views.view_as, name="view-as"),
    path("servers/<slug:slug>/clients/<int:application_id>/revoke", tool_views.client_revoke, name="client-revoke"),
    path("servers/<slug:slug>/playground", views.playground, name="playground"),
    path("servers/<slug:slug>/playground/key", views.playground_key, name="playground-key"),
]
