"""Seasonal average: the shape of the last three long seasons at the level of the last one; slow to be led astray."""

from __future__ import annotations

import numpy as np

from timeseries.data.series import FloatArray, Series
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Forecaster
from timeseries.models.forecasting.mstl import LONG_SEASONS

SEASONS = 3


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
        lag = next((season for season in (longer, self.period) if rows >= 2 * season), 1)
        count = min(SEASONS, rows // lag)
        seasons = history.target[-count * lag :].reshape(count, lag)
        shape = seasons.mean(axis=0) + seasons[-1].mean() - seasons.mean()
        return shape[np.arange(steps) % lag]
