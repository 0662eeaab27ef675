"""Deploy a template as an MCP server and print its URL and a key: for scripts, tests and measurements."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.services import deploy_template
from portal.common.errors import PortalError
from portal.workspaces.models import Membership, Workspace
from portal.workspaces.roles import Role
from portal.workspaces.sample import ensure_sample
from portal.workspaces.services import actor_for


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("template", help="key of the template, for example most-traded-stocks")
        parser.add_argument("--workspace", help="slug of the workspace; the sample workspace when left out")
        parser.add_argument("--slug", default="", help="slug of the server; made from the template when left out")
        parser.add_argument("--rate-limit", type=int, help="calls a minute; 0 means unlimited")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = self._actor(options["workspace"])
        try:
            deployment, revision, key = deploy_template(actor, options["template"], slug=options["slug"])
        except PortalError as error:
            raise CommandError(error.explain()) from None
        if options["rate_limit"] is not None:
            deployment.rate_limit = options["rate_limit"]
            deployment.save(update_fields=["rate_limit"])
        answer = {
            "url": deployment.url,
            "sse_url": deployment.sse_url,
            "key": key,
            "tools": list(revision.tools.values_list("name", flat=True)),
        }
        if options["json"]:
            self.stdout.write(json.dumps(answer))
        else:
            for name, value in answer.items():
                self.stdout.write(f"{name}: {value if isinstance(value, str) else ', '.join(value)}")

    def _actor(self, slug: str | None) -> Any:
        if slug is None:
            return ensure_sample()
        workspace = Workspace.objects.filter(slug=slug).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {slug!r}.")
        owner = Membership.objects.select_related("user").filter(workspace=workspace, role=Role.OWNER).first()
        if owner is None:
            raise CommandError(f"The workspace {slug!r} has no owner.")
        return actor_for(owner.user, workspace)
