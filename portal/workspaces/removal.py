"""Deleting a workspace: what goes with it, and closing it at once; `portal.workspaces.emptying` does the long part."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from portal.accounts.models import ApiKey, User
from portal.common.errors import FieldProblem, Invalid, NotFound
from portal.workspaces.models import Invitation, Membership, Workspace, WorkspaceRemoval
from portal.workspaces.roles import Permission, Role
from portal.workspaces.services import Actor, audit
from portal.workspaces.signals import workspace_closing
from portal.workspaces.vault import shred_workspace

logger = logging.getLogger(__name__)

#: Model → what people call it. Everything else that belongs to a workspace is counted together.
NAMES = {
    "workflows.workflow": gettext_lazy("Workflows with all their versions"),
    "workflows.execution": gettext_lazy("Runs with their logs and results"),
    "deployments.deployment": gettext_lazy("MCP servers with their URLs and keys"),
    "integrations.connection": gettext_lazy("Connections with their secrets"),
    "workspaces.membership": gettext_lazy("Memberships"),
    "workspaces.invitation": gettext_lazy("Invitations"),
    "timeseries.dataset": gettext_lazy("Time series"),
    "properties.listing": gettext_lazy("Real-estate listings"),
    "procurement.crawljob": gettext_lazy("Procurement crawls"),
}


@dataclass(frozen=True, slots=True)
class Loss:
    """So many things of a kind that go."""

    name: str
    count: int


def tenant_fields() -> list[tuple[type[models.Model], str]]:
    """Every model with a foreign key to the workspace that it cannot be without, and the key's name."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Workspace and not field.null
    ]


def losses(workspace: Workspace) -> list[Loss]:
    """What a deletion takes along, kinds that are empty left out."""
    found, rest = [], 0
    for model, field in tenant_fields():
        count = model._default_manager.filter(**{field: workspace}).count()
        name = NAMES.get(model._meta.label_lower)
        if name is None:
            rest += count
        elif count:
            found.append(Loss(str(name), count))
    keys = ApiKey.objects.filter(workspace_id=workspace.pk).exclude(role="").count()
    if keys:
        found.append(Loss(_("API keys of the workspace"), keys))
    if rest:
        found.append(Loss(_("Other records"), rest))
    return sorted(found, key=lambda loss: -loss.count)


def delete_workspace(actor: Actor, typed_name: str) -> WorkspaceRemoval:
    """Close the workspace and have everything in it deleted; its name must be typed. Only the audit trail stays."""
    actor.require(Permission.WORKSPACE_DELETE)
    if actor.workspace.name.strip() != typed_name.strip():
        problem = FieldProblem("name", _("This is not the name of the workspace."), _("Type it exactly as shown."))
        raise Invalid(_("Nothing was deleted."), problems=[problem])
    return close_workspace(actor)


@transaction.atomic
def close_workspace(actor: Actor) -> WorkspaceRemoval:
    """Shut every door at once, for owners and for the deletion of an account; a worker then deletes the rest.

    Nobody is a member afterwards, no key and no secret works, nothing is served, planned or running. So nobody meets
    a workspace that is half there, however long the deletion takes.
    """
    now = timezone.now()
    workspace = Workspace.objects.select_for_update().filter(pk=actor.workspace.pk, closed_at=None).first()
    if workspace is None:
        raise NotFound(_("This workspace is being deleted already."))
    found = losses(workspace)
    audit(actor, "workspace.deleted", workspace, before={"name": workspace.name, "holds": _counts(found)})
    workspace_closing.send(sender=Workspace, workspace=workspace)
    ApiKey.objects.filter(workspace_id=workspace.pk).exclude(role="").delete()
    ApiKey.objects.filter(workspace_id=workspace.pk).update(workspace_id=None)
    User.objects.filter(last_workspace_id=workspace.pk).update(last_workspace_id=None)
    Invitation.objects.for_workspace(workspace).delete()
    Membership.objects.filter(workspace=workspace).delete()
    shred_workspace(workspace)
    removal = WorkspaceRemoval.objects.create(
        workspace_id=workspace.pk,
        name=workspace.name,
        user=actor.user,
        total=sum(model._default_manager.filter(**{field: workspace}).count() for model, field in tenant_fields()),
    )
    # The name in addresses is free again at once.
    workspace.slug, workspace.closed_at = f"closed-{workspace.pk.hex}", now
    workspace.save(update_fields=["slug", "closed_at"])
    transaction.on_commit(partial(start_removal, removal.pk))
    return removal


def _counts(found: list[Loss]) -> dict[str, int]:
    return {loss.name: loss.count for loss in found}


def start_removal(removal_id: UUID) -> None:
    """Hand the work to a worker; without a broker the sweep finds it."""
    from portal.workspaces.tasks import remove_workspace

    try:
        remove_workspace.delay(str(removal_id))
    except OperationalError:
        logger.warning("The removal %s waits for the sweep: no broker took it.", removal_id)


def solely_owned(user: User) -> list[Workspace]:
    """The workspaces that nobody else owns."""
    return list(
        Workspace.objects.filter(memberships__user=user, memberships__role=Role.OWNER)
        .exclude(
            pk__in=Membership.objects.filter(role=Role.OWNER).exclude(user=user).values("workspace_id"),
        )
        .order_by("name")
    )
