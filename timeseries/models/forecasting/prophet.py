"""Prophet forecaster: trend with change points plus calendar seasons, the last errors carried forward."""

from __future__ import annotations

import numpy as np

from timeseries.data.series import FloatArray, Series
from timeseries.models import prophet_fit
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Forecaster

MAX_ROWS = 10_000
# Rows within which a forecast leans on the present level before the fitted trend takes over.
CARRY = 0.97


class Prophet(Forecaster):
    """Needs two seasons and 30 rows: change points of shorter series are guesses."""

    kind = "prophet"
    title = "Prophet"
    default_origins = 4

    @classmethod
    def needed_rows(cls, period: int, horizon: int) -> int:
        """Two seasons, at least 30 rows."""
        return max(30, 2 * period + 2)

    def _fit(self, series: Series, progress: Progress) -> None:
        progress.step(0, 1, "Fitting Prophet")
        self._forecast(series, 1)
        progress.step(1, 1, "Fitted Prophet")

    def _forecast(self, history: Series, steps: int) -> FloatArray:
        history = history.slice(max(0, len(history) - MAX_ROWS), len(history))
        values = history.target
        if np.ptp(values) == 0:
            return np.full(steps, values[-1])
        times = prophet_fit.calendar_of(history, len(history) + steps)
        logs = bool((values > 0).all() and values.min() > 0.02 * values.mean())
        rows = np.log(values) if logs else values
        model = prophet_fit.fit(times[: len(values)], rows)
        fitted = prophet_fit.predict(model, times)
        rest = rows - fitted[: len(values)]
        # Prophet fits a curve through the middle of the rows and forgets where the last ones are.
        centred = rest[1:] @ rest[:-1] / max(float(rest[:-1] @ rest[:-1]), 1e-12)
        carry = float(np.clip(centred, 0.0, CARRY))
        ahead = fitted[len(values) :] + rest[-1] * carry ** np.arange(1, steps + 1)
        return np.exp(np.clip(ahead, -700, 700)) if logs else ahead
