"""Deleting a workspace: what goes with it, and in which order, so that protected rows go before their protectors."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db import models, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import ApiKey, User
from portal.common.errors import Conflict, FieldProblem, Invalid
from portal.workspaces.models import Membership, Workspace
from portal.workspaces.roles import Permission, Role
from portal.workspaces.services import Actor, audit
from portal.workspaces.signals import workspace_closing

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


def _tenant_fields() -> list[tuple[type[models.Model], str]]:
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
    for model, field in _tenant_fields():
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


def delete_workspace(actor: Actor, typed_name: str) -> None:
    """Delete everything the workspace has; its name must be typed. Only the audit trail stays."""
    actor.require(Permission.WORKSPACE_DELETE)
    if actor.workspace.name.strip() != typed_name.strip():
        problem = FieldProblem("name", _("This is not the name of the workspace."), _("Type it exactly as shown."))
        raise Invalid(_("Nothing was deleted."), problems=[problem])
    close_workspace(actor)


@transaction.atomic
def close_workspace(actor: Actor) -> None:
    """The deletion itself, for owners and for the deletion of an account."""
    workspace = Workspace.objects.select_for_update().get(pk=actor.workspace.pk)
    summary = {loss.name: loss.count for loss in losses(workspace)}
    audit(actor, "workspace.deleted", workspace, before={"name": workspace.name, "holds": summary})
    workspace_closing.send(sender=Workspace, workspace=workspace)
    ApiKey.objects.filter(workspace_id=workspace.pk).exclude(role="").delete()
    ApiKey.objects.filter(workspace_id=workspace.pk).update(workspace_id=None)
    User.objects.filter(last_workspace_id=workspace.pk).update(last_workspace_id=None)
    _delete_tenants(workspace)
    workspace.delete()


def _delete_tenants(workspace: Workspace) -> None:
    """Delete kind by kind; what is still protected waits for its protectors to go in a later round."""
    waiting = [entry for entry in _tenant_fields() if entry[0] is not Membership]
    while waiting:
        blocked: list[tuple[type[models.Model], str]] = []
        for model, field in waiting:
            try:
                with transaction.atomic():
                    model._default_manager.filter(**{field: workspace}).delete()
            except (ProtectedError, RestrictedError):
                blocked.append((model, field))
        if len(blocked) == len(waiting):
            names = ", ".join(str(model._meta.verbose_name_plural) for model, _field in blocked)
            raise Conflict(_("Something outside the workspace still needs: %(names)s.") % {"names": names})
        waiting = blocked


def solely_owned(user: User) -> list[Workspace]:
    """The workspaces that nobody else owns."""
    return list(
        Workspace.objects.filter(memberships__user=user, memberships__role=Role.OWNER)
        .exclude(
            pk__in=Membership.objects.filter(role=Role.OWNER).exclude(user=user).values("workspace_id"),
        )
        .order_by("name")
    )
