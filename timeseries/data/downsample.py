"""Fewer points for a chart, with every peak kept."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from timeseries.data.series import FloatArray


def keep_peaks(values: FloatArray, limit: int = 2000) -> npt.NDArray[np.int64]:
    """Indices of at most `limit` rows: first, last, and the lowest and highest of each bucket.

    Missing rows stay visible: a bucket that has any keeps its first missing row, so a chart breaks its line there.
    """
    count = len(values)
    if count <= limit:
        return np.arange(count, dtype=np.int64)
    buckets = max((limit - 2) // 3, 1)
    edges = np.linspace(0, count, buckets + 1).astype(np.int64)
    kept = [0, count - 1]
    for start, stop in itertools.pairwise(edges):
        part = values[start:stop]
        present = np.isfinite(part)
        if not present.all():
            kept.append(int(start + np.argmin(present)))
        if present.any():
            kept.append(int(start + np.nanargmin(part)))
            kept.append(int(start + np.nanargmax(part)))
    return np.unique(np.asarray(kept, dtype=np.int64))
