"""Nobody, a stranger and a viewer ask every route by every method; `expected.txt` says what they may get.

A new route without a row fails. `WRITE_WALLS=1 pytest tests/walls` writes the table anew (another value names the file
to write): read the difference line by line before committing it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from deployments.models import DeploymentKey
from deployments.services import deploy_template
from portal.accounts.services import create_api_key
from portal.workspaces.models import Membership
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from procurement.storage import put_file
from tests.people import join, make_owner
from tests.running import worker_in_process
from tests.walls.foreign import is_identifying, names
from tests.walls.routes import Route, all_routes, parameters_of

TABLE = Path(__file__).with_name("expected.txt")
ASKERS = ("nobody", "stranger", "viewer")
#: Without signing in: entrances, discovery, health, and what every visitor's page needs.
PUBLIC = {
    "api/v1/health", "api/v1/monitoring/health", "api/v1/openapi.json", "docs", "redoc",
    "preferences", "messages.js", "_styles", "welcome", "", "invitation/<str:token>",
    ".well-known/oauth-authorization-server", ".well-known/oauth-protected-resource/api", "oauth/jwks",
    "connectors/<slug:connector_id>/icon.svg", "manifest.webmanifest", "service-worker.js",
    ".well-known/security.txt",
}  # fmt: skip
#: A viewer writes nothing of the workspace, but may change what is personal or only looks.
PERSONAL = {"preferences", "account", "workspaces/switch", "workspaces/new"}
#: Names in routes that stand for no row of a workspace.
NO_OBJECT = {
    "servers.name": "echo",
    "servers.kind": "prompts",
    "servers.state": "paused",
    "servers.number": "1",
    "deployments.number": "1",
    "servers.key": "echo",
    "workflows.key": "echo",
    "audit.kind": "csv",
    "stores.kind": "csv",
    "crawl.act": "cancel",
    "procurement.act": "cancel",
    "properties.kind": "pdf",
    "connector_id": "http",
    "action_id": "text.echo",
    "own_action": "nothing",
    "provider": "google",
    "platform": "zigbang",
    "markets.code": "005930",
    "markets.tool": "nothing",
    # Unguessable words of others: an address without the right one is no address.
    "token": "nothing",
    "client_id": "nothing",
    "user_code": "nothing",
}
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def rows() -> dict[tuple[str, str], tuple[int, ...]]:
    found = {}
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            method, pattern, *statuses = (part.strip() for part in line.split(" | "))
            found[(method, pattern)] = tuple(map(int, statuses))
    return found


@pytest.fixture
def world(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> Iterator[tuple[dict[str, str], dict[str, Client]]]:
    """A workspace with one of most things, and the three who knock at its doors."""
    settings.MEDIA_ROOT = tmp_path
    # No worker of time-series jobs runs here: nothing is gained by waiting for one.
    monkeypatch.setattr("timeseries.api.views.WAIT_SECONDS", 0.1)
    with worker_in_process(monkeypatch):
        owner = make_owner()
        deployment, _, _ = deploy_template(owner, "echo")
        yield _known(owner, deployment), _askers(owner)


def _known(owner: Actor, deployment: Any) -> dict[str, str]:
    assert owner.user is not None
    membership = Membership.objects.get(workspace=owner.workspace, user=owner.user)
    key = DeploymentKey.objects.get(deployment=deployment)
    return {
        **names(owner, {}),
        "membership_id": str(membership.pk),
        "servers.slug": deployment.slug,
        "deployments.slug": deployment.slug,
        "servers.key_id": str(key.pk),
        "deployments.key_id": str(key.pk),
        "file_id": _file_of(owner),
        "account.key_id": str(create_api_key(owner.user, "Theirs")[0].pk),
        **NO_OBJECT,
    }


def _file_of(owner: Actor) -> str:
    with NamedTemporaryFile(suffix=".csv") as file:
        return str(put_file(owner.workspace.pk, "theirs.csv", Path(file.name), "text/csv").id)


def _askers(owner: Actor) -> dict[str, Client]:
    askers = {name: Client(raise_request_exception=False) for name in ASKERS}
    stranger, viewer = make_owner("stranger"), join(owner.workspace, Role.VIEWER)
    assert stranger.user is not None and viewer.user is not None
    askers["stranger"].force_login(stranger.user)
    askers["viewer"].force_login(viewer.user)
    return askers


def ask(client: Client, method: str, path: str) -> int:
    """The status; whatever the request wrote is rolled back, so that the order of routes does not matter."""
    body = {"content_type": "application/json", "data": "{}"} if path.startswith("/api/") and method in WRITES else {}
    with transaction.atomic():
        response = client.generic(method, path, **body)
        response.close()
        transaction.set_rollback(True)
    return int(response.status_code)


def _breach(route: Route, method: str, path: str, statuses: tuple[int, ...]) -> str:
    """What no table may ever allow; empty when the statuses are sound."""
    nobody, stranger, viewer = statuses
    if max(statuses) >= 500:
        return "a server error"
    if route.pattern.startswith("oauth/") or route.pattern in PUBLIC:
        return ""
    if nobody < 300:
        return "open to nobody in particular"
    if stranger < 300 and any(part in path for part in _owned) and not route.pattern.startswith(FOR_STRANGERS):
        return "a stranger sees what belongs to the workspace"
    if method in WRITES and viewer < 300 and route.pattern not in PERSONAL and any(part in path for part in _owned):
        return "a viewer changes what belongs to the workspace"
    return ""


_owned: set[str] = set()
#: Domain data that every workspace collects for itself may bear the same public numbers.
FOR_STRANGERS: tuple[str, ...] = ("markets/symbols/",)


def test_every_name_in_a_route_stands_for_a_real_row(world: tuple[dict[str, str], dict[str, Client]]) -> None:
    known, _askers = world
    unknown = {
        (route.pattern, name)
        for route in all_routes()
        for area, name in parameters_of(route)
        if f"{area}.{name}" not in known and name not in known
    }

    assert unknown == set(), "say in tests/walls/foreign.py which row the name stands for"


@pytest.mark.timeout(900)
def test_every_route_answers_as_the_table_says(world: tuple[dict[str, str], dict[str, Client]]) -> None:
    known, askers = world
    _owned.update(value for name, value in known.items() if name not in NO_OBJECT and is_identifying(value))
    seen = {}
    breaches = []
    # Signing out comes last: the session it ends is that of everything after it.
    for route in sorted(all_routes(), key=lambda route: "logout" in route.pattern):
        path = route.path(known)
        for method in route.methods:
            statuses = tuple(ask(askers[name], method, path) for name in ASKERS)
            seen[(method, route.pattern)] = statuses
            if wrong := _breach(route, method, path, statuses):
                breaches.append((wrong, method, path, statuses))
    if os.environ.get("WRITE_WALLS"):
        lines = [
            f"{m} | {p} | " + " | ".join(map(str, s)) for (m, p), s in sorted(seen.items(), key=lambda i: i[0][::-1])
        ]
        written = TABLE if os.environ["WRITE_WALLS"] == "1" else Path(os.environ["WRITE_WALLS"])
        written.write_text("# method | route | nobody | stranger | viewer\n" + "\n".join(lines) + "\n")
    assert breaches == []
    expected = rows()
    assert {key for key in seen if key not in expected} == set(), "routes without a row in expected.txt"
    assert {key for key in expected if key not in seen} == set(), "rows for routes that are gone"
    assert {key: got for key, got in seen.items() if got != expected[key]} == {}
