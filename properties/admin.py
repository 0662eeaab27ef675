"""The admin shows the listing manager's rows. A legal basis can be read there, never made: that is one audited door."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from properties import models


class ReadOnly(admin.ModelAdmin):
    """Rows that only services write."""

    list_filter = ("workspace",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(models.LegalBasis)
class LegalBasisAdmin(ReadOnly):
    list_display = ("platform", "ground", "recorded_label", "created_at", "revoked_at", "workspace")


@admin.register(models.Collection)
class CollectionAdmin(ReadOnly):
    list_display = ("platform", "region_name", "state", "outcome", "received", "created_at", "workspace")
    list_filter = ("platform", "outcome")


@admin.register(models.Listing)
class ListingAdmin(ReadOnly):
    list_display = ("title", "trade", "price", "region_code", "state", "last_seen", "workspace")
    search_fields = ("title",)


@admin.register(models.Decision)
class DecisionAdmin(ReadOnly):
    list_display = ("one_key", "other_key", "same", "decided_label", "created_at", "workspace")
