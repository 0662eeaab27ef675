"""Reads: data sets, models and jobs of a workspace."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, QuerySet

from portal.common.errors import NotFound
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from timeseries.models.anomaly.catalogue import KINDS as ANOMALY_KINDS
from timeseries.models.forecasting.catalogue import KINDS as FORECASTING_KINDS
from timeseries.records import Dataset, DatasetVersion, Job, ModelVersion, TrainedModel

VERSIONS = Prefetch("versions", ModelVersion.objects.defer("history"))


def datasets_of(actor: Actor) -> QuerySet[Dataset]:
    """Data sets with their versions, newest first."""
    actor.require(Permission.DATA_READ)
    versions = Prefetch("versions", DatasetVersion.objects.defer("preview"))
    found: QuerySet[Dataset] = Dataset.objects.for_workspace(actor.workspace).prefetch_related(versions)
    return found


def dataset_of(actor: Actor, dataset_id: UUID) -> Dataset:
    """One data set of the workspace."""
    found = datasets_of(actor).filter(pk=dataset_id).first()
    if found is None:
        raise NotFound("There is no such data set in this workspace.")
    return found


def models_of(actor: Actor) -> QuerySet[TrainedModel]:
    """Models with their versions, newest first."""
    actor.require(Permission.DATA_READ)
    found: QuerySet[TrainedModel] = (
        TrainedModel.objects.for_workspace(actor.workspace)
        .prefetch_related(VERSIONS)
        .annotate(version_count=Count("versions"))
    )
    return found


def model_of(actor: Actor, name: str) -> TrainedModel:
    """One model of the workspace by its name."""
    found = models_of(actor).filter(name=name).first()
    if found is None:
        raise NotFound(f"No trained model is named {name!r} in this workspace.")
    return found


def jobs_of(actor: Actor) -> QuerySet[Job]:
    """Jobs, newest first, without their results."""
    actor.require(Permission.DATA_READ)
    found: QuerySet[Job] = Job.objects.for_workspace(actor.workspace).defer("result", "losses")
    return found


def model_kinds() -> dict[str, list[dict[str, Any]]]:
    """Every kind that can be trained."""
    return {
        task: [
            {"type": kind, "title": {"en": entry.title_en, "ko": entry.title_ko}, "neural": entry.neural}
            for kind, entry in kinds.items()
        ]
        for task, kinds in (("forecasting", FORECASTING_KINDS), ("anomaly", ANOMALY_KINDS))
    }
