"""Flags into episodes: neighbouring alarms are one event with one peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from timeseries.data.series import FloatArray


@dataclass(frozen=True, slots=True)
class Episode:
    """Rows `start` up to and including `end`; `peak` is the row of the highest score."""

    start: int
    end: int
    peak: int
    score: float


def merge_flags(flags: npt.NDArray[np.bool_], scores: FloatArray, *, gap: int | None = None) -> list[Episode]:
    """Join flags closer than `gap` rows (default 1 % of the series, at least 2) into episodes."""
    rows = np.flatnonzero(flags)
    if len(rows) == 0:
        return []
    near = max(gap if gap is not None else len(scores) // 100, 2)
    breaks = np.flatnonzero(np.diff(rows) > near)
    starts = rows[np.concatenate([[0], breaks + 1])]
    ends = rows[np.concatenate([breaks, [len(rows) - 1]])]
    episodes = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        peak = start + int(np.nanargmax(scores[start : end + 1]))
        episodes.append(Episode(start, end, peak, float(scores[peak])))
    return episodes
