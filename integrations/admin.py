from __future__ import annotations

from django.contrib import admin

from integrations.models import Connection


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin):
    list_display = ("name", "connector", "workspace", "owner", "health", "checked_at", "expires_at")
    list_filter = ("connector", "health")
    search_fields = ("name", "connector", "workspace__name")
    exclude = ("sealed", "data_key")
    readonly_fields = ("workspace", "connector", "owner", "created_by", "account", "scopes", "health", "checked_at")
    list_select_related = ("workspace", "owner")
