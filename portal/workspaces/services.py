"""Writes about workspaces: permission, deed, audit, in that order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify

from portal.accounts.models import User
from portal.common.errors import Conflict, NotFound, PermissionDenied
from portal.common.ids import random_token
from portal.workspaces.models import AuditEntry, Membership, Workspace
from portal.workspaces.roles import AUDITOR, Permission, Role, may


class Actor:
    """Who acts in which workspace: a person with the role read once, or the system itself."""

    __slots__ = ("address", "allowed", "is_auditor", "is_system", "role", "through", "user", "workspace")

    def __init__(
        self,
        workspace: Workspace,
        user: User | None,
        role: str | None,
        *,
        is_auditor: bool = False,
        is_system: bool = False,
        allowed: frozenset[str] | None = None,
        address: str | None = None,
        through: str = "",
    ) -> None:
        self.workspace, self.user, self.role, self.is_system = workspace, user, role, is_system
        self.is_auditor, self.address = is_auditor, address
        #: What the person acts through, such as a workspace's key; the audit trail names it.
        self.through = through
        #: Narrower than the role, for keys and tokens with scopes; None means the whole role.
        self.allowed = allowed

    def may(self, permission: Permission | str) -> bool:
        if self.is_system:
            return True
        held = may(self.role, permission) or (self.is_auditor and permission in AUDITOR)
        return held and (self.allowed is None or str(permission) in self.allowed)

    def require(self, permission: Permission | str) -> None:
        """Raise unless the act is allowed."""
        if not self.may(permission):
            raise PermissionDenied(
                "You may not do this in this workspace.",
                remedy=f"Ask an owner or admin for a role with the permission {permission}.",
                details={"permission": str(permission)},
            )


def actor_for(user: User, workspace: Workspace | UUID, *, allowed: frozenset[str] | None = None) -> Actor:
    """The person as a member of the workspace; `NotFound` for strangers, so that nobody learns what exists."""
    workspace_id = workspace.pk if isinstance(workspace, Workspace) else workspace
    membership = (
        Membership.objects.select_related("workspace__plan").filter(user=user, workspace_id=workspace_id).first()
    )
    if membership is None:
        raise NotFound("There is no such workspace, or you are not a member of it.")
    return Actor(membership.workspace, user, membership.role, is_auditor=membership.is_auditor, allowed=allowed)


def system_actor(workspace: Workspace) -> Actor:
    """For schedules, commands and set-up."""
    return Actor(workspace, None, None, is_system=True)


def _label_of(actor: Actor) -> str:
    if actor.user is None:
        return "system"
    return f"{actor.user.email} ({actor.through})"[:254] if actor.through else actor.user.email


def audit(actor: Actor, verb: str, target: Any = None, *, before: Any = None, after: Any = None) -> None:
    """Append one line to the record. Never pass secrets in `before` or `after`."""
    AuditEntry.objects.create(
        workspace_id=actor.workspace.pk if actor.workspace else None,
        actor_id=actor.user.pk if actor.user else None,
        actor_label=_label_of(actor),
        verb=verb,
        target_type=type(target).__name__.lower() if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        target_label=str(target)[:200] if target is not None else "",
        address=actor.address,
        before=before,
        after=after,
    )


@transaction.atomic
def create_workspace(owner: User, name: str, *, slug: str = "", is_sample: bool = False) -> Workspace:
    """A new workspace with its owner."""
    base = slug or slugify(name)[:48] or "workspace"
    slug = base
    while Workspace.objects.filter(slug=slug).exists():
        slug = f"{base}-{random_token(4).lower()}"
    workspace = Workspace.objects.create(name=name, slug=slug, is_sample=is_sample)
    # Whoever makes a workspace begins as its auditor too, and may hand that right to somebody else.
    Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER, is_auditor=True)
    audit(Actor(workspace, owner, Role.OWNER), "workspace.created", workspace)
    return workspace


@transaction.atomic
def add_member(actor: Actor, user: User, role: Role | str) -> Membership:
    actor.require(Permission.MEMBER_MANAGE)
    membership, created = Membership.objects.get_or_create(
        workspace=actor.workspace, user=user, defaults={"role": Role(role)}
    )
    if not created:
        raise Conflict("This person is a member already.")
    audit(actor, "member.added", user, after={"role": str(role)})
    return membership
