"""Seasonal average: the shape of the last three seasons from the latest level; slow to be led astray.

Half of the mean slope is carried on: from origins inside the training rows of the M3 series the best share was 0.3 for
months and 0.7 for quarters. With a longer season (weeks of hours, years of days) the mean of whole seasons suffices.
"""

from __future__ import annotations

import numpy as np

from timeseries.data.series import FloatArray, Series
from timeseries.metrics.forecasting import is_seasonal
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Forecaster
from timeseries.models.forecasting.mstl import LONG_SEASONS

SEASONS = 3
DRIFT = 0.5


class SeasonalAverage(Forecaster):
    """Averages rows at the same place of up to three past seasons (weeks for hourly rows)."""

    kind = "seasonal_average"
    title = "Seasonal average"
    default_origins = 40

    @classmethod
    def needed_rows(cls, period: int, horizon: int) -> int:
        """One season, or two rows."""
        return max(2, period)

    def _fit(self, series: Series, progress: Progress) -> None:
        progress.step(1, 1, "Seasonal average needs no training")

    def _forecast(self, history: Series, steps: int) -> FloatArray:
        rows = len(history)
        longer = LONG_SEASONS.get(self.period, self.period)
        if longer > self.period and rows >= 2 * longer:
            count = min(SEASONS, rows // longer)
            seasons = history.target[-count * longer :].reshape(count, longer)
            shape = seasons.mean(axis=0) + seasons[-1].mean() - seasons.mean()
            result: FloatArray = shape[np.arange(steps) % longer]
            return result
        return self._with_drift(history.target, steps)

    def _with_drift(self, values: FloatArray, steps: int) -> FloatArray:
        lag = self.period if is_seasonal(values, self.period) else 1
        count = min(SEASONS, len(values) // lag)
        seasons = values[-count * lag :].reshape(count, lag)
        level = seasons.mean(axis=1, keepdims=True)
        multiplicative = bool((seasons > 0).all())
        shape = (seasons / level if multiplicative else seasons - level).mean(axis=0)
        flat = values[-lag:] / shape if multiplicative else values[-lag:] - shape
        span = len(values) - self.period
        slope = (values[-self.period :].mean() - values[: self.period].mean()) / span if span > 0 else 0.0
        line = flat[-max(lag // 2, 1) :].mean() + DRIFT * slope * np.arange(1, steps + 1)
        ring = shape[np.arange(steps) % lag]
        result: FloatArray = line * ring if multiplicative else line + ring
        return result
