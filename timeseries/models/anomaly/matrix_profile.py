"""Matrix profile: windows that look like no other window. For series whose patterns repeat."""

from __future__ import annotations

import numpy as np

from timeseries.data.errors import DataProblem
from timeseries.data.series import FloatArray, Series
from timeseries.models.anomaly.base import Detector, Scored
from timeseries.models.base import Progress

MAX_ROWS = 30_000


def matrix_profile(values: FloatArray, window: int, progress: Progress | None = None) -> FloatArray:
    """z-normalised distance of each window to its nearest other window (STOMP: one row of dot products at a time)."""
    count = len(values) - window + 1
    view = np.lib.stride_tricks.sliding_window_view(values, window)
    mean, spread = view.mean(axis=1), view.std(axis=1)
    flat = spread < 1e-8 * max(float(np.std(values)), 1e-300)
    safe = np.where(flat, 1.0, spread)
    size = 1 << (len(values) + window - 1).bit_length()
    query = np.fft.rfft(values[:window][::-1], size)
    first = np.fft.irfft(np.fft.rfft(values, size) * query, size)[window - 1 : len(values)]
    dots = first.copy()
    exclusion = max(window // 2, 1)
    nearest = np.full(count, np.inf)
    for row in range(count):
        if row:
            dots[1:] = dots[:-1] - values[row - 1] * values[: count - 1] + values[row + window - 1] * values[window:]
            dots[0] = first[row]
        correlation = (dots - window * mean[row] * mean) / (window * safe[row] * safe)
        distance = 2 * window * (1 - np.clip(correlation, -1, 1))
        # Two flat windows are equal; a flat one and a moving one are as far apart as uncorrelated ones.
        distance = np.where(flat, 0.0, 2.0 * window) if flat[row] else np.where(flat, 2.0 * window, distance)
        distance[max(0, row - exclusion) : row + exclusion + 1] = np.inf
        nearest[row] = distance.min()
        if progress is not None and row % 2000 == 0:
            progress.step(row, count, "Matrix profile")
    result: FloatArray = np.sqrt(np.where(np.isfinite(nearest), nearest, 0.0))
    return result


class MatrixProfile(Detector):
    """Distance of each row's window (one season) to its nearest likeness in the series."""

    kind = "matrix_profile"
    title = "Matrix profile"
    least_rows = 40

    def _window(self, rows: int) -> int:
        window = self.settings.window or (self.period if self.period > 3 else 32)
        return max(4, min(window, rows // 4))

    def _fit(self, series: Series, progress: Progress) -> None:
        if len(series) > MAX_ROWS:
            raise DataProblem(
                "too_long", f"The matrix profile takes at most {MAX_ROWS:,} rows; resample the series first."
            )
        progress.step(0, 1, "Matrix profile")

    def needed_context(self) -> int:
        """Four windows."""
        return 4 * (self.settings.window or 8)

    def _score(self, series: Series) -> Scored:
        window = self._window(len(series))
        profiles = np.stack([matrix_profile(column - column.mean(), window) for column in series.values.T], axis=1)
        # A window's strangeness belongs to all of its rows: each row takes the mean of the windows over it.
        rows = np.zeros((len(series), profiles.shape[1]))
        weights = np.zeros(len(series))
        total = np.vstack([np.zeros((1, profiles.shape[1])), np.cumsum(profiles, axis=0)])
        index = np.arange(len(series))
        low = np.maximum(index - window + 1, 0)
        high = np.minimum(index, len(profiles) - 1) + 1
        weights = (high - low).astype(float)
        rows = (total[high] - total[low]) / weights[:, None]
        return Scored(rows.mean(axis=1), None, rows)
