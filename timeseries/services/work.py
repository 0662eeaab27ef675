"""What each kind of job does. Imported by compute workers only: the numeric stack comes with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from portal.workspaces.services import Actor, system_actor
from timeseries import compute
from timeseries.data.errors import ArtefactProblem, DataProblem
from timeseries.data.load import series_from_table
from timeseries.data.series import Series
from timeseries.data.tables import read_table
from timeseries.metrics_export import PREDICT_SECONDS, TRAIN_SECONDS
from timeseries.models.anomaly.catalogue import KINDS as ANOMALY_KINDS
from timeseries.models.base import Progress
from timeseries.models.forecasting.catalogue import KINDS as FORECASTING_KINDS
from timeseries.records import DatasetVersion, Job
from timeseries.services import datasets, models, storage

Handler = Callable[[Job, Progress], dict[str, Any]]


def _actor(job: Job) -> Actor:
    actor = system_actor(job.workspace)
    actor.user = job.requested_by
    return actor


def _rows(job: Job) -> Any:
    return json.loads(storage.absolute(job.input_path).read_bytes()) if job.input_path else None


def _series(job: Job) -> tuple[Series, DatasetVersion | None, list[str]]:
    """The rows a job works on, from its input or from its data set, and what was found in them."""
    params = job.params
    period = int(params.get("period") or 0)
    if params.get("dataset"):
        version = datasets.find_version(_actor(job), params["dataset"])
        return compute.with_period(datasets.open_series(version), period), version, []
    series, report = compute.series_of(_rows(job), timezone=params["timezone"], period=period)
    return series, None, report.notes


def _train(job: Job, progress: Progress, task: str) -> dict[str, Any]:
    actor = _actor(job)
    params = job.params
    models.require_free_name(actor, params["model_name"], task, overwrite=params["overwrite"])
    storage.require_room(models.bytes_used(actor))
    series, dataset_version, notes = _series(job)
    path = models.new_folder(actor)
    train = compute.train_forecasting if task == "forecasting" else compute.train_anomaly
    with TRAIN_SECONDS.labels(params["model_type"]).time():
        outcome = train(series, params, storage.absolute(path), progress)
    outcome["notes"] = [*notes, *outcome["notes"]]
    version = models.register(actor, params["model_name"], task, path, outcome, dataset_version)
    return {
        "model_name": version.model.name,
        "version": version.number,
        "model_type": version.kind,
        "metrics": version.metrics,
        "notes": version.notes,
        "rows": version.rows,
        "seconds": version.seconds,
        "history": version.history,
    }


def train_forecasting(job: Job, progress: Progress) -> dict[str, Any]:
    """Train a forecaster and register it."""
    return _train(job, progress, "forecasting")


def train_anomaly(job: Job, progress: Progress) -> dict[str, Any]:
    """Train a detector and register it."""
    return _train(job, progress, "anomaly")


def _context(job: Job) -> Series | None:
    rows = _rows(job)
    return None if rows is None else compute.series_of(rows, timezone=job.params["timezone"])[0]


def predict(job: Job, progress: Progress) -> dict[str, Any]:
    """Forecast with a registered model."""
    params = job.params
    version = models.find_model(_actor(job), params["model_name"], "forecasting")
    with PREDICT_SECONDS.labels(version.kind).time():
        answer = compute.predict(
            storage.absolute(version.path), _context(job), params["steps_ahead"], params["confidence_level"]
        )
    return {"model_name": version.model.name, "version": version.number, "model_type": version.kind, **answer}


def detect(job: Job, progress: Progress) -> dict[str, Any]:
    """Judge rows with a registered model."""
    params = job.params
    version = models.find_model(_actor(job), params["model_name"], "anomaly")
    with PREDICT_SECONDS.labels(version.kind).time():
        answer = compute.detect(
            storage.absolute(version.path), _context(job), params["threshold"], params["max_alarms"]
        )
    return {"model_name": version.model.name, "version": version.number, "model_type": version.kind, **answer}


def coordinated(job: Job, progress: Progress) -> dict[str, Any]:
    """Forecast and detection on the same rows; when one side fails the other is still told, with the failure named."""
    params = job.params
    series, _version, notes = _series(job)
    sides: dict[str, Callable[[], dict[str, Any]]] = {}
    if params["analysis_type"] != "detect":
        sides["forecast"] = lambda: _forecast_side(job, series, progress)
    if params["analysis_type"] != "forecast":
        sides["anomalies"] = lambda: _anomaly_side(job, series, progress)
    answer: dict[str, Any] = {"forecast": None, "anomalies": None, "failures": {}, "warnings": notes}
    for name, side in sides.items():
        try:
            answer[name] = side()
        except (DataProblem, ArtefactProblem) as problem:
            answer["failures"][name] = str(problem)
    if len(answer["failures"]) == len(sides):
        raise DataProblem("both_failed", " ".join(f"{side}: {why}" for side, why in answer["failures"].items()))
    answer["summary"] = _summary(answer)
    return answer


def _forecast_side(job: Job, series: Series, progress: Progress) -> dict[str, Any]:
    params, name = job.params, job.params["forecasting_model"]
    if name in FORECASTING_KINDS:
        return compute.forecast_now(series, name, params["steps_ahead"], params["confidence_level"], progress)
    version = models.find_model(_actor(job), name, "forecasting")
    place = storage.absolute(version.path)
    return {"model": name, **compute.predict(place, series, params["steps_ahead"], params["confidence_level"])}


def _anomaly_side(job: Job, series: Series, progress: Progress) -> dict[str, Any]:
    params, name = job.params, job.params["anomaly_model"]
    if name in ANOMALY_KINDS:
        return compute.detect_now(series, name, params["threshold"], progress)
    version = models.find_model(_actor(job), name, "anomaly")
    return {"model": name, **compute.detect(storage.absolute(version.path), series, params["threshold"], None)}


def _summary(answer: dict[str, Any]) -> dict[str, Any]:
    """The few numbers a person asks first."""
    summary: dict[str, Any] = {}
    forecast, anomalies = answer["forecast"], answer["anomalies"]
    if forecast is not None:
        first, last = forecast["predictions"][0][0], forecast["predictions"][-1][0]
        summary["first_prediction"], summary["last_prediction"] = first, last
        summary["direction"] = "up" if last > first else "down" if last < first else "flat"
    if anomalies is not None:
        rows = len(anomalies["scores"])
        summary["events"] = len(anomalies["anomalies"])
        summary["recent_event"] = any(event["end"] >= rows - max(rows // 20, 1) for event in anomalies["anomalies"])
        if forecast is not None and summary["recent_event"]:
            answer["warnings"].append("The newest rows are unusual: the forecast builds on them, read it with care.")
    return summary


def ensemble(job: Job, progress: Progress) -> dict[str, Any]:
    """Forecast with several kinds and their combination."""
    series, _version, notes = _series(job)
    answer = compute.ensemble(series, job.params, progress)
    answer["warnings"] = [*notes, *answer["warnings"]]
    return answer


def leaderboard(job: Job, progress: Progress) -> dict[str, Any]:
    """Back-test several kinds on the same rows."""
    return compute.leaderboard(_series(job)[0], job.params, progress)


def generate(job: Job, progress: Progress) -> dict[str, Any]:
    """Make a sample series, kept as a data set when a name is given."""
    made = compute.make_sample(job.params)
    if job.params["save_as"]:
        rows = [
            {"ds": stamp, **{"y" if index == 0 else f"x{index}": cell for index, cell in enumerate(row)}}
            for stamp, row in zip(made["timestamps"], made["data"], strict=True)
        ]
        series, report = compute.series_of(rows, timezone="UTC")
        actor = _actor(job)
        storage.require_room(models.bytes_used(actor))
        version = datasets.store_version(
            actor, job.params["save_as"], series, report.as_dict(), source="generated", labels=made["anomalies"]
        )
        made["dataset"] = {"name": version.dataset.name, "version": version.number}
    return made


def import_file(job: Job, progress: Progress) -> dict[str, Any]:
    """Read an uploaded file into a data set version."""
    params = job.params
    actor = _actor(job)
    storage.require_room(models.bytes_used(actor))
    content = storage.absolute(job.input_path).read_bytes()
    progress.step(0, 2, "Reading the file")
    table = read_table(content, params["filename"], sheet=params.get("sheet"))
    progress.step(1, 2, "Looking at times and values")
    series, report = series_from_table(
        table,
        target=params.get("target"),
        time_column=params.get("time_column"),
        timezone=params["timezone"],
        name=params["name"],
    )
    version = datasets.store_version(actor, params["name"], series, report.as_dict(), source=params["source"])
    return {"dataset": version.dataset.name, "version": version.number, "rows": version.rows, "report": version.report}


HANDLERS: dict[str, Handler] = {
    "train_forecasting": train_forecasting,
    "train_anomaly": train_anomaly,
    "predict": predict,
    "detect": detect,
    "coordinated": coordinated,
    "ensemble": ensemble,
    "leaderboard": leaderboard,
    "generate": generate,
    "import": import_file,
}
