"""Real rows of somebody else's workspace for every name in a route, so that a 404 proves isolation and no typo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils import timezone

from portal.common.ids import uuid7
from portal.workspaces.services import Actor
from workflows.triggers.config_doors import WebhookConfig

#: `<first part of the path>.<name>` or `<name>` → model, and the attribute that the route names it by.
OBJECTS = {
    "workflow_id": ("workflows.Workflow", "pk"),
    "execution_id": ("workflows.Execution", "pk"),
    "trigger_id": ("workflows.Trigger", "pk"),
    "firing_id": ("workflows.Firing", "pk"),
    "own_id": ("integrations.WorkspaceConnector", "pk"),
    "input_id": ("workflows.SavedInput", "pk"),
    "test_id": ("workflows.WorkflowTest", "pk"),
    "comment_id": ("workflows.Comment", "pk"),
    "filter_id": ("workflows.SavedFilter", "pk"),
    "workflows.node": ("workflows.NodePin", "node"),
    "workflows.number": ("workflows.WorkflowVersion", "number"),
    "connection_id": ("integrations.Connection", "pk"),
    "stores.name": ("integrations.DataTable", "name"),
    "row_id": ("integrations.DataRow", "pk"),
    "invitation_id": ("workspaces.Invitation", "pk"),
    "workspace_id": ("workspaces.Workspace", "pk"),
    "export_id": ("accounts.PersonExport", "pk"),
    "removal_id": ("workspaces.WorkspaceRemoval", "pk"),
    "notification_id": ("notifications.Notification", "pk"),
    "destination_id": ("notifications.Destination", "pk"),
    "delivery_id": ("notifications.Delivery", "pk"),
    "markets.rule_id": ("markets.AlertRule", "pk"),
    "crawl.job_id": ("procurement.CrawlJob", "pk"),
    "procurement.job_id": ("procurement.CrawlJob", "pk"),
    "procurement.search_id": ("procurement.SavedSearch", "pk"),
    "procurement.notice_no": ("procurement.Notice", "notice_no"),
    "procurement.product_id": ("procurement.Product", "product_id"),
    "listing_id": ("properties.Listing", "pk"),
    "match_id": ("properties.Match", "pk"),
    "properties.photo_id": ("properties.Photo", "pk"),
    "properties.requirement_id": ("properties.Requirement", "pk"),
    "properties.visit_id": ("properties.Visit", "pk"),
    "properties.contract_id": ("properties.Contract", "pk"),
    "properties.report_id": ("properties.Report", "pk"),
    "properties.schedule_id": ("properties.ReportSchedule", "pk"),
    "tasks.batch_id": ("properties.Collection", "batch"),
    "dataset_id": ("timeseries.Dataset", "pk"),
    "timeseries.job_id": ("timeseries.Job", "pk"),
    "timeseries.name": ("timeseries.TrainedModel", "name"),
    "models.name": ("timeseries.TrainedModel", "name"),
    "keys.key_id": ("accounts.ApiKey", "pk"),
    "workspaces.key_id": ("accounts.ApiKey", "pk"),
    "application_id": ("oauth2_provider.Application", "pk"),
}
#: Rows without which the page of another one makes no sense.
COMPANIONS = ("timeseries.DatasetVersion", "timeseries.ModelVersion", "workflows.NodePin")
#: Values where any would not do.
GIVEN: dict[str, dict[str, Any]] = {
    "workflows.Execution": {"state": "succeeded", "source": "page"},
    "workflows.Trigger": {"kind": "webhook", "token": "t" * 40, "config": WebhookConfig().model_dump(mode="json")},
    "integrations.DataTable": {"name": "theirs-table", "columns": [{"name": "a"}]},
    "integrations.WorkspaceConnector": {"key": "theirs"},
    "accounts.ApiKey": {"role": "viewer", "label": "Theirs"},
    "properties.Photo": {"file": {"id": "01890000-0000-7000-8000-000000000001", "name": "photo.jpg", "size": 1}},
    "properties.Visit": {
        "starts_at": timezone.now() + timedelta(days=1),
        "ends_at": timezone.now() + timedelta(days=2),
    },
    "properties.Report": {"state": "succeeded"},
    "properties.Collection": {"batch": UUID("01890000-0000-7000-8000-000000000002")},
    "timeseries.TrainedModel": {"name": "theirs-model"},
    "markets.AlertRule": {"condition": "above", "field": "price", "threshold": 1.0},
    "procurement.Notice": {"notice_no": "R25BK00000001"},
    "procurement.Product": {"product_id": "23456789"},
}


class Foreign:
    """Makes each row once; rows that others need are made along, all in one workspace and of one person."""

    def __init__(self, owner: Actor, known: dict[str, models.Model]) -> None:
        assert owner.user is not None
        self._made: dict[str, models.Model] = {
            "workspaces.Workspace": owner.workspace,
            "accounts.User": owner.user,
            **known,
        }

    def row(self, label: str) -> Any:
        if label not in self._made:
            model = apps.get_model(label)
            self._made[label] = model._default_manager.create(**self._fields(model))
        return self._made[label]

    def _fields(self, model: type[models.Model]) -> dict[str, Any]:
        label = f"{model._meta.app_label}.{model.__name__}"
        values: dict[str, Any] = dict(GIVEN.get(label, {}))
        for field in model._meta.concrete_fields:
            if field.name in values or field.primary_key or not _is_needed(field):
                continue
            if isinstance(field, models.ForeignKey):
                related = field.related_model._meta
                values[field.name] = self.row(f"{related.app_label}.{related.object_name}")
            elif field.name == "workspace_id":
                values[field.name] = self.row("workspaces.Workspace").pk
            else:
                values[field.name] = _value(field)
        return values


def _is_needed(field: Any) -> bool:
    if field.name == "workspace_id" or (isinstance(field, models.ForeignKey) and field.name in {"user", "owner"}):
        return True
    if field.null or field.has_default() or getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
        return False
    return not field.generated and (not field.blank or field.unique)


def _value(field: Any) -> Any:
    """Something that fits the column."""
    if field.choices:
        return field.choices[0][0]
    for kinds, value in (
        ((models.UUIDField,), uuid7()),
        ((models.JSONField,), {}),
        ((models.BinaryField,), b"x"),
        ((models.BooleanField,), False),
        ((models.DateTimeField,), timezone.now() + timedelta(days=1)),
        ((models.DateField,), timezone.localdate()),
        ((models.TimeField,), timezone.localtime().time()),
        ((models.IntegerField, models.FloatField, models.DecimalField), 1),
        ((models.EmailField,), "theirs@example.com"),
        ((models.SlugField, models.CharField, models.TextField), f"theirs-{field.name}"[: field.max_length or 40]),
    ):
        if isinstance(field, kinds):
            return value
    if hasattr(field, "base_field"):
        return []
    raise TypeError(f"Say in GIVEN what {field} should be.")


def names(owner: Actor, known: dict[str, models.Model]) -> dict[str, str]:
    """What each name in a route stands for."""
    foreign = Foreign(owner, known)
    for label in COMPANIONS:
        foreign.row(label)
    found = {}
    for name, (label, attribute) in OBJECTS.items():
        found[name] = str(getattr(foreign.row(label), attribute))
    return found


def is_identifying(value: str) -> bool:
    """Whether a value in a path can only mean a row of that workspace; small numbers and words do not."""
    try:
        UUID(value)
    except ValueError:
        return len(value) >= 8
    return True
