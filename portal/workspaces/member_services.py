"""Writes about people in a workspace: invitations, roles, leaving, and the workspace's own details."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.common.crypto import token_hash
from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound, PermissionDenied
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
def set_auditor(actor: Actor, membership_id: UUID, *, is_auditor: bool) -> Membership:
    """Give or take the right to open what outside callers sent. Owners only: an admin could give it to themselves."""
    membership = _membership(actor, membership_id)
    if actor.role != Role.OWNER and not actor.is_system:
        raise PermissionDenied("Only an owner gives or takes the auditor right.", remedy="Ask an owner.")
    before = membership.is_auditor
    if before != is_auditor:
        membership.is_auditor = is_auditor
        membership.save(update_fields=["is_auditor"])
        audit(
            actor,
            "member.auditor_changed",
            membership.user,
            before={"auditor": before},
            after={"auditor": is_auditor},
        )
    return membership


@transaction.atomic
def transfer_workspace(actor: Actor, membership_id: UUID) -> Membership:
    """Make somebody else the owner; the one who hands over stays as admin."""
    if actor.role != Role.OWNER or actor.user is None:
        raise PermissionDenied("Only an owner hands a workspace over.", remedy="Ask an owner.")
    actor.require(Permission.WORKSPACE_DELETE)
    heir = _membership(actor, membership_id)
    if heir.user_id == actor.user.pk:
        raise Conflict("The workspace is yours already.", remedy="Choose another member.")
    own = Membership.objects.select_for_update().get(workspace=actor.workspace, user=actor.user)
    before = {"owner": actor.user.email, heir.user.email: heir.role}
    heir.role, own.role = Role.OWNER, Role.ADMIN
    heir.save(update_fields=["role"])
    own.save(update_fields=["role"])
    after = {"owner": heir.user.email, actor.user.email: own.role}
    audit(actor, "workspace.transferred", actor.workspace, before=before, after=after)
    return heir


#: A host name, `*.` before it for every name below, and nothing that could be read as an address with parts.
_HOST = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
MOST_HOSTS = 200


def _hosts(names: list[str]) -> list[str]:
    """The allow-list in one spelling; `Invalid` names what is no host."""
    hosts, wrong = set(), []
    for name in names:
        try:
            host = name.strip().rstrip(".").lower().encode("idna" if not name.isascii() else "ascii").decode()
        except UnicodeError:
            host = ""
        if not _HOST.match(host) or len(host) > 253:
            wrong.append(
                FieldProblem("egress_hosts", f"{name[:100]} is no host.", "Write a name such as api.example.com.")
            )
        hosts.add(host)
    if len(hosts) > MOST_HOSTS:
        wrong.append(
            FieldProblem("egress_hosts", f"More than {MOST_HOSTS} hosts.", "Allow a whole domain: *.example.com.")
        )
    if wrong:
        raise Invalid("The list of hosts cannot be used.", problems=wrong)
    return sorted(hosts)


@transaction.atomic
def update_workspace(actor: Actor, *, name: str, egress_hosts: list[str]) -> Workspace:
    """Rename the workspace and set which hosts its actions may reach; an empty list means any public host."""
    actor.require(Permission.WORKSPACE_UPDATE)
    workspace = Workspace.objects.select_for_update().get(pk=actor.workspace.pk)
    clean = name.strip()
    if not clean or len(clean) > 120:
        raise Invalid("The workspace needs a name.", problems=[FieldProblem("name", "Use 1 to 120 characters.")])
    before = {"name": workspace.name, "egress_hosts": workspace.egress_hosts}
    workspace.name, workspace.egress_hosts = clean, _hosts(egress_hosts)
    workspace.save(update_fields=["name", "egress_hosts"])
    after = {"name": workspace.name, "egress_hosts": workspace.egress_hosts}
    audit(actor, "workspace.updated", workspace, before=before, after=after)
    return workspace


@transaction.atomic
def change_member(
    actor: Actor, membership_id: UUID, *, role: str | None = None, is_auditor: bool | None = None
) -> Membership:
    """Change role, auditor right or both, or neither of them if one is refused."""
    membership = _membership(actor, membership_id)
    if role is not None and role != membership.role:
        membership = change_role(actor, membership_id, role)
    if is_auditor is not None and is_auditor != membership.is_auditor:
        membership = set_auditor(actor, membership_id, is_auditor=is_auditor)
    return membership
