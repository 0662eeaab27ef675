from __future__ import annotations

from django.contrib import admin

from deployments.models import Deployment, DeploymentKey, Revision, Tool
from workflows.admin import ReadOnly


@admin.register(Deployment)
class DeploymentAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "workspace", "state", "live_revision", "rate_limit", "updated_at")
    list_filter = ("state", "template")
    search_fields = ("name", "slug", "workspace__name")
    readonly_fields = ("slug", "workspace", "live_revision", "created_by")
    list_select_related = ("workspace", "live_revision")


@admin.register(Revision)
class RevisionAdmin(ReadOnly):
    list_display = ("deployment", "number", "verdict", "probed_at", "activated_at")
    list_filter = ("verdict",)
    search_fields = ("deployment__slug",)
    list_select_related = ("deployment",)


@admin.register(Tool)
class ToolAdmin(ReadOnly):
    list_display = ("name", "revision", "version", "action")
    search_fields = ("name", "action")
    list_select_related = ("revision", "version")


@admin.register(DeploymentKey)
class DeploymentKeyAdmin(ReadOnly):
    list_display = ("label", "prefix", "deployment", "expires_at", "last_used_at", "revoked_at")
    search_fields = ("label", "prefix", "deployment__slug")
    exclude = ("token_hash",)
    list_select_related = ("deployment",)
