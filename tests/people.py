"""People and workspaces for tests."""

from __future__ import annotations

from itertools import count

from portal.accounts.models import User
from portal.workspaces.models import Membership, Workspace
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor, actor_for, create_workspace

_number = count(1)


def make_user(name: str = "person") -> User:
    """A verified person with a password `correct horse battery`."""
    return User.objects.create_user(f"{name}{next(_number)}@example.com", "correct horse battery", name=name)


def make_owner(name: str = "owner") -> Actor:
    """A person who owns a fresh workspace."""
    user = make_user(name)
    workspace = create_workspace(user, f"Workspace of {name}")
    return actor_for(user, workspace)


def join(workspace: Workspace, role: Role, name: str = "") -> Actor:
    """A new member of the workspace with this role."""
    user = make_user(name or role.value)
    Membership.objects.create(workspace=workspace, user=user, role=role)
    return actor_for(user, workspace)
