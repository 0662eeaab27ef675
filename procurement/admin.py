from __future__ import annotations

from django.contrib import admin

from procurement.models import Award, CrawlJob, Notice, Product, SavedSearch


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ("name", "category", "price", "supplier", "registered", "workspace", "is_sample")
    list_filter = ("is_sample", "contract_method")
    search_fields = ("name", "product_id", "supplier")
    exclude = ("words", "pairs")
    list_select_related = ("workspace",)


@admin.register(Notice)
class NoticeAdmin(admin.ModelAdmin):
    list_display = ("notice_no", "title", "demander", "estimated_price", "closes", "workspace", "is_sample")
    list_filter = ("kind", "is_sample")
    search_fields = ("notice_no", "title")
    exclude = ("words", "pairs")
    list_select_related = ("workspace",)


@admin.register(Award)
class AwardAdmin(admin.ModelAdmin):
    list_display = ("notice_no", "title", "winner", "amount", "rate", "opened", "workspace", "is_sample")
    list_filter = ("kind", "is_sample")
    search_fields = ("notice_no", "title", "winner")
    exclude = ("words", "pairs")
    list_select_related = ("workspace",)


@admin.register(CrawlJob)
class CrawlJobAdmin(admin.ModelAdmin):
    list_display = (
        "filename",
        "category",
        "status",
        "windows_done",
        "windows_total",
        "rows",
        "workspace",
        "created_at",
    )
    list_filter = ("status", "format")
    readonly_fields = ("windows", "report", "claim", "heartbeat_at")
    list_select_related = ("workspace",)


@admin.register(SavedSearch)
class SavedSearchAdmin(admin.ModelAdmin):
    list_display = ("name", "words", "kind", "is_alerting", "checked_at", "workspace")
    list_select_related = ("workspace",)
