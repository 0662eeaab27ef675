"""The frame of models that refit in well under a second: they keep the history and refit for each forecast."""

from __future__ import annotations

import hashlib
import warnings
from abc import abstractmethod
from typing import Any

import numpy as np

from timeseries.data.errors import DataProblem
from timeseries.data.series import FloatArray, Series
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Forecaster, Settings

# Fitting time grows with rows; older rows add nothing to an exponentially weighted model.
MAX_ROWS = 3000


class Statistical(Forecaster):
    """A statsforecast model behind our interface."""

    max_season = 400

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings)
        self._warm: tuple[bytes, Any] | None = None

    def _fit(self, series: Series, progress: Progress) -> None:
        progress.step(0, 1, f"Fitting {self.title}")
        # A fit that cannot work should fail in training, not at the first forecast.
        self._forecast(series, 1)
        progress.step(1, 1, f"Fitted {self.title}")

    def _season(self, rows: int) -> int:
        """Season to model, 1 when the history is too short or the season too long for the method."""
        return self.period if 1 < self.period <= self.max_season and rows >= 2 * self.period + 2 else 1

    def _forecast(self, history: Series, steps: int) -> FloatArray:
        values = history.target[-MAX_ROWS:]
        if np.ptp(values) == 0:
            return np.full(steps, values[-1])
        # Optimisers start from absolute numbers: very large or small units are brought to a common size.
        size = max(abs(float(np.mean(values))), float(np.std(values)))
        unit = size if size > 1e7 or size < 1e-2 else 1.0
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                mean = self._fitted(values / unit).predict(steps)["mean"]
        except (ValueError, ArithmeticError, NotImplementedError, np.linalg.LinAlgError) as error:
            raise DataProblem("cannot_fit", f"{self.title} cannot be fitted to these {len(values)} rows.") from error
        return np.asarray(mean, dtype=np.float64) * unit

    def _fitted(self, values: FloatArray) -> Any:
        """The model fitted to the values; the last fit is kept, so a second forecast of the same rows is instant."""
        key = hashlib.sha256(values.tobytes()).digest()
        if self._warm is None or self._warm[0] != key:
            self._warm = (key, self._model(values, self._season(len(values))).fit(values))
        return self._warm[1]

    @abstractmethod
    def _model(self, values: FloatArray, season: int) -> Any: ...
