"""REST permission: a member of the workspace whose role (and token scopes) hold the action's permission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.accounts.models import ApiKey
from portal.accounts.oauth.scopes import permissions_in
from portal.common.callers import client_address
from portal.common.errors import FieldProblem, Invalid, NotFound
from portal.common.limits import take_sync
from portal.workspaces.limited import refusal
from portal.workspaces.middleware import current_actor
from portal.workspaces.models import Workspace
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, actor_for
from portal.workspaces.usage import KeyLimits, limits_of, meters, rates


def resolve_actor(request: Request, workspace_id: str | UUID | None = None) -> Actor:
    """The asker as an actor: workspace from the argument, the X-Workspace header, the key, or the last one used."""
    allowed: frozenset[str] | None = None
    # An empty header names no workspace, and must not mean another one.
    wanted = workspace_id or request.headers.get("X-Workspace")
    if workspace_id is None and wanted == "":
        wanted = "empty"
    if isinstance(request.auth, ApiKey):
        allowed = frozenset(request.auth.scopes) or None
        if request.auth.workspace_id:
            if wanted and str(wanted) != str(request.auth.workspace_id):
                raise NotFound("There is no such workspace, or this key does not open it.")
            wanted = request.auth.workspace_id
    elif request.auth is not None:
        allowed = frozenset(request.auth.scope.split())
    if isinstance(request.auth, ApiKey) and request.auth.role:
        return _actor_of_workspace_key(request, request.auth, allowed)
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


def _actor_of_workspace_key(request: Request, key: ApiKey, allowed: frozenset[str] | None) -> Actor:
    """A workspace's key has a role of its own, whatever has become of its maker's membership."""
    workspace = Workspace.objects.filter(pk=key.workspace_id).first()
    if workspace is None:
        raise NotFound("There is no such workspace, or this key does not open it.")
    address = client_address(request._request)
    return Actor(workspace, request.user, key.role, allowed=allowed, address=address, through=f"key {key.label}")


def _take(request: Request, actor: Actor, *, is_run: bool) -> None:
    """Take one request of the rates, and a call of the quotas for a run; `LimitReached` when one is used up."""
    key, client = None, ""
    if isinstance(request.auth, ApiKey):
        subject = f"key:{request.auth.pk}"
        key = KeyLimits(request.auth.per_minute, request.auth.daily_calls, request.auth.monthly_calls)
    elif request.auth is not None:
        client = str(request.auth.application_id or "")
        subject = f"oauth:{client}:{request.user.pk}"[:64]
    else:
        subject = f"user:{request.user.pk}"
    limits = limits_of(actor.workspace)
    buckets = rates(actor.workspace.pk, limits, subject=subject, key=key, client=client)
    quotas = meters(actor.workspace.pk, limits, subject=subject, key=key) if is_run else []
    decision = take_sync(buckets, quotas)
    # WorkspaceMiddleware tells the client.
    request._request.rate_decision = decision  # type: ignore[attr-defined]
    if not decision.is_allowed:
        raise refusal(decision)


class WorkspacePermission(BasePermission):
    """Views declare `permissions = {"list": Permission…}` by action (or by lower-case method); none means denied."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        table: Mapping[str, str] = getattr(view, "permissions", {})
        method = (request.method or "").lower().replace("head", "get")
        needed = table.get(getattr(view, "action", None) or "") or table.get(method)
        if needed is None:
            # A method that the view does not have is told so (405) rather than forbidden.
            return method != "options" and not hasattr(view, method)
        named = getattr(view, "kwargs", {}).get("workspace_id")
        request.actor = actor = resolve_actor(request, named)  # type: ignore[attr-defined]
        if actor.allowed is not None:
            # `markets:read` opens reading inside the markets' part of the API and nowhere else.
            actor.allowed = permissions_in(type(view).__module__.partition(".")[0], actor.allowed)
        actor.require(needed)
        # Only a request that is not about a run already begins one.
        is_run = needed == Permission.WORKFLOW_EXECUTE and "execution_id" not in getattr(view, "kwargs", {})
        _take(request, actor, is_run=is_run)
        return True
