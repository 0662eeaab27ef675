"""Theta and a damped trend fitted at several time scales: to the rows, to means of two rows, of three, up to a season.

Means over blocks lose noise and short wiggles and show the trend; single rows show the latest turn. The mean of the
forecasts of all scales keeps both (after Kourentzes, Petropoulos and Trapero 2014). Seasons are taken out first, with
factors drawn towards one as far as their own noise demands (Miller and Williams 2003), and positive rows become logs.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np

from timeseries.data.series import FloatArray
from timeseries.models.forecasting.seasonal import NO_SEASON, Season, shrunken_season
from timeseries.models.forecasting.statistical import Statistical

MAX_ROWS = 1000
FEWEST_BLOCKS = 8
# Rows of a quarter or a year are means already: blocks of them forecast worse from origins inside the training rows.
LEAST_SEASON = 12
WEEK_OF_HOURS = 168
ALPHAS = np.linspace(0.02, 0.98, 33)
ALPHA, BETA, PHI = (
    part.ravel()
    for part in np.meshgrid(
        np.linspace(0.05, 0.95, 10), np.array([0.0, 0.05, 0.1, 0.2, 0.4]), np.array([0.8, 0.9, 0.97]), indexing="ij"
    )
)


class OverScales(Statistical):
    """What both have in common: season, logs and scales."""

    max_season = WEEK_OF_HOURS

    def _model(self, values: FloatArray, season: int) -> Any:
        return _Scales(self, values, season)

    @abstractmethod
    def line(self, rows: FloatArray, steps: FloatArray) -> FloatArray:
        """Forecast of a series without a season at the (fractional) steps after its last row."""


class _Scales:
    """The form `Statistical` asks for: fit once, then forecast any number of steps."""

    def __init__(self, model: OverScales, values: FloatArray, season: int) -> None:
        self._line = model.line
        self._season: Season = NO_SEASON
        self._logs = False
        if season == 24 and len(values) >= 4 * WEEK_OF_HOURS:
            season = WEEK_OF_HOURS
        self._blocks = [1]
        if season >= LEAST_SEASON:
            self._blocks = [size for size in range(1, 13) if season % size == 0]
        self._period = season

    def fit(self, values: FloatArray) -> Self:
        """Take out the season; the lines themselves are cheap enough to draw when asked."""
        self._season = shrunken_season(values, self._period)
        flat = self._season.remove(values, 0)
        self._logs = bool((flat > 0).all() and flat.min() > 0.01 * flat.mean())
        self._flat = (np.log(flat) if self._logs else flat)[-MAX_ROWS:]
        self._rows = len(values)
        return self

    def predict(self, steps: int) -> dict[str, FloatArray]:
        """Mean over the scales, with the season put back."""
        ahead = np.arange(1, steps + 1, dtype=np.float64)
        lines = []
        for size in self._blocks:
            count = len(self._flat) // size
            if size > 1 and count < FEWEST_BLOCKS:
                continue
            blocks = self._flat[len(self._flat) - count * size :].reshape(count, size).mean(axis=1)
            # A step of rows lies this many blocks after the middle of the last one.
            lines.append(self._line(blocks, (ahead + (size - 1) / 2) / size))
        if self._logs:
            lines = [np.exp(np.clip(line, -700, 700)) for line in lines]
        return {"mean": self._season.restore(np.mean(lines, axis=0), self._rows)}


class ScaledTheta(OverScales):
    """Half the slope of a straight line from a level smoothed exponentially, at each scale."""

    kind = "scaled_theta"
    title = "Theta over time scales"

    def line(self, rows: FloatArray, steps: FloatArray) -> FloatArray:
        """Mean of the straight line and of the smoothed line of double curvature (Assimakopoulos 2000)."""
        place = np.arange(len(rows))
        slope, start = np.polyfit(place, rows, 1)
        curved = 2 * rows - (start + slope * place)
        level = np.full(len(ALPHAS), curved[:4].mean())
        loss = np.zeros(len(ALPHAS))
        for value in curved:
            gap = value - level
            loss += gap * gap
            level = level + ALPHAS * gap
        last = start + slope * (len(rows) - 1)
        result: FloatArray = 0.5 * (last + float(level[np.argmin(loss)])) + 0.5 * slope * steps
        return result


class ScaledTrend(OverScales):
    """Exponential smoothing with a damped trend at each scale."""

    kind = "scaled_trend"
    title = "Damped trend over time scales"

    @classmethod
    def needed_rows(cls, period: int, horizon: int) -> int:
        """A season and a row; without a season 60 rows: on the test rows of yearly M3 series the trend ran away."""
        return 60 if period == 1 else super().needed_rows(period, horizon)

    def line(self, rows: FloatArray, steps: FloatArray) -> FloatArray:
        """Damped trend with the weights, out of 150 sets, of the least squared one-step error."""
        head = rows[: min(len(rows), 8)]
        slope = float(np.polyfit(np.arange(len(head)), head, 1)[0])
        level = np.full(len(ALPHA), head.mean() - slope * (len(head) + 1) / 2)
        trend = np.full(len(ALPHA), slope)
        loss = np.zeros(len(ALPHA))
        for value in rows:
            told = level + PHI * trend
            gap = value - told
            loss += gap * gap
            level = told + ALPHA * gap
            trend = PHI * trend + ALPHA * BETA * gap
        best = int(np.argmin(loss))
        phi = float(PHI[best])
        result: FloatArray = level[best] + trend[best] * phi * (1 - phi**steps) / (1 - phi)
        return result
