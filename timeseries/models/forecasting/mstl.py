"""MSTL: several seasons taken out by loess, the rest smoothed exponentially."""

from __future__ import annotations

from typing import Any

import numpy as np

from timeseries.data.frequency import autocorrelation
from timeseries.data.series import FloatArray
from timeseries.models.forecasting.statistical import Statistical

LONG_SEASONS = {24: 168, 48: 336, 96: 672, 7: 365}
YEAR_OF_WEEKS = 52


class MSTL(Statistical):
    """Season plus, where the rows suffice, the week over the day or the year over weeks."""

    kind = "mstl"
    title = "MSTL"
    max_season = 2000

    @classmethod
    def needed_rows(cls, period: int, horizon: int) -> int:
        """Two seasons and a little."""
        return max(8, 2 * period + 2)

    def _model(self, values: FloatArray, season: int) -> Any:
        from statsforecast.models import MSTL as Model
        from statsforecast.models import AutoETS

        seasons = self.seasons(values, season)
        return Model(seasons) if seasons else AutoETS(1)

    @staticmethod
    def seasons(values: FloatArray, season: int) -> list[int]:
        """The declared season and a longer one; without a declared one, a year of weeks if the data show it."""
        if season > 1:
            longer = LONG_SEASONS.get(season)
            return [season, longer] if longer and len(values) >= 3 * longer else [season]
        if len(values) < 2 * YEAR_OF_WEEKS + 13:
            return []
        # A slow trend would hide the year: look at the rows less their yearly moving mean.
        kernel = np.ones(YEAR_OF_WEEKS) / YEAR_OF_WEEKS
        lead = YEAR_OF_WEEKS // 2
        trend = np.convolve(np.pad(values, (lead, YEAR_OF_WEEKS - 1 - lead), mode="edge"), kernel, mode="valid")
        strength = autocorrelation(values - trend, YEAR_OF_WEEKS + 1)[YEAR_OF_WEEKS - 1 : YEAR_OF_WEEKS + 2].max()
        return [YEAR_OF_WEEKS] if strength > 0.1 else []
