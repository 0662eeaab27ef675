"""The public addresses of triggers."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from workflows.triggers.models import Trigger


def address_of(trigger: Trigger) -> str | None:
    """Where requests, mails or people go; None for kinds without an address."""
    if trigger.token is None:
        return None
    name = "workflows:trigger-form" if trigger.kind == Trigger.Kind.FORM else "workflows:trigger-hook"
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse(name, args=[trigger.token])}"
