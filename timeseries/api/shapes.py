"""Rows as JSON answers."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from timeseries.records import Dataset, DatasetVersion, Job, ModelVersion, TrainedModel


def job_shape(job: Job, *, with_result: bool = True) -> dict[str, Any]:
    """A job: state, progress and, when it has ended, its result or error."""
    shape: dict[str, Any] = {
        "job_id": str(job.pk),
        "kind": job.kind,
        "status": job.state,
        "progress": job.progress,
        "message": job.message,
        "model_name": job.params.get("model_name"),
        "status_url": reverse("timeseries-api-job", args=[job.pk]),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }
    if with_result:
        shape |= {"losses": job.losses, "result": job.result, "error": job.error}
    return shape


def version_shape(version: ModelVersion) -> dict[str, Any]:
    """One version of a model."""
    return {
        "version": version.number,
        "model_type": version.kind,
        "stage": version.stage,
        "metrics": version.metrics,
        "notes": version.notes,
        "settings": version.settings,
        "columns": version.columns,
        "rows": version.rows,
        "data_digest": version.data_digest,
        "dataset_version": str(version.dataset_version_id) if version.dataset_version_id else None,
        "libraries": version.libraries,
        "seconds": version.seconds,
        "size_bytes": version.size_bytes,
        "created_at": version.created_at,
    }


def model_shape(model: TrainedModel) -> dict[str, Any]:
    """A model with its versions."""
    return {
        "model_name": model.name,
        "task": model.task,
        "created_at": model.created_at,
        "versions": [version_shape(version) for version in model.versions.all()],
    }


def dataset_version_shape(version: DatasetVersion) -> dict[str, Any]:
    """One version of a data set, without its numbers."""
    return {
        "version": version.number,
        "rows": version.rows,
        "columns": version.columns,
        "digest": version.digest,
        "size_bytes": version.size_bytes,
        "report": version.report,
        "labels": version.labels,
        "created_at": version.created_at,
    }


def dataset_shape(dataset: Dataset) -> dict[str, Any]:
    """A data set with its versions."""
    return {
        "id": str(dataset.pk),
        "name": dataset.name,
        "source": dataset.source,
        "created_at": dataset.created_at,
        "versions": [dataset_version_shape(version) for version in dataset.versions.all()],
    }
