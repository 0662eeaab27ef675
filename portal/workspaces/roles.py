"""The one table that says who may do what. Names follow the requirement documents (`workflow:create` …)."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class Permission(StrEnum):
    WORKFLOW_READ = "workflow:read"
    WORKFLOW_CREATE = "workflow:create"
    WORKFLOW_UPDATE = "workflow:update"
    WORKFLOW_DELETE = "workflow:delete"
    WORKFLOW_EXECUTE = "workflow:execute"
    EXECUTION_READ = "execution:read"
    EXECUTION_PAYLOAD = "execution:payload"
    DEPLOYMENT_READ = "deployment:read"
    DEPLOYMENT_MANAGE = "deployment:manage"
    CONNECTION_READ = "connection:read"
    CONNECTION_MANAGE = "connection:manage"
    DATA_READ = "data:read"
    DATA_WRITE = "data:write"
    MEMBER_READ = "member:read"
    MEMBER_MANAGE = "member:manage"
    CALL_PAYLOAD = "call:payload"
    KEY_MANAGE = "key:manage"
    AUDIT_READ = "audit:read"
    WORKSPACE_UPDATE = "workspace:update"
    WORKSPACE_DELETE = "workspace:delete"


_VIEWER = frozenset(
    {
        Permission.WORKFLOW_READ,
        Permission.EXECUTION_READ,
        Permission.DEPLOYMENT_READ,
        Permission.CONNECTION_READ,
        Permission.DATA_READ,
        Permission.MEMBER_READ,
    }
)
_EDITOR = _VIEWER | {
    Permission.WORKFLOW_CREATE,
    Permission.WORKFLOW_UPDATE,
    Permission.WORKFLOW_DELETE,
    Permission.WORKFLOW_EXECUTE,
    Permission.EXECUTION_PAYLOAD,
    Permission.DEPLOYMENT_MANAGE,
    Permission.CONNECTION_MANAGE,
    Permission.DATA_WRITE,
}
_ADMIN = _EDITOR | {
    Permission.MEMBER_MANAGE,
    Permission.KEY_MANAGE,
    Permission.AUDIT_READ,
    Permission.WORKSPACE_UPDATE,
}
_OWNER = _ADMIN | {Permission.WORKSPACE_DELETE}

MATRIX: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.EDITOR: frozenset(_EDITOR),
    Role.ADMIN: frozenset(_ADMIN),
    Role.OWNER: frozenset(_OWNER),
}

#: What the auditor right adds to any role. Nobody opens what outside callers sent by being an admin alone.
AUDITOR = frozenset({Permission.AUDIT_READ, Permission.CALL_PAYLOAD})


def may(role: Role | str | None, permission: Permission | str) -> bool:
    """Deny by default: an unknown role or permission is never allowed."""
    try:
        return role is not None and Permission(permission) in MATRIX[Role(role)]
    except ValueError:
        return False
