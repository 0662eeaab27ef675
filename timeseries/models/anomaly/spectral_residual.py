"""Spectral residual (Ren et al. 2019): what is left of the spectrum after its own average marks the salient rows."""

from __future__ import annotations

import numpy as np

from timeseries.data.series import FloatArray, Series
from timeseries.models.anomaly.base import Detector, Scored
from timeseries.models.base import Progress

SMOOTH = 3
LOCAL = 21


def saliency(values: FloatArray) -> FloatArray:
    """Saliency map of a series relative to its neighbourhood."""
    spectrum = np.fft.fft(values - values.mean())
    size = np.abs(spectrum)
    log = np.log(np.maximum(size, 1e-8))
    average = np.convolve(log, np.ones(SMOOTH) / SMOOTH, mode="same")
    residual = np.exp(log - average)
    phase = spectrum / np.maximum(size, 1e-8)
    salient = np.abs(np.fft.ifft(residual * phase))
    padded = np.pad(salient, LOCAL // 2, mode="edge")
    near = np.convolve(padded, np.ones(LOCAL) / LOCAL, mode="valid")[: len(values)]
    result: FloatArray = (salient - near) / np.maximum(near, 1e-8)
    return result


class SpectralResidual(Detector):
    """Largest saliency over the columns."""

    kind = "spectral_residual"
    title = "Spectral residual"

    def _fit(self, series: Series, progress: Progress) -> None:
        progress.step(1, 1, "Spectral residual needs no training")

    def _score(self, series: Series) -> Scored:
        size = np.stack([saliency(column) for column in series.values.T], axis=1)
        return Scored(size.max(axis=1), None, np.maximum(size, 0))
