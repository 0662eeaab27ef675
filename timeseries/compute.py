"""The numeric work itself, on series and folders: what compute workers run. Knows no database and no request."""

from __future__ import annotations

import time
from collections import OrderedDict
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from timeseries.data.downsample import keep_peaks
from timeseries.data.errors import DataProblem
from timeseries.data.generate import generate
from timeseries.data.load import Report, series_from_payload
from timeseries.data.payload import parse_payload
from timeseries.data.series import FloatArray, Series, make_series
from timeseries.models.anomaly.base import Detection, Detector
from timeseries.models.anomaly.base import Settings as AnomalySettings
from timeseries.models.anomaly.catalogue import detector_class
from timeseries.models.anomaly.catalogue import load as load_detector
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Forecast, Forecaster, choose_origins, scaled_errors
from timeseries.models.forecasting.base import Settings as ForecastSettings
from timeseries.models.forecasting.catalogue import KINDS as FORECASTING_KINDS
from timeseries.models.forecasting.catalogue import forecaster_class
from timeseries.models.forecasting.catalogue import load as load_forecaster

MODELS_KEPT = 32
LIBRARIES = ("numpy", "keras", "jax", "statsforecast", "prophet", "hmmlearn", "scikit-learn")
_kept: OrderedDict[str, Forecaster | Detector] = OrderedDict()
_lock = Lock()


def series_of(data: Any, *, timezone: str, period: int = 0) -> tuple[Series, Report]:
    """The rows of a request as a series; a declared period replaces the found one."""
    series, report = series_from_payload(parse_payload(data), timezone=timezone)
    return with_period(series, period), report


def with_period(series: Series, period: int) -> Series:
    """The series with a declared season."""
    if period == 0:
        return series
    return make_series(
        series.values,
        columns=series.columns,
        times=series.times,
        frequency=series.frequency,
        period=period,
        name=series.name,
    )


def save_series(path: Path, series: Series) -> int:
    """Write a series as plain arrays; returns the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {"values": series.values, "columns": np.array(series.columns)}
    if series.times is not None:
        arrays["times"] = series.times.astype("datetime64[us]").astype(np.int64)
    temporary = path.with_suffix(".writing.npz")
    np.savez_compressed(temporary, allow_pickle=False, **arrays)
    temporary.rename(path)
    return path.stat().st_size


def load_series(path: Path, *, frequency: str | None, period: int) -> Series:
    """Read what `save_series` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        times = stored["times"].astype("datetime64[us]") if "times" in stored.files else None
        columns = tuple(str(name) for name in stored["columns"])
        return make_series(stored["values"], columns=columns, times=times, frequency=frequency, period=period)


def preview(series: Series, limit: int = 2000) -> dict[str, Any]:
    """Points for a chart: every peak of the target, at most `limit` rows."""
    kept = keep_peaks(series.target, limit)
    columns = {
        name: [_plain(value) for value in series.values[kept, index]] for index, name in enumerate(series.columns[:8])
    }
    times = kept.tolist() if series.times is None else [_stamp(stamp) for stamp in series.times[kept]]
    return {"x": times, "rows": kept.tolist(), "columns": columns, "total": len(series)}


def _stamp(moment: Any) -> str:
    """A UTC time in ISO form, to the second."""
    return f"{np.datetime_as_string(moment, unit='s')}Z"


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _plains(values: FloatArray) -> list[float | None]:
    return [_plain(value) for value in values]


def forecast_settings(params: dict[str, Any]) -> ForecastSettings:
    """Settings of a training request."""
    extra: dict[str, Any] = {}
    if params.get("members"):
        extra["members"] = params["members"]
    if params.get("method") and params.get("model_type") == "ensemble":
        extra["method"] = params["method"]
    return ForecastSettings(
        horizon=params.get("prediction_length", 1),
        period=params.get("period", 0),
        sequence_length=params.get("sequence_length", 0),
        epochs=params.get("epochs", 0),
        hidden=params.get("hidden", 32),
        learning_rate=params.get("learning_rate", 3e-3),
        seed=params.get("seed", 0),
        extra=extra,
    )


def anomaly_settings(params: dict[str, Any]) -> AnomalySettings:
    """Settings of a training request."""
    return AnomalySettings(
        period=params.get("period", 0),
        window=params.get("window", 0),
        epochs=params.get("epochs", 0),
        states=params.get("states", 0),
        seed=params.get("seed", 0),
        extra={"members": params["members"]} if params.get("members") else {},
    )


def train_forecasting(series: Series, params: dict[str, Any], folder: Path, progress: Progress) -> dict[str, Any]:
    """Fit, back-test, save; returns what the registry keeps."""
    began = time.monotonic()
    model = forecaster_class(params["model_type"])(forecast_settings(params))
    model.fit(series, progress=progress)
    size = model.save(folder, {"data_digest": series.digest()})
    metrics = {key: _plain(value) if isinstance(value, float) else value for key, value in model.backtest.items()}
    naive = metrics.get("naive_mase")
    mase = metrics.get("mase")
    notes = list(model.notes)
    if isinstance(mase, float) and isinstance(naive, float) and mase > naive:
        notes.append("The back-test is worse than repeating the last season: prefer `auto` or `seasonal_naive`.")
    return _trained(model.state()[0], series, size, metrics, notes, getattr(model, "history", {}), began)


def train_anomaly(series: Series, params: dict[str, Any], folder: Path, progress: Progress) -> dict[str, Any]:
    """Fit, calibrate, save; returns what the registry keeps."""
    began = time.monotonic()
    model = detector_class(params["model_type"])(anomaly_settings(params)).fit(series, progress=progress)
    size = model.save(folder, {"data_digest": series.digest()})
    found = model.detect()
    metrics = {"events_in_training": len(found.findings), "threshold": _plain(found.threshold)}
    return _trained(model.state()[0], series, size, metrics, list(model.notes), getattr(model, "history", {}), began)


def _trained(
    state: dict[str, Any],
    series: Series,
    size: int,
    metrics: dict[str, Any],
    notes: list[str],
    history: dict[str, Any],
    began: float,
) -> dict[str, Any]:
    return {
        "kind": state["kind"],
        "settings": state["settings"],
        "metrics": metrics,
        "notes": notes,
        "history": history,
        "columns": list(series.columns),
        "rows": len(series),
        "data_digest": series.digest(),
        "size_bytes": size,
        "seconds": round(time.monotonic() - began, 3),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _model(folder: Path, loader: Any) -> Any:
    """A loaded model, kept while it is in use."""
    key = str(folder)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    model = loader(folder)
    with _lock:
        _kept[key] = model
        while len(_kept) > MODELS_KEPT:
            _kept.popitem(last=False)
    return model


def predict(folder: Path, series: Series | None, steps: int, level: float) -> dict[str, Any]:
    """Forecast with a stored model."""
    model: Forecaster = _model(folder, load_forecaster)
    forecast = model.predict(steps, level=level, context=series)
    history = series if series is not None else model.series
    assert history is not None
    return _forecast_answer(forecast, history)


def _forecast_answer(forecast: Forecast, history: Series) -> dict[str, Any]:
    tail = history.slice(max(0, len(history) - 500), len(history))
    return {
        "predictions": [[value] for value in _plains(forecast.mean)],
        "lower": _plains(forecast.lower),
        "upper": _plains(forecast.upper),
        "confidence_level": forecast.level,
        "steps_ahead": len(forecast.mean),
        "timestamps": _times_ahead(history, len(forecast.mean)),
        "history": preview(tail, 500),
        "warnings": list(forecast.warnings),
    }


def _times_ahead(series: Series, steps: int) -> list[str] | None:
    if series.times is None or len(series.times) < 3:
        return None
    stamps = series.times.astype("datetime64[us]")
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}.get(series.frequency or "")
    if months:
        last = stamps[-1].astype("datetime64[M]")
        rest = stamps[-1] - last.astype("datetime64[us]")
        ahead = [(last + months * step).astype("datetime64[us]") + rest for step in range(1, steps + 1)]
        return [_stamp(stamp) for stamp in ahead]
    step = np.timedelta64(int(np.median(np.diff(stamps).astype(np.int64))), "us")
    return [_stamp(stamps[-1] + step * number) for number in range(1, steps + 1)]


def detect(folder: Path, series: Series | None, level: float | None, budget: float | None) -> dict[str, Any]:
    """Judge rows with a stored model."""
    model: Detector = _model(folder, load_detector)
    found = model.detect(series, level=level, max_alarms=budget)
    shown = series if series is not None else model.series
    assert shown is not None
    return _detection_answer(found, shown)


def _detection_answer(found: Detection, series: Series) -> dict[str, Any]:
    def at(row: int) -> str | int:
        return row if series.times is None else _stamp(series.times[row])

    return {
        "scores": [round(float(score), 4) for score in found.scores],
        "is_anomaly": [bool(flag) for flag in found.flags],
        "threshold": found.threshold,
        "anomalies": [
            {
                "start": finding.start,
                "end": finding.end,
                "peak": finding.peak,
                "start_at": at(finding.start),
                "end_at": at(finding.end),
                "score": round(finding.score, 4),
                "expected": finding.expected,
                "actual": finding.observed,
                "contributions": finding.contributions,
            }
            for finding in found.findings
        ],
        "chart": preview(series),
        "warnings": list(found.warnings),
    }


def forecast_now(series: Series, kind: str, steps: int, level: float, progress: Progress) -> dict[str, Any]:
    """Fit a kind on the rows and forecast, keeping nothing."""
    model = forecaster_class(kind)(ForecastSettings(horizon=steps)).fit(series, progress=progress)
    return {"model": kind, **_forecast_answer(model.predict(steps, level=level), series)}


def detect_now(series: Series, kind: str, level: float | None, progress: Progress) -> dict[str, Any]:
    """Fit a kind on the rows and judge them, keeping nothing."""
    model = detector_class(kind)().fit(series, progress=progress)
    return {"model": kind, **_detection_answer(model.detect(level=level), series)}


def ensemble(series: Series, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Forecast with several kinds and their combination; weights and each member's line are told."""
    from timeseries.models.forecasting.ensemble import Ensemble

    settings = ForecastSettings(
        horizon=params["steps_ahead"], extra={"members": params["models"], "method": params["method"]}
    )
    model = Ensemble(settings).fit(series, progress=progress)
    answer = _forecast_answer(model.predict(params["steps_ahead"], level=params["confidence_level"]), series)
    assert model.series is not None
    lines = model.member_forecasts(model.series, params["steps_ahead"])
    answer["method"] = model.method
    answer["members"] = [
        {"model": kind, "weight": round(weight, 4), "predictions": _plains(line)}
        for (kind, line), weight in zip(lines.items(), model.weights, strict=True)
    ]
    return answer


def leaderboard(series: Series, params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Rolling-origin back-test of several kinds on the same origins, best first."""
    rows: list[dict[str, Any]] = []
    horizon = params["horizon"]
    for number, kind in enumerate(params["models"]):
        progress.step(number, len(params["models"]), f"Back-testing {kind}")
        began = time.monotonic()
        try:
            rows.append({**_backtest(series, kind, horizon, params["origins"], progress), "model": kind})
        except DataProblem as problem:
            rows.append({"model": kind, "error": problem.message})
        rows[-1]["seconds"] = round(time.monotonic() - began, 2)
    rows.sort(key=lambda row: (row.get("mase") is None, row.get("mase") or 0.0))
    return {"horizon": horizon, "rows": rows}


def _backtest(series: Series, kind: str, horizon: int, wanted: int, progress: Progress) -> dict[str, Any]:
    from timeseries.metrics import forecasting as metrics

    model = forecaster_class(kind)(ForecastSettings(horizon=horizon))
    model._prepare(series)
    assert model.series is not None
    rows = model.series
    shortest = model.needed_rows(model.period, horizon)
    origins = [
        origin for origin in choose_origins(len(rows), horizon, shortest, wanted) if origin + horizon <= len(rows)
    ]
    if not origins:
        raise DataProblem("too_short", f"{model.title} cannot be back-tested on {len(rows)} rows.")
    forecasts = model.rolling_forecasts(rows, origins, Progress(is_cancelled=progress.is_cancelled))
    errors = scaled_errors(rows, origins, forecasts, model.period)
    actual = np.stack([rows.target[origin : origin + horizon] for origin in origins])
    usable = np.isfinite(forecasts).all(axis=1)
    if not usable.any():
        raise DataProblem("cannot_fit", f"{model.title} could not be fitted to any part of the series.")
    return {
        "mase": _plain(float(np.nanmean(np.abs(errors)))),
        "smape": _plain(metrics.smape(actual[usable].ravel(), forecasts[usable].ravel())),
        "rmse": _plain(metrics.rmse(actual[usable].ravel(), forecasts[usable].ravel())),
        "origins": int(usable.sum()),
    }


def make_sample(params: dict[str, Any]) -> dict[str, Any]:
    """Generated rows in the shape the REST answer has."""
    names = ("n_samples", "n_features", "trend", "seasonality", "noise_level", "period", "missing_share", "anomalies")
    made = generate(**{name: params[name] for name in names if name in params}, seed=params.get("seed", 0))
    return {
        "data": [[_plain(cell) for cell in row] for row in made.values],
        "timestamps": made.timestamps,
        "labels": made.labels,
        "anomalies": [{"kind": event.kind, "start": event.start, "end": event.end} for event in made.anomalies],
    }


def is_kind(name: str) -> bool:
    """Whether a name is a forecasting kind rather than a trained model."""
    return name in FORECASTING_KINDS
