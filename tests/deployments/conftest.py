from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from deployments.models import Deployment
from deployments.services import deploy_template
from portal.workspaces.services import Actor
from tests.people import make_owner
from tests.running import worker_in_process


@dataclass
class Served:
    """A deployed template with its first key."""

    actor: Actor
    deployment: Deployment
    key: str

    @property
    def path(self) -> str:
        return f"/mcp/{self.deployment.slug}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture
def owner(transactional_db: None) -> Actor:
    return make_owner()


@pytest.fixture
def running(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with worker_in_process(monkeypatch) as home:
        yield home


@pytest.fixture
def serve(owner: Actor, running: Any) -> Callable[..., Served]:
    """Deploy a template for the owner."""

    def make(template: str = "echo", actor: Actor | None = None) -> Served:
        actor = actor or owner
        deployment, _, key = deploy_template(actor, template)
        return Served(actor, deployment, key)

    return make
