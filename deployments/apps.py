from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
    label = "deployments"

    def ready(self) -> None:
        from deployments.oauth_resource import find_deployment
        from portal.accounts.oauth.resources import announce

        announce(find_deployment)

        from deployments.services import stop_serving
        from portal.workspaces.signals import workspace_closing

        workspace_closing.connect(stop_serving, dispatch_uid="deployments")

        from deployments.connection_uses import find_mentions
        from integrations import uses

        uses.announce(find_mentions)
