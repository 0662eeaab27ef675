from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    """The shell of the product: layout, error pages, set-up."""

    name = "portal"
    label = "portal"

    def ready(self) -> None:
        # Tasks declared with `shared_task` belong to this application in every process.
        from portal import celery
        from portal.common.errors import words
        from portal.common.sentences import say

        celery.app.set_default()
        words.say = say


class PortalAdminConfig(AdminConfig):
    """Django's admin with our site instead of its own."""

    default = False
    default_site = "portal.admin_site.PortalAdminSite"

    def ready(self) -> None:
        super().ready()
        from django.contrib import admin

        from portal.admin_site import complete

        complete(admin.site)
