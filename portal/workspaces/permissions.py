"""REST permission: a member of the workspace whose role (and token scopes) hold the action's permission."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.accounts.models import ApiKey
from portal.accounts.oauth.scopes import permissions_in
from portal.common.callers import client_address
from portal.common.errors import FieldProblem, Invalid, NotFound
from portal.workspaces.middleware import current_actor
from portal.workspaces.services import Actor, actor_for


def resolve_actor(request: Request, workspace_id: str | UUID | None = None) -> Actor:
    """The asker as an actor: workspace from the argument, the X-Workspace header, the key, or the last one used."""
    allowed: frozenset[str] | None = None
    wanted = workspace_id or request.headers.get("X-Workspace")
    if isinstance(request.auth, ApiKey):
        allowed = frozenset(request.auth.scopes) or None
        if request.auth.workspace_id:
            if wanted and str(wanted) != str(request.auth.workspace_id):
                raise NotFound("There is no such workspace, or this key does not open it.")
            wanted = request.auth.workspace_id
    elif request.auth is not None:
        allowed = frozenset(request.auth.scope.split())
    if wanted:
        try:
            identifier = UUID(str(wanted))
        except ValueError:
            problem = FieldProblem("X-Workspace", "This is no workspace id.", "Send the workspace's UUID.")
            raise Invalid("The workspace is not named properly.", problems=[problem]) from None
        actor = actor_for(request.user, identifier, allowed=allowed)
    else:
        found = current_actor(request._request)
        if found is None:
            raise NotFound("You are not a member of any workspace yet.", remedy="Create one first.")
        actor = Actor(found.workspace, found.user, found.role, is_auditor=found.is_auditor, allowed=allowed)
    actor.address = client_address(request._request)
    return actor


class WorkspacePermission(BasePermission):
    """Views declare `permissions = {"list": Permission…}` by action (or by lower-case method); none means denied."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        table: dict[str, str] = getattr(view, "permissions", {})
        needed = table.get(getattr(view, "action", None) or "") or table.get((request.method or "").lower())
        if needed is None:
            return False
        request.actor = actor = resolve_actor(request)  # type: ignore[attr-defined]
        if actor.allowed is not None:
            # `markets:read` opens reading inside the markets' part of the API and nowhere else.
            actor.allowed = permissions_in(type(view).__module__.partition(".")[0], actor.allowed)
        actor.require(needed)
        return True
