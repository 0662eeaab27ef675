"""A workspace with its people, and the sandbox in place of the network."""

from collections.abc import Iterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from portal.accounts.models import User
from portal.workspaces.models import Membership, Workspace
from portal.workspaces.services import Actor, actor_for, create_workspace
from properties import sandbox, services


@pytest.fixture
def owner(db) -> User:
    return User.objects.create_user(email="owner@example.test", password="a-long-password-1")


@pytest.fixture
def workspace(owner: User) -> Workspace:
    return create_workspace(owner, "Realtors")


@pytest.fixture
def actor(owner: User, workspace: Workspace) -> Actor:
    return actor_for(owner, workspace)


@pytest.fixture
def viewer(workspace: Workspace) -> User:
    user = User.objects.create_user(email="viewer@example.test", password="a-long-password-1")
    Membership.objects.create(workspace=workspace, user=user, role="viewer")
    return user


@pytest.fixture
def outsider(db) -> User:
    user = User.objects.create_user(email="outsider@example.test", password="a-long-password-1")
    create_workspace(user, "Elsewhere")
    return user


@pytest.fixture
def platforms(monkeypatch: pytest.MonkeyPatch) -> Iterator[sandbox.Switches]:
    """The sandbox answers every platform; yields its switches."""
    sandbox.switches.__init__()
    app = Starlette(routes=[Mount(sandbox.PREFIX, app=sandbox.app)])
    monkeypatch.setattr(services, "TRANSPORT", httpx2.ASGITransport(app=app))
    yield sandbox.switches
    sandbox.switches.__init__()
