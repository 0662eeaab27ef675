"""Prophet forecaster: trend with change points plus calendar seasons, the last errors carried forward."""

from __future__ import annotations

from typing import Any

import numpy as np

from timeseries.data.series import FloatArray, Series, TimeArray
from timeseries.metrics.forecasting import naive2
from timeseries.models import prophet_fit
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Forecaster, Settings

MAX_ROWS = 10_000
# Rows within which a forecast leans on the present level before the fitted trend takes over.
CARRY = 0.97
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
TRUST = 60.0


class Prophet(Forecaster):
    """Needs two seasons and 60 rows: on shorter series its trend was worse than a naive forecast."""

    kind = "prophet"
    title = "Prophet"
    default_origins = 4

    @classmethod
    def needed_rows(cls, period: int, horizon: int) -> int:
        """Two seasons, at least 60 rows."""
        return max(60, 2 * period + 2)

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings)
        self.share = 1.0
        self._warm: tuple[str, tuple[Any, float, float]] | None = None

    def _fit(self, series: Series, progress: Progress) -> None:
        progress.step(0, 1, "Fitting Prophet")
        self.share = self._choose_share(series)
        progress.step(1, 1, "Fitted Prophet")

    def _choose_share(self, series: Series) -> float:
        """How much of Prophet, against the deseasonalised naive forecast, the last rows held out support.

        Trends fitted to short series run away; with many rows the hold-out alone decides.
        """
        held = min(max(self.settings.horizon, 2), len(series) // 4)
        known = series.head(len(series) - held)
        actual = series.target[len(known) :]
        prophet, naive = self._curve(known, held), naive2(known.target, held, self.period)
        losses = [float(np.mean(np.abs(actual - naive - share * (prophet - naive)))) for share in SHARES]
        near = [share for share, loss in zip(SHARES, losses, strict=True) if loss <= min(losses) * 1.01]
        return float(np.mean(near)) * len(series) / (len(series) + TRUST)

    def _forecast(self, history: Series, steps: int) -> FloatArray:
        naive = naive2(history.target, steps, self.period)
        return naive + self.share * (self._curve(history, steps) - naive)

    def _state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"share": self.share}, {}

    def _restore(self, config: dict[str, Any], arrays: dict[str, Any]) -> None:
        self.share = float(config["share"])

    def _curve(self, history: Series, steps: int) -> FloatArray:
        history = history.slice(max(0, len(history) - MAX_ROWS), len(history))
        values = history.target
        if np.ptp(values) == 0:
            return np.full(steps, values[-1])
        times = prophet_fit.calendar_of(history, len(history) + steps)
        logs = bool((values > 0).all() and values.min() > 0.02 * values.mean())
        model, last, carry = self._fitted(history, times[: len(values)], np.log(values) if logs else values)
        ahead = prophet_fit.predict(model, times[len(values) :]) + last * carry ** np.arange(1, steps + 1)
        return np.exp(np.clip(ahead, -700, 700)) if logs else ahead

    def _fitted(self, history: Series, times: TimeArray, rows: FloatArray) -> tuple[Any, float, float]:
        """Model, last residual and its carry; the last fit is kept for the next forecast of the same rows."""
        key = history.digest()
        if self._warm is None or self._warm[0] != key:
            model = prophet_fit.fit(times, rows)
            rest = rows - prophet_fit.predict(model, times)
            # Prophet fits a curve through the middle of the rows and forgets where the last ones are.
            carry = float(rest[1:] @ rest[:-1] / max(float(rest[:-1] @ rest[:-1]), 1e-12))
            self._warm = (key, (model, float(rest[-1]), float(np.clip(carry, 0.0, CARRY))))
        return self._warm[1]
