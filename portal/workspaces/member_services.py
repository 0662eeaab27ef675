"""Writes about people in a workspace: invitations, roles, leaving, and the workspace's own details."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.common.crypto import token_hash
from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound
from portal.common.ids import random_token
from portal.workspaces.models import Invitation, Membership, Workspace
from portal.workspaces.roles import Permission, Role
from portal.workspaces.services import Actor, audit

INVITATION_DAYS = 14


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        known = ", ".join(role.value for role in Role)
        raise Invalid(
            "There is no such role.", problems=[FieldProblem("role", "Unknown role.", f"Use one of: {known}.")]
        ) from None


def _may_grant(actor: Actor, role: Role) -> None:
    """Only an owner makes owners: an admin could otherwise take the workspace over."""
    if role == Role.OWNER and actor.role != Role.OWNER and not actor.is_system:
        raise Conflict("Only an owner can make somebody an owner.")


@transaction.atomic
def invite(actor: Actor, email: str, role: str) -> tuple[Invitation, str]:
    """An invitation and its token, which is not kept. An open one for the same address is replaced."""
    actor.require(Permission.MEMBER_MANAGE)
    wanted = _role(role)
    _may_grant(actor, wanted)
    address = User.objects.normalize_email(email.strip())
    if "@" not in address:
        raise Invalid(
            "This is no e-mail address.", problems=[FieldProblem("email", "Not an address.", "Write name@host.")]
        )
    if Membership.objects.filter(workspace=actor.workspace, user__email__iexact=address).exists():
        raise Conflict("This person is a member already.")
    now = timezone.now()
    Invitation.objects.for_workspace(actor.workspace).filter(
        email__iexact=address, accepted_at=None, revoked_at=None
    ).update(revoked_at=now)
    token = random_token(32)
    invitation = Invitation.objects.create(
        workspace=actor.workspace,
        email=address,
        role=wanted,
        token_hash=token_hash(token),
        invited_by=actor.user,
        expires_at=now + timedelta(days=INVITATION_DAYS),
    )
    audit(actor, "member.invited", invitation, after={"role": wanted.value})
    return invitation, token


@transaction.atomic
def revoke_invitation(actor: Actor, invitation_id: UUID) -> None:
    actor.require(Permission.MEMBER_MANAGE)
    found = Invitation.objects.for_workspace(actor.workspace).filter(pk=invitation_id, accepted_at=None).first()
    if found is None:
        raise NotFound("There is no such invitation.")
    if found.revoked_at is None:
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
        audit(actor, "member.invitation_revoked", found)


def find_invitation(token: str) -> Invitation:
    """The open invitation of a link; the same answer for unknown, used, revoked and expired ones."""
    found = (
        Invitation.objects.select_related("workspace", "invited_by")
        .filter(token_hash=token_hash(token), accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())
        .first()
    )
    if found is None:
        raise NotFound("This invitation is used up or expired.", remedy="Ask for a new one.")
    return found


@transaction.atomic
def accept_invitation(user: User, token: str) -> Membership:
    """Join with an invitation. Whoever holds the link may use it once, under any address they sign in with."""
    invitation = find_invitation(token)
    locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if locked.accepted_at is not None or locked.revoked_at is not None:
        raise NotFound("This invitation is used up or expired.", remedy="Ask for a new one.")
    membership, created = Membership.objects.get_or_create(
        workspace=invitation.workspace, user=user, defaults={"role": invitation.role}
    )
    locked.accepted_at = timezone.now()
    locked.save(update_fields=["accepted_at"])
    user.last_workspace_id = invitation.workspace_id
    user.save(update_fields=["last_workspace_id"])
    if created:
        audit(
            Actor(invitation.workspace, user, membership.role), "member.joined", user, after={"role": membership.role}
        )
    return membership


def _membership(actor: Actor, membership_id: UUID) -> Membership:
    """The row to change, with the workspace's owners locked so that two changes cannot remove the last one."""
    list(Membership.objects.select_for_update().filter(workspace=actor.workspace, role=Role.OWNER))
    found = Membership.objects.select_related("user").filter(workspace=actor.workspace, pk=membership_id).first()
    if found is None:
        raise NotFound("There is no such member.")
    return found


def _keep_an_owner(actor: Actor, leaving: Membership) -> None:
    if leaving.role != Role.OWNER:
        return
    others = Membership.objects.filter(workspace=actor.workspace, role=Role.OWNER).exclude(pk=leaving.pk)
    if not others.exists():
        raise Conflict("A workspace needs an owner.", remedy="Make somebody else an owner first.")


@transaction.atomic
def change_role(actor: Actor, membership_id: UUID, role: str) -> Membership:
    actor.require(Permission.MEMBER_MANAGE)
    wanted = _role(role)
    membership = _membership(actor, membership_id)
    _may_grant(actor, wanted)
    _may_grant(actor, Role(membership.role))
    if wanted != Role.OWNER:
        _keep_an_owner(actor, membership)
    before = membership.role
    membership.role = wanted
    membership.save(update_fields=["role"])
    audit(actor, "member.role_changed", membership.user, before={"role": before}, after={"role": wanted.value})
    return membership


@transaction.atomic
def remove_member(actor: Actor, membership_id: UUID) -> None:
    """Take somebody out; everybody may take themselves out."""
    membership = _membership(actor, membership_id)
    if actor.user is None or membership.user_id != actor.user.pk:
        actor.require(Permission.MEMBER_MANAGE)
        _may_grant(actor, Role(membership.role))
    _keep_an_owner(actor, membership)
    audit(actor, "member.removed", membership.user, before={"role": membership.role})
    membership.delete()


@transaction.atomic
def update_workspace(actor: Actor, *, name: str, egress_hosts: list[str]) -> Workspace:
    """Rename the workspace and set which hosts its actions may reach; an empty list means any public host."""
    actor.require(Permission.WORKSPACE_UPDATE)
    workspace = Workspace.objects.select_for_update().get(pk=actor.workspace.pk)
    clean = name.strip()
    if not clean or len(clean) > 120:
        raise Invalid("The workspace needs a name.", problems=[FieldProblem("name", "Use 1 to 120 characters.")])
    before = {"name": workspace.name, "egress_hosts": workspace.egress_hosts}
    workspace.name, workspace.egress_hosts = clean, sorted(set(egress_hosts))
    workspace.save(update_fields=["name", "egress_hosts"])
    after = {"name": workspace.name, "egress_hosts": workspace.egress_hosts}
    audit(actor, "workspace.updated", workspace, before=before, after=after)
    return workspace
