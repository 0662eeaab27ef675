"""From raw scores to comparable ones, and from comparable ones to alarms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from timeseries.data.episodes import merge_flags
from timeseries.data.series import FloatArray

QUANTILES = 400
FLOOR = 3.5
CEILING = 1e6
# No series may raise more than three false alarms: so at most three alarms, on very long ones one in ten thousand rows.
USUAL_ALARMS = 3
ROWS_AN_ALARM = 10_000


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """Median, spread and quantiles of the scores of normal rows; `flat` when they never differed."""

    median: float
    spread: float
    quantiles: list[float]
    flat: bool

    def robust(self, raw: FloatArray) -> FloatArray:
        """Scores in spreads above the usual, limited to ±1e6."""
        result: FloatArray = np.clip((raw - self.median) / self.spread, -CEILING, CEILING)
        return result

    def quantile(self, level: float) -> float:
        """The robust score that normal rows exceed 1 − `level` of the time."""
        places = np.linspace(0.0, 1.0, len(self.quantiles)) ** 0.25
        return float(np.interp(level, places, self.quantiles))


def fit_scale(raw: FloatArray) -> ScoreScale:
    """Learn the spread of the scores of the training rows."""
    median = float(np.median(raw))
    spread = float(np.median(np.abs(raw - median))) * 1.4826
    flat = False
    if spread <= 1e-12 * max(abs(median), 1.0):
        # More than half of the scores are equal: the standard deviation still tells an outlier.
        spread = float(np.std(raw))
    if spread <= 1e-12 * max(abs(median), 1.0):
        spread, flat = 1.0, True
    robust = np.clip((raw - median) / spread, -CEILING, CEILING)
    # Places are dense near 1, where thresholds are asked for.
    places = np.linspace(0.0, 1.0, QUANTILES) ** 0.25
    return ScoreScale(median, spread, [float(value) for value in np.quantile(robust, places)], flat)


def alarm_level(scores: FloatArray, budget: float | None = None) -> float:
    """The lowest threshold above the floor at which the series raises no more events than the budget allows."""
    rows = len(scores)
    allowed = max(USUAL_ALARMS, rows // ROWS_AN_ALARM) if budget is None else max(int(budget * rows / 1000), 1)
    high = float(np.max(scores))
    if high <= FLOOR:
        return FLOOR
    peaks = np.unique(scores[scores > FLOOR])
    candidates = peaks if len(peaks) <= 256 else np.quantile(peaks, np.linspace(0, 1, 256))
    below, above = 0, len(candidates) - 1
    if len(merge_flags(scores > FLOOR, scores)) <= allowed:
        return FLOOR
    while below < above:
        middle = (below + above) // 2
        if len(merge_flags(scores > candidates[middle], scores)) <= allowed:
            above = middle
        else:
            below = middle + 1
    return float(candidates[below])
