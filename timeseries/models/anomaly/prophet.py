"""Prophet residual: distance of the target from trend and calendar seasons."""

from __future__ import annotations

from typing import Any

import numpy as np

from timeseries.data.series import FloatArray, Series, TimeArray
from timeseries.models import prophet_fit
from timeseries.models.anomaly.base import Detector, Scored, robust_spread, target_only
from timeseries.models.base import Progress

MAX_ROWS = 12_000


class ProphetResidual(Detector):
    """Absolute residual of the first column in robust spreads."""

    kind = "prophet"
    title = "Prophet residual"
    least_rows = 30

    def _fit(self, series: Series, progress: Progress) -> None:
        progress.step(0, 1, "Fitting Prophet")
        self._model = self._build(target_only(series))
        rest = series.target - self._expected(series)
        self._spread = max(robust_spread(rest), 1e-12)
        progress.step(1, 1, "Fitted Prophet")

    def _build(self, series: Series) -> Any:
        keep = np.arange(len(series))
        if len(keep) > MAX_ROWS:
            keep = np.linspace(0, len(series) - 1, MAX_ROWS).astype(int)
        times = self._times(series)
        if np.ptp(series.target) == 0:
            return None
        return prophet_fit.fit(times[keep], series.target[keep])

    def _times(self, series: Series) -> TimeArray:
        return prophet_fit.calendar_of(series, len(series))

    def _expected(self, series: Series) -> FloatArray:
        if self._model is None:
            return np.full(len(series), float(np.median(series.target)))
        return prophet_fit.predict(self._model, self._times(series))

    def _score(self, series: Series) -> Scored:
        expected = self._expected(series)
        size = np.abs(series.target - expected) / self._spread
        by_column = np.zeros_like(series.values)
        by_column[:, 0] = size
        return Scored(size, expected, by_column)

    def _state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"spread": self._spread}, {}

    def _restore(self, config: dict[str, Any], arrays: dict[str, Any]) -> None:
        assert self.series is not None
        self._spread = float(config["spread"])
        # Prophet's own JSON holds the whole history as well; refitting it takes under a second and stays exact.
        self._model = self._build(target_only(self.series))
