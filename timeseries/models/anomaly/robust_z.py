"""Robust z-score: how far a row lies from the median of its neighbourhood. A yardstick."""

from __future__ import annotations

import numpy as np

from timeseries.data.series import FloatArray, Series
from timeseries.models.anomaly.base import Detector, Scored, robust_spread
from timeseries.models.base import Progress


class RobustZ(Detector):
    """Distance to the rolling median in spreads of all such distances, the largest over the columns."""

    kind = "robust_z"
    title = "Robust z-score"

    def _fit(self, series: Series, progress: Progress) -> None:
        self._window = self._choose(len(series))
        rest = series.values - self._centre(series.values)
        self._spread = np.array([max(robust_spread(column), 1e-12) for column in rest.T])
        progress.step(1, 1, "Robust z-score fitted")

    def _choose(self, rows: int) -> int:
        return max(5, min(self.settings.window or 100, rows // 2))

    def _centre(self, values: FloatArray) -> FloatArray:
        from scipy.ndimage import median_filter

        result: FloatArray = median_filter(values, size=(self._window, 1), mode="nearest")
        return result

    def _score(self, series: Series) -> Scored:
        centre = self._centre(series.values)
        size = np.abs(series.values - centre) / self._spread
        return Scored(size.max(axis=1), centre[:, 0], size)

    def _state(self) -> tuple[dict[str, object], dict[str, FloatArray]]:
        return {"window": self._window}, {"spread": self._spread}

    def _restore(self, config: dict[str, object], arrays: dict[str, FloatArray]) -> None:
        self._window, self._spread = int(str(config["window"])), arrays["spread"]
