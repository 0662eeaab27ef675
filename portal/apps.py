from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The shell of the product: layout, error pages, set-up."""

    name = "portal"
    label = "portal"

    def ready(self) -> None:
        # Tasks declared with `shared_task` belong to this application in every process.
        from portal import celery

        celery.app.set_default()
