from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    name = "portal.workspaces"
    label = "workspaces"

    def ready(self) -> None:
        from portal.accounts.oauth.tokens import announce
        from portal.workspaces import checks  # noqa: F401 - registers the system checks
        from portal.workspaces.claims import describe

        announce(describe)
