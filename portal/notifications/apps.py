from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule


class NotificationsConfig(AppConfig):
    name = "portal.notifications"
    label = "notifications"

    def ready(self) -> None:
        # Each app's `notices` connects its own signals to `notify`; all models are loaded by now.
        for config in apps.get_app_configs():
            if module_has_submodule(config.module, "notices"):
                import_module(f"{config.name}.notices")
