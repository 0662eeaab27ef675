"""Rows for every list of the REST API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from deployments.models import Deployment, DeploymentKey, Revision, Tool
from integrations.models import Connection, WorkspaceConnector
from markets.models import Alert, AlertRule, Snapshot
from portal.accounts.models import ApiKey, User
from portal.notifications.models import Delivery, Destination, Event, Notification
from portal.workspaces.models import AuditEntry, Invitation, Membership, Workspace
from portal.workspaces.services import Actor
from portal.workspaces.vault import data_key_of
from procurement.models import CrawlJob, Notice, Product
from properties.desk_models import Report, ReportSchedule
from properties.models import Advert, Collection, Complex, LegalBasis, Listing, Match, Requirement, ReviewPair
from timeseries.records import Dataset, DatasetVersion, Job, ModelVersion, TrainedModel
from workflows.models import Execution, Workflow, WorkflowVersion
from workflows.triggers.models import Firing, Trigger

_number = count(1)
_MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
_VALUES: tuple[tuple[type[models.Field], Callable[[int], Any]], ...] = (
    (models.BooleanField, lambda n: False),
    (models.UUIDField, lambda n: UUID(int=n)),
    (models.DateTimeField, lambda n: _MOMENT),
    (models.DateField, lambda n: date(2026, 11, 20)),
    (models.TimeField, lambda n: time(9)),
    (models.JSONField, lambda n: {}),
    (ArrayField, lambda n: []),
    (models.BinaryField, lambda n: b"x"),
    (models.FloatField, lambda n: 0.5),
    (models.IntegerField, lambda n: n),
    (models.EmailField, lambda n: f"person{n}@example.com"),
)


def row(model: type[models.Model], /, **given: Any) -> Any:
    """A row with something fitting in every field that must be filled."""
    values = dict(given)
    for field in model._meta.concrete_fields:
        is_given = field.name in values or field.attname in values
        if is_given or field.primary_key or field.null or field.has_default() or isinstance(field, models.ForeignKey):
            continue
        n = next(_number)
        kind = next((make for kinds, make in _VALUES if isinstance(field, kinds)), None)
        if field.choices:
            values[field.name] = field.choices[0][0]
        elif kind:
            values[field.name] = kind(n)
        elif isinstance(field, models.CharField | models.TextField) and not field.blank:
            values[field.name] = f"{n:x}".rjust(4, "a")[-(field.max_length or 40) :]
    return model._default_manager.create(**values)


class World:
    """Makes one more row of a list each time it is asked."""

    def __init__(self, owner: Actor) -> None:
        self.owner, self.workspace = owner, owner.workspace
        self.workflow = row(Workflow, workspace=self.workspace, draft={})
        self.deployment = row(Deployment, workspace=self.workspace, slug="the-server")
        self.trigger = row(Trigger, workspace=self.workspace, workflow=self.workflow, kind="webhook")

    def own(self, model: type[models.Model], /, **given: Any) -> Any:
        return row(model, workspace=self.workspace, **given)

    def person(self) -> User:
        return User.objects.create_user(f"person{next(_number)}@example.com")

    def listing(self) -> Listing:
        complex_ = self.own(Complex)
        return self.own(Listing, complex=complex_)

    def execution(self) -> None:
        workflow = self.own(Workflow, draft={})
        version = row(WorkflowVersion, workflow=workflow)
        self.own(Execution, workflow=workflow, version=version, user=self.person())

    def deployed(self) -> None:
        deployment = self.own(Deployment, slug=f"server-{next(_number)}")
        deployment.live_revision = row(Revision, deployment=deployment)
        deployment.save()
        row(Tool, revision=deployment.live_revision, action="text.echo")

    def model(self) -> None:
        model = self.own(TrainedModel)
        row(ModelVersion, model=model)

    def dataset(self) -> None:
        row(DatasetVersion, dataset=self.own(Dataset))

    def membership(self) -> None:
        row(Membership, workspace=row(Workspace, slug=f"room-{next(_number)}"), user=self.owner.user, role="viewer")


LISTS: dict[str, Callable[[World], Any]] = {
    "workflows": lambda w: (row(WorkflowVersion, workflow=w.own(Workflow, draft={})), w.execution()),
    "workflows/{workflow}/versions": lambda w: row(WorkflowVersion, workflow=w.workflow),
    "workflows/{workflow}/triggers": lambda w: w.own(Trigger, workflow=w.workflow, kind="webhook"),
    "workflows/{workflow}/triggers/{trigger}/events": lambda w: w.own(Firing, trigger=w.trigger),
    "executions": World.execution,
    "deployments": World.deployed,
    "deployments/the-server/revisions": lambda w: row(Revision, deployment=w.deployment),
    "deployments/the-server/keys": lambda w: row(DeploymentKey, deployment=w.deployment),
    "connections": lambda w: w.own(Connection, created_by=w.person()),
    "integrations/own": lambda w: w.own(WorkspaceConnector),
    "keys": lambda w: row(ApiKey, user=w.owner.user),
    "workspaces": World.membership,
    "workspaces/{workspace}/members": lambda w: row(Membership, workspace=w.workspace, user=w.person(), role="viewer"),
    "workspaces/{workspace}/invitations": lambda w: w.own(Invitation),
    "workspaces/{workspace}/keys": lambda w: row(ApiKey, user=w.person(), role="viewer", workspace_id=w.workspace.pk),
    "workspaces/{workspace}/audit": lambda w: row(AuditEntry, workspace_id=w.workspace.pk),
    "notifications": lambda w: w.own(Notification, user=w.owner.user, event=w.own(Event)),
    "notifications/destinations": lambda w: w.own(
        Destination, owner=w.owner.user, data_key=data_key_of(w.owner.user), fingerprint=str(next(_number))
    ),
    "notifications/deliveries": lambda w: w.own(Delivery, user=w.owner.user),
    "markets/rules": lambda w: w.own(AlertRule, threshold=1.0, field="change"),
    "markets/alerts": lambda w: w.own(Alert, rule=w.own(AlertRule, threshold=1.0, field="change")),
    "markets/snapshots": lambda w: w.own(Snapshot, taken_at=_MOMENT.replace(microsecond=next(_number))),
    "crawl/jobs": lambda w: w.own(CrawlJob),
    "procurement/notices": lambda w: w.own(Notice),
    "procurement/products": lambda w: w.own(Product),
    "properties/legal-bases": lambda w: w.own(LegalBasis),
    "properties/reviews": lambda w: w.own(
        ReviewPair, one=w.own(Advert, listing=w.listing()), other=w.own(Advert, listing=w.listing())
    ),
    "properties/requirements": lambda w: w.own(Requirement),
    "properties/matches": lambda w: w.own(Match, requirement=w.own(Requirement), listing=w.listing()),
    "properties/reports": lambda w: w.own(Report),
    "properties/report-schedules": lambda w: w.own(ReportSchedule),
    "tasks": lambda w: w.own(Collection, requested_by=w.person()),
    "models": World.model,
    "datasets": World.dataset,
    "timeseries/jobs": lambda w: w.own(Job, requested_by=w.person()),
}


def address(world: World, path: str) -> str:
    """Where a list of `LISTS` is."""
    known = {"workflow": world.workflow.pk, "workspace": world.workspace.pk, "trigger": world.trigger.pk}
    return f"/api/v1/{path.format(**known)}"
