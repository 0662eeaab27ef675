"""The legal basis of collecting private platforms: recorded and revoked through one door, always audited."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from portal.common.errors import FieldProblem, Invalid
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from properties.collectors import Access, Profile, load_profiles
from properties.errors import NoLegalBasis, UnknownPlatform
from properties.models import LegalBasis

MIN_DETAILS = 20


def platform_profile(key: str) -> Profile:
    """The profile of a platform that can be collected."""
    profile = load_profiles().get(key)
    if profile is None or not profile.collectable:
        known = ", ".join(name for name, item in load_profiles().items() if item.collectable)
        raise UnknownPlatform(f"There is no collectable platform {key!r}.", remedy=f"Choose one of: {known}.")
    return profile


@transaction.atomic
def legal_basis_record(
    actor: Actor, *, platform: str, ground: str, details: str, requests_per_second: float | None = None
) -> LegalBasis:
    """Record who allows the collection and why; replaces the one in force. The rate may only be lowered."""
    actor.require(Permission.WORKSPACE_UPDATE)
    profile = platform_profile(platform)
    problems = []
    if ground not in LegalBasis.Ground.values:
        problems.append(FieldProblem("ground", "Unknown ground.", f"One of: {', '.join(LegalBasis.Ground.values)}."))
    if len(details.strip()) < MIN_DETAILS:
        problems.append(
            FieldProblem("details", "Too short.", "Name the agreement, its date and who signed it (20 characters).")
        )
    if requests_per_second is not None and not 0 < requests_per_second <= profile.requests_per_second:
        problems.append(
            FieldProblem(
                "requests_per_second",
                f"The platform's polite rate is {profile.requests_per_second} per second.",
                "Give a lower one, or leave it empty.",
            )
        )
    if problems:
        raise Invalid("The legal basis is not complete.", problems=problems)
    LegalBasis.objects.for_workspace(actor.workspace).filter(platform=platform, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    basis = LegalBasis.objects.create(
        workspace=actor.workspace,
        platform=platform,
        ground=ground,
        details=details.strip(),
        requests_per_second=requests_per_second,
        recorded_by=actor.user,
        recorded_label=actor.user.email if actor.user else "system",
    )
    audit(actor, "legal_basis.recorded", basis, after={"platform": platform, "ground": ground, "details": details})
    return basis


@transaction.atomic
def legal_basis_revoke(actor: Actor, *, platform: str) -> None:
    """End the collection of a platform; the record stays."""
    actor.require(Permission.WORKSPACE_UPDATE)
    basis = basis_in_force(actor.workspace, platform)
    if basis is None:
        raise NoLegalBasis("There is nothing to revoke.")
    basis.revoked_at = timezone.now()
    basis.save(update_fields=["revoked_at"])
    audit(actor, "legal_basis.revoked", basis, before={"platform": platform, "ground": basis.ground})


def basis_in_force(workspace: object, platform: str) -> LegalBasis | None:
    """The ground on which a workspace may collect a platform now."""
    return LegalBasis.objects.for_workspace(workspace).filter(platform=platform, revoked_at=None).first()


def require_basis(workspace: object, profile: Profile) -> LegalBasis | None:
    """The basis, or None where none is needed; raises otherwise. Every way to start a collection passes here."""
    basis = basis_in_force(workspace, profile.key)
    if profile.access is Access.NEEDS_BASIS and basis is None:
        raise NoLegalBasis(
            f"Collecting {profile.title} is off: no legal basis is recorded.",
            remedy="Record who allows it and on which ground on the collectors page.",
            details={"platform": profile.key, "terms_note": profile.terms_note},
        )
    return basis
