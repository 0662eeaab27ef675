from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"
    label = "workflows"

    def ready(self) -> None:
        from workflows.triggers.signals import connect

        connect()

        from integrations import uses
        from workflows.connection_uses import find_mentions

        uses.announce(find_mentions)
