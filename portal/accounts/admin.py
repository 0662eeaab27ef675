from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from portal.accounts.models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People. Passwords are set by their owners; accounts are deleted by their owners, so that keys are shredded."""

    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "created_at")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name", "id")
    fields = ("email", "name", "language", "time_zone", "is_active", "is_staff", "is_superuser", "groups", "last_login")
    readonly_fields = ("last_login",)
    filter_horizontal = ("groups",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        # Only a superuser makes superusers and staff.
        rights = () if request.user.is_superuser else ("is_staff", "is_superuser", "groups")  # type: ignore[union-attr]
        return (*self.readonly_fields, *rights)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False
