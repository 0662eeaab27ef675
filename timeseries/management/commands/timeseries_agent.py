"""`manage.py timeseries_agent forecasting|anomaly|coordinator`: one agent as a server of its own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

PORTS = {"forecasting": 8001, "anomaly": 8002, "coordinator": 8003}


class Command(BaseCommand):
    help = "Run a time-series agent that speaks A2A."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agent", choices=PORTS)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=0, help="8001, 8002 and 8003 by agent")
        parser.add_argument("--public-url", default="", help="address written on the card")
        parser.add_argument("--peer", action="append", default=[], help="coordinator: URL of an agent; repeat it")

    def handle(self, *args: Any, **options: Any) -> None:
        import uvicorn

        from timeseries.a2a.app import build, service_token, worker

        agent = options["agent"]
        port = options["port"] or PORTS[agent]
        url = options["public_url"] or f"http://{options['host']}:{port}"
        token = service_token(settings.SECRET_KEY)
        executor = self._coordinator(options["peer"], token) if agent == "coordinator" else worker(agent)
        self.stdout.write(f"{agent} agent on {url}")
        uvicorn.run(build(agent, url, token, executor), host=options["host"], port=port, log_level="warning")

    def _coordinator(self, peers: list[str], token: str) -> Any:
        from portal.common.http import Budget, client
        from timeseries.a2a.coordinator import TIMEOUT, CoordinatorExecutor, Peer

        known = peers or [f"http://127.0.0.1:{PORTS[name]}" for name in ("forecasting", "anomaly")]
        headers = {"Authorization": f"Bearer {token}"}
        budget = Budget(total=TIMEOUT, read=TIMEOUT)
        # The operator names the agents, so their addresses may be private ones.
        return CoordinatorExecutor(
            [Peer(url, client(trusted_url=url, headers=headers, budget=budget)) for url in known]
        )
