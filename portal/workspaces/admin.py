from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.workspaces.models import AuditEntry, Plan, Workspace


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):
    """Limits and quotas; 0 means unlimited."""

    list_display = (
        "name",
        "workspace_per_minute",
        "key_per_minute",
        "client_per_minute",
        "tool_per_minute",
        "daily_calls",
        "monthly_calls",
    )
    search_fields = ("name",)


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "plan", "is_sample", "created_at")
    list_filter = ("plan", "is_sample")
    search_fields = ("name", "slug", "id")
    fields = ("name", "slug", "plan", "is_sample", "egress_hosts")
    readonly_fields = ("name", "slug", "is_sample", "egress_hosts")
    list_select_related = ("plan",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    """The trail, which the database keeps from being changed."""

    list_display = ("created_at", "actor_label", "verb", "target_label", "target_type", "address", "workspace_id")
    list_filter = ("verb",)
    search_fields = ("actor_label", "verb", "target_label", "target_id", "workspace_id")
    date_hierarchy = "created_at"
    show_full_result_count = False
