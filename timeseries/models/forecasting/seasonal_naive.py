"""Seasonal naive: the last season repeats. The yardstick every other model must beat."""

from __future__ import annotations

import numpy as np

from timeseries.data.series import FloatArray, Series
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Forecaster


class SeasonalNaive(Forecaster):
    """Repeats the last season; without a season, the last value."""

    kind = "seasonal_naive"
    title = "Seasonal naive"
    default_origins = 40

    @classmethod
    def needed_rows(cls, period: int, horizon: int) -> int:
        """One season, or two rows."""
        return max(2, period)

    def _fit(self, series: Series, progress: Progress) -> None:
        progress.step(1, 1, "Seasonal naive needs no training")

    def _forecast(self, history: Series, steps: int) -> FloatArray:
        lag = self.period if len(history) >= self.period else 1
        season = history.target[-lag:]
        return season[np.arange(steps) % lag]
