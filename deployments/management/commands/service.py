"""Start, stop and look at the product and the three time-series servers: `manage.py service status all`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.models import Deployment
from deployments.services import deploy_template, set_state
from portal.common.errors import PortalError
from portal.stack import service
from portal.stack.commands import PROCESSES
from portal.stack.errors import StackError
from portal.stack.layout import ROOT, default_layout
from portal.workspaces.sample import ensure_sample

#: Pages and REST API are answered by one process.
ALIASES = {"api": "web"}
#: MCP servers, which live in the processes: their template, and what their calls need.
SERVERS = {
    "forecasting": "time-series-forecasting",
    "anomaly": "time-series-anomaly",
    "coordinator": "time-series-coordinator",
}
NEEDED = ("sandbox", "web", "worker", "compute")
NAMES = (*dict.fromkeys((*PROCESSES, *ALIASES, *SERVERS)), "all")


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=("start", "stop", "restart", "status", "logs"))
        parser.add_argument("service", nargs="?", default="all", choices=NAMES)
        parser.add_argument("-n", "--lines", type=int, default=100, help="how many lines `logs` shows")
        parser.add_argument("-f", "--follow", action="store_true", help="`logs` goes on with new lines")

    def handle(self, *args: Any, **options: Any) -> None:
        self.layout, self.name = default_layout(), options["service"]
        try:
            self._handle(options)
        except (StackError, PortalError) as error:
            raise CommandError(error.explain() if isinstance(error, PortalError) else str(error)) from None
        except KeyboardInterrupt:
            return

    def _handle(self, options: dict[str, Any]) -> None:
        action = options["action"]
        if action == "logs":
            self._logs(options["lines"], follow=options["follow"])
        elif action == "status":
            self._status()
        elif self.name in SERVERS:
            self._steer_server(action)
        else:
            getattr(service, action)(self.layout, self._processes())
            self._status()

    def _processes(self) -> Sequence[str]:
        if self.name == "all":
            return PROCESSES
        return NEEDED if self.name in SERVERS else (ALIASES.get(self.name, self.name),)

    def _logs(self, count: int, *, follow: bool) -> None:
        names = [*self._processes(), "stack"] if self.name == "all" else self._processes()
        for line in service.last_lines(self.layout, names, count):
            self.stdout.write(line)
        if follow:
            for line in service.following_lines(self.layout, names):
                self.stdout.write(line)

    def _status(self) -> None:
        found = service.processes(self.layout)
        if not found:
            self.stdout.write("not running")
            return
        wanted = {entry["name"] for entry in found} if self.name == "all" else set(self._processes())
        for entry in found:
            if entry["name"] in wanted:
                process = f"process {entry['pid']}" if entry["pid"] else ""
                restarts = f"restarted {entry['restarts']} times" if entry["restarts"] else ""
                self._row(entry["name"], entry["state"], process, restarts)
        # Without the environment of the running stack there is no database to ask.
        if os.environ.get("DATABASE_URL"):
            for name in SERVERS if self.name == "all" else [self.name] if self.name in SERVERS else []:
                deployment = self._deployment(name)
                self._row(name, deployment.state if deployment else "absent", deployment.url if deployment else "")

    def _row(self, name: str, state: str, *rest: str) -> None:
        self.stdout.write(" ".join((f"{name:<12} {state:<11}", *(part for part in rest if part))).rstrip())

    def _deployment(self, name: str) -> Deployment | None:
        return (
            Deployment.objects.filter(template=SERVERS[name], workspace=ensure_sample().workspace)
            .exclude(state=Deployment.State.RETIRED)
            .first()
        )

    def _steer_server(self, action: str) -> None:
        if action == "stop" and not service.is_running(self.layout):
            self._status()
            return
        if not os.environ.get("DATABASE_URL"):
            service.start(self.layout, NEEDED)
            # Now there are databases: begin again with the environment of the stack.
            os.execv(sys.executable, [sys.executable, str(ROOT / "manage.py"), "service", action, self.name])  # noqa: S606
        actor, deployment = ensure_sample(), self._deployment(self.name)
        if action == "start":
            service.start(self.layout, NEEDED)
        if deployment is None and action != "stop":
            deployment, _, key = deploy_template(actor, SERVERS[self.name])
            self.stdout.write(f"deployed {deployment.url}\nkey (shown once) {key}")
        if deployment is not None:
            if action != "start" and deployment.state == Deployment.State.LIVE:
                deployment = set_state(actor, deployment, Deployment.State.PAUSED)
            if action != "stop" and deployment.state == Deployment.State.PAUSED:
                set_state(actor, deployment, Deployment.State.LIVE)
        self._status()
