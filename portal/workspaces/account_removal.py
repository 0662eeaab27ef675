"""Deleting an account: what goes with it, what must be settled first, and the shredding of the person's data key."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from portal.accounts.models import ApiKey, User
from portal.common.errors import Conflict, FieldProblem, Invalid
from portal.workspaces.models import AuditEntry, Membership, Workspace
from portal.workspaces.removal import Loss, close_workspace, losses, solely_owned
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor, audit
from portal.workspaces.vault import shred_person

#: What stands in the audit trail instead of the address of somebody whose account is gone.
ERASED = "deleted person"


@dataclass(frozen=True, slots=True)
class Removal:
    """What a deletion would do."""

    #: Nobody else owns these, and others are in them: each is handed over or deleted first.
    blockers: list[Workspace]
    #: Only this person is in these: they go along.
    going: list[tuple[Workspace, list[Loss]]]
    #: The person leaves these; they stay.
    leaving: list[Workspace]


def removal_of(user: User) -> Removal:
    owned = solely_owned(user)
    others = Membership.objects.filter(workspace__in=owned).exclude(user=user)
    shared = set(others.values_list("workspace_id", flat=True))
    own_ids = [workspace.pk for workspace in owned]
    return Removal(
        blockers=[workspace for workspace in owned if workspace.pk in shared],
        going=[(workspace, losses(workspace)) for workspace in owned if workspace.pk not in shared],
        leaving=list(Workspace.objects.filter(memberships__user=user).exclude(pk__in=own_ids).order_by("name")),
    )


@transaction.atomic
def delete_account(user: User, typed_email: str, *, address: str | None = None) -> None:
    """Delete the account for good; its address must be typed, and no shared workspace may lose its only owner."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if typed_email.strip().lower() != locked.email.lower():
        problem = FieldProblem("email", _("This is not the address of the account."), _("Type it exactly as shown."))
        raise Invalid(_("Nothing was deleted."), problems=[problem])
    plan = removal_of(locked)
    if plan.blockers:
        names = ", ".join(workspace.name for workspace in plan.blockers)
        raise Conflict(
            _("You are the only owner of: %(names)s.") % {"names": names},
            remedy=_("Hand these workspaces over or delete them first."),
        )
    for workspace, _losses in plan.going:
        close_workspace(Actor(workspace, locked, Role.OWNER, address=address))
    for membership in Membership.objects.filter(user=locked).select_related("workspace"):
        actor = Actor(membership.workspace, locked, membership.role, address=address)
        audit(actor, "member.account_deleted", locked, before={"role": membership.role})
    _hand_over_keys(locked)
    shred_person(locked)
    _erase_name(locked.pk)
    locked.delete()


def _hand_over_keys(user: User) -> None:
    """A workspace's key works on; an owner of the workspace answers for it from now on."""
    for key in ApiKey.objects.filter(user=user).exclude(role=""):
        heir = Membership.objects.filter(workspace_id=key.workspace_id, role=Role.OWNER).exclude(user=user).first()
        if heir is not None:
            ApiKey.objects.filter(pk=key.pk).update(user=heir.user_id)


def _erase_name(user_id: UUID) -> None:
    """Take the person's address out of the trail; the database lets exactly this pass, and only here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('portal.erasing_person', %s, true)", [str(user_id)])
    AuditEntry.objects.filter(actor_id=user_id).update(actor_label=ERASED, address=None)
    AuditEntry.objects.filter(target_type="user", target_id=str(user_id)).update(target_label=ERASED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('portal.erasing_person', '', true)")
