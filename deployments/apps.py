from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
    label = "deployments"

    def ready(self) -> None:
        from deployments.oauth_resource import find_deployment
        from portal.accounts.oauth.resources import announce

        announce(find_deployment)
