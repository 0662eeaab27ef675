"""Make the sample workspace and print a link that signs in once."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from portal.accounts.services import create_sign_in_link
from portal.workspaces.sample import ensure_sample
from portal.workspaces.signals import sample_workspace_ready


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the link as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = ensure_sample()
        # Higher rooms add their samples (connections, data) without this one knowing them.
        sample_workspace_ready.send(sender=type(self), actor=actor)
        assert actor.user is not None
        path = reverse("accounts:sign-in-with-link", args=[create_sign_in_link(actor.user)])
        link = f"{settings.PUBLIC_URL}{path}"
        self.stdout.write(json.dumps({"link": link}) if options["json"] else link)
