"""Writes about the keys of a workspace: they have a role of their own and belong to nobody in particular."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.accounts.models import ApiKey
from portal.accounts.services import create_api_key, replace_api_key
from portal.common.errors import FieldProblem, Invalid, NotFound, PermissionDenied
from portal.workspaces.roles import Permission, Role, may
from portal.workspaces.services import Actor, audit

#: An owner's key could delete the workspace or hand it over; nothing that runs unattended needs that.
KEY_ROLES = (Role.VIEWER, Role.EDITOR, Role.ADMIN)


def workspace_keys(actor: Actor) -> QuerySet[ApiKey]:
    """The keys of the workspace that are not revoked, newest first."""
    actor.require(Permission.KEY_MANAGE)
    return ApiKey.objects.filter(workspace_id=actor.workspace.pk, revoked_at=None).exclude(role="")


@transaction.atomic
def create_workspace_key(
    actor: Actor,
    label: str,
    role: str,
    *,
    scopes: Iterable[str] = (),
    expires_at: datetime | None = None,
    per_minute: int = 0,
    daily_calls: int = 0,
    monthly_calls: int = 0,
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is not kept."""
    actor.require(Permission.KEY_MANAGE)
    scopes = sorted(set(scopes))
    if role not in KEY_ROLES:
        known = ", ".join(item.value for item in KEY_ROLES)
        raise Invalid(
            "A key cannot have this role.", problems=[FieldProblem("role", "Unknown.", f"Use one of: {known}.")]
        )
    if too_much := sorted(scope for scope in scopes if not may(role, scope)):
        names = ", ".join(too_much)
        problem = FieldProblem(
            "scopes", f"The role {role} does not hold {names}.", "Leave them out, or raise the role."
        )
        raise Invalid("The key may not have more than its role.", problems=[problem])
    if actor.allowed is not None and not (scopes and set(scopes) <= actor.allowed):
        raise PermissionDenied(
            "A key with scopes makes no key that may more.", remedy="Name scopes that this key has, or sign in."
        )
    if not label.strip():
        raise Invalid("The key has no label.", problems=[FieldProblem("label", "Give a label.")])
    if actor.user is None:
        raise Invalid("A key is made by a person.")
    key, secret = create_api_key(
        actor.user,
        label.strip()[:80],
        workspace_id=actor.workspace.pk,
        scopes=scopes,
        expires_at=expires_at,
        role=role,
        per_minute=per_minute,
        daily_calls=daily_calls,
        monthly_calls=monthly_calls,
    )
    audit(actor, "key.created", key, after=_facts(key))
    return key, secret


def _facts(key: ApiKey) -> dict[str, object]:
    expires = key.expires_at.isoformat() if key.expires_at else None
    return {"prefix": key.prefix, "role": key.role, "scopes": key.scopes, "expires_at": expires}


def _found(actor: Actor, key_id: UUID) -> ApiKey:
    actor.require(Permission.KEY_MANAGE)
    key = ApiKey.objects.select_for_update().filter(workspace_id=actor.workspace.pk, pk=key_id).exclude(role="").first()
    if key is None:
        raise NotFound("There is no such key.")
    return key


@transaction.atomic
def rotate_workspace_key(actor: Actor, key_id: UUID) -> tuple[ApiKey, str]:
    """A new key like the old one, which works on for a day."""
    old = _found(actor, key_id)
    new, secret = replace_api_key(old)
    audit(actor, "key.rotated", new, before=_facts(old), after=_facts(new))
    return new, secret


@transaction.atomic
def revoke_workspace_key(actor: Actor, key_id: UUID) -> ApiKey:
    key = _found(actor, key_id)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        audit(actor, "key.revoked", key, before=_facts(key))
    return key
