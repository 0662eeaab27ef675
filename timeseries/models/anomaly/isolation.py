"""Isolation forest on short windows: rows whose neighbourhood is easily set apart. Trees are rebuilt at load."""

from __future__ import annotations

from typing import Any

import numpy as np

from timeseries.data.series import FloatArray, Series
from timeseries.models.anomaly.base import Detector, Scored
from timeseries.models.base import Progress

WINDOW = 16
MAX_TRAIN = 20_000


def window_matrix(values: FloatArray, window: int) -> FloatArray:
    """Rows of `window` neighbours (past only, ends repeated) of all columns."""
    padded = np.concatenate([np.repeat(values[:1], window - 1, axis=0), values])
    view = np.lib.stride_tricks.sliding_window_view(padded, window, axis=0)
    return view.reshape(len(values), -1)


class IsolationForest(Detector):
    """200 trees on windows of 16 rows."""

    kind = "isolation_forest"
    title = "Isolation forest"

    def _fit(self, series: Series, progress: Progress) -> None:
        progress.step(0, 1, "Growing the forest")
        self._build(series)
        progress.step(1, 1, "Forest grown")

    def _build(self, series: Series) -> None:
        from sklearn.ensemble import IsolationForest as Forest

        rows = window_matrix(series.values, self.settings.window or WINDOW)
        if len(rows) > MAX_TRAIN:
            rows = rows[np.linspace(0, len(rows) - 1, MAX_TRAIN).astype(int)]
        self._forest = Forest(n_estimators=200, random_state=self.settings.seed, n_jobs=1).fit(rows)

    def _score(self, series: Series) -> Scored:
        raw = -self._forest.score_samples(window_matrix(series.values, self.settings.window or WINDOW))
        return Scored(np.asarray(raw, dtype=np.float64))

    def _restore(self, config: dict[str, Any], arrays: dict[str, Any]) -> None:
        assert self.series is not None
        self._build(self.series)
