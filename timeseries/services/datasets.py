"""Data sets: found by name, stored as versions, deleted with their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from portal.common.errors import NotFound
from portal.common.ids import uuid7
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from timeseries.records import Dataset, DatasetVersion
from timeseries.services import storage

if TYPE_CHECKING:
    from timeseries.data.series import Series


def find_version(actor: Actor, name: str) -> DatasetVersion:
    """The newest version of a named data set."""
    actor.require(Permission.DATA_READ)
    found: DatasetVersion | None = (
        DatasetVersion.objects.select_related("dataset")
        .filter(dataset__workspace=actor.workspace, dataset__name=name)
        .order_by("-number")
        .first()
    )
    if found is None:
        raise NotFound(f"No data set is named {name!r}.", remedy="Upload or generate it first.")
    return found


def open_series(version: DatasetVersion) -> Series:
    """The numbers of a version."""
    from timeseries.compute import load_series

    return load_series(
        storage.absolute(version.path),
        frequency=version.report.get("frequency"),
        period=int(version.report.get("period") or 1),
    )


def store_version(
    actor: Actor,
    name: str,
    series: Series,
    report: dict[str, Any],
    *,
    source: str,
    labels: list[dict[str, Any]] | None = None,
) -> DatasetVersion:
    """Keep a series as the newest version of the named data set; equal data keep the version they have."""
    from timeseries.compute import preview, save_series

    digest = series.digest()
    newest = DatasetVersion.objects.filter(dataset__workspace=actor.workspace, dataset__name=name).first()
    if newest is not None and newest.digest == digest:
        return newest
    key = uuid7()
    path = storage.dataset_path(actor.workspace.pk, key)
    size = save_series(storage.absolute(path), series)
    with transaction.atomic():
        dataset, created = Dataset.objects.get_or_create(
            workspace=actor.workspace, name=name, defaults={"source": source, "created_by": actor.user}
        )
        dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
        number = (dataset.versions.aggregate(top=Max("number"))["top"] or 0) + 1
        version = DatasetVersion.objects.create(
            id=key,
            dataset=dataset,
            number=number,
            path=path,
            rows=len(series),
            columns=list(series.columns),
            digest=digest,
            size_bytes=size,
            report=report,
            labels=labels or [],
            preview=preview(series),
        )
        audit(actor, "timeseries.dataset_created" if created else "timeseries.dataset_version", dataset)
    return version


@transaction.atomic
def delete_dataset(actor: Actor, dataset: Dataset) -> None:
    """Delete a data set with all versions and files; models trained on it stay."""
    actor.require(Permission.DATA_WRITE)
    audit(actor, "timeseries.dataset_deleted", dataset)
    paths = list(dataset.versions.values_list("path", flat=True))
    dataset.delete()
    transaction.on_commit(lambda: [storage.remove(path) for path in paths])
