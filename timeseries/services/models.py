"""The registry of trained models: versions, stages, retention."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Max, Sum

from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from timeseries.records import STAGES, DatasetVersion, ModelVersion, TrainedModel
from timeseries.services import storage

VERSIONS_KEPT = 10


def find_model(actor: Actor, name: str, task: str | None = None) -> ModelVersion:
    """The version of a named model that serves: production, else the newest."""
    actor.require(Permission.DATA_READ)
    model = TrainedModel.objects.for_workspace(actor.workspace).filter(name=name).first()
    if model is None:
        raise NotFound(f"No trained model is named {name!r}.", remedy="Train it first or list the models.")
    if task is not None and model.task != task:
        problem = FieldProblem("model_name", f"{name!r} is a model for {model.task}.", f"Name a model for {task}.")
        raise Invalid("The model is of the other kind.", problems=[problem])
    versions = model.versions.select_related("model")
    found: ModelVersion | None = versions.filter(stage="production").first() or versions.order_by("-number").first()
    if found is None:
        raise Conflict(f"The model {name!r} has no finished version yet.", code="still_training")
    return found


def require_free_name(actor: Actor, name: str, task: str, *, overwrite: bool) -> None:
    """Refuse a name in use unless a further version was asked for."""
    model = TrainedModel.objects.for_workspace(actor.workspace).filter(name=name).first()
    if model is None:
        return
    if model.task != task:
        raise Conflict(f"The name {name!r} belongs to a model for {model.task}.", code="name_taken")
    if not overwrite and model.versions.exists():
        raise Conflict(
            f"A model named {name!r} exists.", code="name_taken", remedy="Send overwrite=true to add a version."
        )


def new_folder(actor: Actor) -> str:
    """The place of a version about to be trained."""
    return storage.model_path(actor.workspace.pk, uuid4())


@transaction.atomic
def register(
    actor: Actor, name: str, task: str, path: str, outcome: dict[str, Any], dataset_version: DatasetVersion | None
) -> ModelVersion:
    """Record a finished training as the newest version and serve it."""
    model, _created = TrainedModel.objects.get_or_create(
        workspace=actor.workspace, name=name, defaults={"task": task, "created_by": actor.user}
    )
    model = TrainedModel.objects.select_for_update().get(pk=model.pk)
    number = (model.versions.aggregate(top=Max("number"))["top"] or 0) + 1
    model.versions.filter(stage="production").update(stage="candidate")
    version = ModelVersion.objects.create(
        model=model, number=number, path=path, stage="production", dataset_version=dataset_version, **outcome
    )
    audit(actor, "timeseries.model_trained", model, after={"version": number, "kind": version.kind})
    for old in model.versions.exclude(stage="production").order_by("-number")[VERSIONS_KEPT:]:
        _delete_version(old)
    return version


@transaction.atomic
def set_stage(actor: Actor, version: ModelVersion, stage: str) -> ModelVersion:
    """Move a version to a stage; at most one version of a model is in production."""
    actor.require(Permission.DATA_WRITE)
    if stage not in dict(STAGES):
        problem = FieldProblem("stage", f"No stage {stage!r}.", f"Choose one of {', '.join(dict(STAGES))}.")
        raise Invalid("The stage is not known.", problems=[problem])
    before = version.stage
    if stage == "production":
        version.model.versions.filter(stage="production").exclude(pk=version.pk).update(stage="candidate")
    version.stage = stage
    version.save(update_fields=["stage"])
    audit(actor, "timeseries.model_stage", version.model, before={"stage": before}, after={"stage": stage})
    return version


@transaction.atomic
def delete_model(actor: Actor, model: TrainedModel) -> None:
    """Delete a model with all versions and files."""
    actor.require(Permission.DATA_WRITE)
    audit(actor, "timeseries.model_deleted", model)
    for version in model.versions.all():
        _delete_version(version)
    model.delete()


def _delete_version(version: ModelVersion) -> None:
    path = version.path
    version.delete()
    transaction.on_commit(lambda: storage.remove(path))


def bytes_used(actor: Actor) -> int:
    """Bytes of all models and data sets of the workspace."""
    models = ModelVersion.objects.filter(model__workspace=actor.workspace).aggregate(total=Sum("size_bytes"))["total"]
    data = DatasetVersion.objects.filter(dataset__workspace=actor.workspace).aggregate(total=Sum("size_bytes"))["total"]
    return int(models or 0) + int(data or 0)


def as_zip(version: ModelVersion) -> bytes:
    """The two files of a version, packed."""
    folder = storage.absolute(version.path)
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
            for name in ("model.json", "arrays.npz"):
                packed.writestr(name, (folder / name).read_bytes())
    except OSError as error:
        raise Conflict("The files of this model are gone.", code="model_damaged", remedy="Train it again.") from error
    return buffer.getvalue()
