"""Multivariate forecaster: all columns and the calendar help to forecast the first column."""

from __future__ import annotations

from typing import Any

import numpy as np

from timeseries.data.errors import DataProblem
from timeseries.data.series import FloatArray, Series
from timeseries.models.base import Progress
from timeseries.models.forecasting.neural import Neural

DAY = 86_400
ZONE_SHIFT = 9 * 3600  # hours of the day as people in Korea live them


class Multivariate(Neural):
    """Convolutions over all columns beside a linear map of the target; needs at least two columns."""

    kind = "multivariate"
    title = "Multivariate"
    network = "multivariate"
    accepts_features = True

    def _fit(self, series: Series, progress: Progress) -> None:
        if series.n_features < 2:
            raise DataProblem(
                "needs_columns", "The multivariate model needs at least two columns; use LSTM or CNN for one."
            )
        super()._fit(series, progress)

    def _choose_length(self, rows: int) -> int:
        season = max(2 * self.period, self.settings.horizon)
        room = max((rows - self.settings.horizon) // 3, 6)
        return max(6, min(season, room, 168))

    def _future(self, series: Series, starts: np.ndarray[Any, Any]) -> FloatArray | None:
        if series.times is None or series.frequency is None:
            return None
        stamps = series.times.astype("datetime64[s]").astype(np.int64)
        step = float(np.median(np.diff(stamps)))
        if step > DAY:
            return None
        ahead = stamps[0] + step * (starts[:, None] + np.arange(self.settings.horizon)) + ZONE_SHIFT
        day = 2 * np.pi * (ahead % DAY) / DAY
        weekday = ((ahead // DAY) + 3) % 7
        parts = [np.sin(day), np.cos(day), (weekday == 5).astype(float), (weekday == 6).astype(float)]
        return np.stack(parts, axis=2)
