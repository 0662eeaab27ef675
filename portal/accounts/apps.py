from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    label = "accounts"

    def ready(self) -> None:
        from portal.accounts import mfa, openapi  # noqa: F401 - seals second factors; describes the authentication
        from portal.accounts.sign_in_services import move_configured

        move_configured()
