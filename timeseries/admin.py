from __future__ import annotations

from django.contrib import admin

from timeseries.records import Dataset, Job, TrainedModel


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "workspace", "source", "created_at")
    list_filter = ("source",)
    search_fields = ("name",)
    readonly_fields = ("workspace", "created_by", "created_at")


@admin.register(TrainedModel)
class TrainedModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "task", "workspace", "created_at")
    list_filter = ("task",)
    search_fields = ("name",)
    readonly_fields = ("workspace", "created_by", "created_at")


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("kind", "label", "state", "progress", "workspace", "created_at")
    list_filter = ("state", "kind")
    search_fields = ("label",)
    readonly_fields = tuple(field.name for field in Job._meta.fields)
