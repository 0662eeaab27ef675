from django.contrib import admin
from django.http import HttpRequest

from portal.notifications.models import Delivery, Destination, Event, Notification, Preference, Rhythm


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """What the service wrote is looked at here, never changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("created_at", "workspace", "topic", "severity", "title_en")
    list_filter = ("severity", "topic")
    search_fields = ("title_en", "title_ko", "dedup_key")
    show_full_result_count = False


@admin.register(Notification)
class NotificationAdmin(ReadOnly):
    list_display = ("created_at", "workspace", "user", "event", "read_at")
    list_select_related = ("workspace", "user", "event")
    show_full_result_count = False


@admin.register(Destination)
class DestinationAdmin(ReadOnly):
    list_display = ("name", "channel", "address", "workspace", "owner", "is_active", "failures", "problem")
    list_filter = ("channel", "is_active")
    search_fields = ("name", "address")
    # The secrets stay in the vault; not even their ciphertext is of use here.
    exclude = ("sealed", "code_hash", "fingerprint")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = ("created_at", "workspace", "channel", "address", "status", "attempts", "error_code", "sent_at")
    list_filter = ("status", "channel")
    search_fields = ("address", "error_code")
    show_full_result_count = False


@admin.register(Preference)
class PreferenceAdmin(ReadOnly):
    list_display = ("user", "workspace", "topic", "channel", "mode")
    list_filter = ("channel", "mode")


@admin.register(Rhythm)
class RhythmAdmin(ReadOnly):
    list_display = ("user", "workspace", "time_zone", "quiet_from", "quiet_to", "daily_at", "muted_until")
