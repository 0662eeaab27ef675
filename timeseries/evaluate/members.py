"""Forecasts of single models from origins inside the training rows and from their end, kept on disk series by series.

They are what every rule of combining can be judged by without fitting anything again; a stopped run goes on where it
was.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from timeseries.data.errors import DataProblem
from timeseries.data.series import FloatArray, make_series
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Settings, choose_origins
from timeseries.models.forecasting.catalogue import forecaster_class

ORIGINS = 6


@dataclass(frozen=True, slots=True)
class Lines:
    """Forecasts (origins × horizon) from each origin; the last origin is the end of the training rows."""

    origins: list[int]
    forecasts: FloatArray
    seconds: float


def validation_origins(rows: int, horizon: int, period: int, count: int = ORIGINS) -> list[int]:
    """Origins that leave a whole horizon of training rows to judge by, newest last."""
    shortest = max(2 * period + 2, horizon + 8)
    return [origin for origin in choose_origins(rows, horizon, shortest, count) if origin + horizon <= rows]


def member_lines(
    cache: Path, group: str, name: str, kind: str, train: FloatArray, horizon: int, period: int
) -> Lines | None:
    """Read or make the forecasts of one model for one series; None when the model refuses the series."""
    file = cache / "members" / group / kind / f"{name}.npz"
    if file.exists():
        with np.load(file, allow_pickle=False) as stored:
            if stored["forecasts"].size == 0:
                return None
            return Lines(stored["origins"].tolist(), stored["forecasts"], float(stored["seconds"]))
    origins = validation_origins(len(train), horizon, period)
    series = make_series(train, period=period)
    began = time.process_time()
    try:
        model = forecaster_class(kind)(Settings(horizon=horizon)).fit(series, calibrated=False)
        assert model.series is not None
        last = model.predict(horizon).mean[None]
        before = model.rolling_forecasts(model.series, origins, Progress())
        forecasts = np.concatenate([before.reshape(len(origins), horizon), last])
    except DataProblem:
        forecasts = np.zeros((0, horizon))
    seconds = time.process_time() - began
    file.parent.mkdir(parents=True, exist_ok=True)
    writing = file.with_suffix(".writing.npz")
    np.savez(writing, origins=np.array([*origins, len(train)]), forecasts=forecasts, seconds=seconds)
    writing.rename(file)
    return None if forecasts.size == 0 else Lines([*origins, len(train)], forecasts, seconds)
