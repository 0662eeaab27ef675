from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from workflows.models import Execution, Workflow, WorkflowVersion


class ReadOnly(admin.ModelAdmin):
    """History is looked at, not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Workflow)
class WorkflowAdmin(admin.ModelAdmin):
    list_display = ("name", "workspace", "template", "draft_revision", "draft_saved_at", "archived_at")
    list_filter = ("template",)
    search_fields = ("name", "id", "workspace__name")
    readonly_fields = ("draft", "draft_revision", "draft_saved_by", "created_by")
    list_select_related = ("workspace",)


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(ReadOnly):
    list_display = ("workflow", "number", "name", "created_at")
    search_fields = ("workflow__name", "name")
    list_select_related = ("workflow",)


@admin.register(Execution)
class ExecutionAdmin(ReadOnly):
    list_display = ("id", "state", "source", "workflow", "tool", "created_at", "finished_at")
    list_filter = ("state", "source", "queue")
    search_fields = ("id", "workflow__name", "tool")
    # Payloads may hold what only auditors of the workspace may read.
    exclude = ("input", "output", "definition", "decisions", "waiting", "options")
    list_select_related = ("workflow",)
    show_full_result_count = False
