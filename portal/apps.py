from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The shell of the product: layout, error pages, set-up."""

    name = "portal"
    label = "portal"
