"""How allauth creates accounts here: e-mail only, and sign-up only where the operator allows it."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from portal.common.callers import client_address


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        if settings.SIGN_UP == "open":
            return True
        return settings.SIGN_UP == "invited" and bool(request.session.get("invitation"))

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits count by, behind as many proxies as are configured."""
        return client_address(request) or super().get_client_ip(request)

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Nothing to do: the e-mail address is the name."""
