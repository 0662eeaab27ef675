"""What an access token tells about the person's workspaces. For others to read: we ask the database ourselves."""

from __future__ import annotations

from typing import Any

from portal.accounts.models import User
from portal.accounts.oauth.resources import Resource
from portal.workspaces.models import Membership
from portal.workspaces.roles import MATRIX, Role

#: A token travels with every request; beyond this many the list is cut.
MOST_WORKSPACES = 30


def describe(user: User, resource: Resource, scopes: list[str]) -> dict[str, Any]:
    """The workspaces that the token reaches, and the permissions that role and scopes both allow in one of them."""
    memberships = Membership.objects.filter(user=user).order_by("id")
    if resource.workspace_id is not None:
        # An MCP server learns nothing of the person's other rooms.
        memberships = memberships.filter(workspace_id=resource.workspace_id)
    found = list(memberships.values_list("workspace_id", "role")[:MOST_WORKSPACES])
    held = {str(permission) for _, role in found for permission in MATRIX[Role(role)]}
    return {"workspaces": [str(workspace_id) for workspace_id, _ in found], "permissions": sorted(held & set(scopes))}
