"""Measure the lists of the REST API in a scratch database with 10,000 workflows and 1,000,000 executions.

The database is made beside the configured one, filled by the server itself, and dropped at the end. Requests go
through the whole of Django in this process; what is left out is the network and the ASGI server. Beside the time on
the wall stands the CPU time, of this process and of its session in the database: on a busy machine only that says
what a list costs.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from portal.accounts.services import create_api_key
from portal.workspaces.models import Workspace
from portal.workspaces.services import create_workspace

BUDGET_MS = 200.0
LISTS = (
    "workflows",
    "workflows?limit=200",
    "workflows?search=99",
    "workflows?ordering=name",
    "executions",
    "executions?limit=200",
    "executions?state=failed",
    "executions?state=waiting",
    "executions?state=cancelled",
    "executions?source=webhook",
    "executions?source=page",
    "executions?source=mcp",
    "executions?workflow={workflow}",
    "executions?deployment={deployment}",
    "executions?tool=rare",
    "executions?tool=rare&source=mcp&state=succeeded",
    "executions?tool=tool_7&state=failed",
    "executions?since=2026-01-05T00:00:00Z&until=2026-01-05T01:00:00Z",
    "executions?cursor={cursor}",
    "workflows/{workflow}/versions",
    "deployments",
    "monitoring/usage",
    "workspaces/{workspace}/audit",
)

#: Time-ordered ids as UUIDv7 has them: milliseconds, version, variant, and the number of the row.
_ID = "(lpad(to_hex({ms}), 12, '0') || '7000' || '8000' || lpad(to_hex({n}), 12, '0'))::uuid"
_START = 1_767_225_600_000  # 2026-01-01 in milliseconds


def _id(n: str, step: int, start: int = _START) -> str:
    return _ID.format(ms=f"{start} + {n}::bigint * {step}", n=n)


_WORKFLOWS = f"""
    INSERT INTO workflows_workflow (id, created_at, workspace_id, name, description, draft, draft_revision,
                                    draft_saved_at, template, labels)
    SELECT {_id("n", 1000, _START - 100_000_000)}, now(), %(workspace)s, 'Workflow ' || n, '',
           %(definition)s, 1, now(), '', '{{}}'
    FROM generate_series(1, %(workflows)s) AS n
"""  # noqa: S608 - built from constants
_VERSIONS = f"""
    INSERT INTO workflows_workflowversion (id, created_at, workflow_id, number, name, note, definition, content_hash)
    SELECT {_id("n", 1000, _START - 50_000_000)}, now(), {_id("n", 1000, _START - 100_000_000)}, 1, '', '',
           %(definition)s, ''
    FROM generate_series(1, %(workflows)s) AS n
"""  # noqa: S608
_DEPLOYMENTS = f"""
    INSERT INTO deployments_deployment (id, created_at, updated_at, workspace_id, slug, name, description, instructions,
                                        state, rate_limit, soft_timeout_seconds, allowed_origins, template)
    SELECT {_id("n", 1000)}, now(), now(), %(workspace)s, 'server-' || n, 'Server ' || n, '', '',
           'live', 600, 50, '{{}}', ''
    FROM generate_series(1, 1000) AS n
"""  # noqa: S608
#: One run in twenty failed; few wait, came from webhooks, or called the rare tool.
_EXECUTIONS = f"""
    SELECT {_id("n", 1000)} AS id,
           timestamptz '2026-01-01 00:00+00' + n * interval '1 second' AS created_at,
           %(workspace)s::uuid AS workspace_id,
           {_id("(1 + n %% %(workflows)s)", 1000, _START - 100_000_000)} AS workflow_id,
           {_id("(1 + n %% %(workflows)s)", 1000, _START - 50_000_000)} AS version_id,
           CASE WHEN n %% 20 = 0 THEN 'failed' WHEN n %% 200000 = 7 THEN 'waiting' ELSE 'succeeded' END AS state,
           CASE WHEN n %% 100000 = 3 THEN 'webhook' ELSE 'mcp' END AS source,
           {_id("(1 + n %% 1000)", 1000)} AS deployment_id,
           CASE WHEN n %% 250000 = 11 THEN 'rare' ELSE 'tool_' || n %% 50 END AS tool,
           timestamptz '2026-01-01 00:00+00' + n * interval '1 second' AS started_at,
           timestamptz '2026-01-01 00:00:01+00' + n * interval '1 second' AS finished_at
    FROM generate_series(1, %(executions)s) AS n
"""  # noqa: S608


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workflows", type=int, default=10_000)
        parser.add_argument("--executions", type=int, default=1_000_000)
        parser.add_argument("--requests", type=int, default=40, help="requests of each list")

    def handle(self, *args: Any, workflows: int, executions: int, requests: int, **options: Any) -> None:
        # What is measured is the work of a list, not how soon its caller is told to wait.
        settings.DEFAULT_LIMITS = dict.fromkeys(settings.DEFAULT_LIMITS, 0)
        with _scratch_database():
            call_command("migrate", verbosity=0, interactive=False)
            workspace, secret = _people()
            begun = time.monotonic()
            known = _fill(workspace, workflows, executions)
            seconds = time.monotonic() - begun
            self.stdout.write(f"{workflows:,} workflows, {executions:,} executions, filled in {seconds:.0f} s\n")
            self._measure(secret, known, requests)

    def _measure(self, secret: str, known: dict[str, str], requests: int) -> None:
        client = Client(headers={"Authorization": f"Bearer {secret}", "Host": settings.PUBLIC_HOST})
        heads = "| list | rows | queries | p50 ms | p95 ms | CPU ms: Python | PostgreSQL | |"
        self.stdout.write(f"{heads}\n|---|--:|--:|--:|--:|--:|--:|---|")
        database = _backend()
        for path in LISTS:
            if "{cursor}" in path:
                known["cursor"] = _deep_cursor(client)
            url = f"/api/v1/{path.format(**known)}"
            with CaptureQueriesContext(connection) as caught:
                answer = client.get(url)
            if answer.status_code != 200:
                raise RuntimeError(f"{url}: {answer.status_code} {answer.content[:300]!r}")
            # Counted now: each further request empties the log.
            queries, body = len(caught), answer.json()
            cost = _cost(client, url, requests, database)
            rows = len(body["results"]) if "results" in body else 1
            verdict = "" if cost.p95 < BUDGET_MS else "over budget"
            in_database = "–" if cost.database is None else f"{cost.database:.0f}"
            self.stdout.write(
                f"| `{path}` | {rows} | {queries} | {cost.p50:.0f} | {cost.p95:.0f} | {cost.python:.0f} "
                f"| {in_database} | {verdict} |"
            )


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of a request: on the wall, and mean CPU here and in the database (None: not on this machine)."""

    p50: float
    p95: float
    python: float
    database: float | None


def _cost(client: Client, url: str, requests: int, database: Path | None) -> Cost:
    times = []
    here, there = time.process_time(), _cpu_seconds(database)
    for _request in range(requests):
        begun = time.perf_counter()
        client.get(url)
        times.append((time.perf_counter() - begun) * 1000)
    python = (time.process_time() - here) * 1000 / requests
    spent = None if there is None else ((_cpu_seconds(database) or there) - there) * 1000 / requests
    times.sort()
    return Cost(statistics.median(times), times[max(0, round(0.95 * len(times)) - 1)], python, spent)


def _backend() -> Path | None:
    """Where Linux tells what our session's process in PostgreSQL spends; None when it runs elsewhere."""
    if connection.settings_dict["HOST"] not in ("127.0.0.1", "localhost", "::1", ""):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        place = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    return place if place.exists() else None


def _cpu_seconds(process: Path | None) -> float | None:
    if process is None:
        return None
    fields = process.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _deep_cursor(client: Client) -> str:
    """The cursor behind 2,000 rows."""
    url = "/api/v1/executions?limit=200"
    for _page in range(10):
        url = client.get(url).json()["next"]
    return str(url.split("cursor=")[1].split("&")[0])


@contextmanager
def _scratch_database() -> Iterator[None]:
    """A database of its own for this process, dropped at the end."""
    own, name = connection.settings_dict["NAME"], f"bench_api_{int(time.time())}"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _people() -> tuple[Workspace, str]:
    user = User.objects.create_user("bench@example.com")
    workspace = create_workspace(user, "Bench")
    return workspace, create_api_key(user, "bench", workspace_id=workspace.pk)[1]


def _definition() -> dict[str, Any]:
    """A graph of 25 nodes, so that reading one where none is shown would be seen."""
    names = [f"step_{number}" for number in range(25)]
    nodes = [
        {
            "id": name,
            "action": "http.request",
            "params": {
                "url": f"https://api.example.com/items/{name}",
                "headers": {"X-Trace": f"{{{{ run.id }}}} {name}"},
            },
            "position": {"x": 220 * place, "y": 80 * (place % 4)},
            "note": f"Reads what {name} needs and hands it to the next one",
        }
        for place, name in enumerate(names)
    ]
    edges = [{"from": one, "to": other} for one, other in pairwise(names)]
    return {"schema_version": 1, "inputs": {"type": "object", "properties": {}}, "nodes": nodes, "edges": edges}


def _fill(workspace: Workspace, workflows: int, executions: int) -> dict[str, str]:
    """Let the server make the rows; columns that are not named get what a fresh row has."""
    definition = json.dumps(_definition())
    values = {
        "workspace": workspace.pk,
        "workflows": workflows,
        "executions": executions,
        "definition": definition,
    }
    with connection.cursor() as cursor:
        for statement in (_WORKFLOWS, _VERSIONS, _DEPLOYMENTS):
            cursor.execute(_complete(cursor, statement), values)
        cursor.execute(_executions(cursor), values)
        cursor.execute("ANALYZE")
        cursor.execute("SELECT id FROM workflows_workflow ORDER BY id LIMIT 1 OFFSET 10")
        workflow = cursor.fetchone()[0]
        cursor.execute("SELECT id FROM deployments_deployment ORDER BY id LIMIT 1 OFFSET 10")
        deployment = cursor.fetchone()[0]
    return {"workflow": str(workflow), "deployment": str(deployment), "workspace": str(workspace.pk)}


#: What a column gets that must be filled and that no statement names.
_FRESH = {
    "boolean": "false",
    "jsonb": "'{}'",
    "character varying": "''",
    "text": "''",
    "ARRAY": "'{}'",
    "timestamp with time zone": "now()",
}


def _missing(cursor: Any, table: str, named: list[str]) -> dict[str, str]:
    cursor.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_name = %s AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'",
        [table],
    )
    return {name: _FRESH.get(kind, "0") for name, kind in cursor.fetchall() if name not in named}


def _complete(cursor: Any, statement: str) -> str:
    """The INSERT with the columns that later migrations added."""
    head, _, rest = statement.partition("(")
    names, _, select = rest.partition(")")
    table = head.split()[-1]
    more = _missing(cursor, table, [name.strip() for name in names.split(",")])
    chosen, _, source = select.rpartition("FROM generate_series")
    extra = "".join(f", {value}" for value in more.values())
    return f"{head}({', '.join([names, *more])}){chosen.rstrip()}{extra} FROM generate_series{source}"


def _executions(cursor: Any) -> str:
    named = [
        "id", "created_at", "workspace_id", "workflow_id", "version_id", "state", "source", "deployment_id", "tool",
        "started_at", "finished_at",
    ]  # fmt: skip
    more = _missing(cursor, "workflows_execution", named)
    columns = ", ".join([*named, *more])
    values = ", ".join([*named, *more.values()])
    return f"INSERT INTO workflows_execution ({columns}) SELECT {values} FROM ({_EXECUTIONS}) AS made"  # noqa: S608
