from django.contrib import admin

from markets.models import Alert, AlertRule, DailyBar, Snapshot, Symbol


@admin.register(Symbol)
class SymbolAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "name", "market", "kind", "origin", "is_halted")
    list_filter = ("origin", "market", "kind", "is_halted")
    search_fields = ("code", "name")


@admin.register(DailyBar)
class DailyBarAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "date", "close", "volume", "trading_value", "origin")
    list_filter = ("origin", "venue")
    search_fields = ("=code",)
    show_full_result_count = False


@admin.register(Snapshot)
class SnapshotAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("taken_at", "workspace", "market", "venue", "session")
    list_filter = ("market", "venue", "session")
    raw_id_fields = ("workspace",)


@admin.register(AlertRule)
class AlertRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "workspace", "tool", "condition", "is_active", "checked_at", "problem")
    list_filter = ("is_active", "tool", "condition")
    raw_id_fields = ("workspace", "created_by")


@admin.register(Alert)
class AlertAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("created_at", "workspace", "rule_name", "stock_name", "value", "quiet")
    raw_id_fields = ("workspace", "rule")
