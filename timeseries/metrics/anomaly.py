"""Judging anomaly scores (AUC-PR) and alarms (events, NAB)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from timeseries.data.series import FloatArray

Labels = npt.NDArray[np.bool_]
Window = tuple[int, int]


def auc_pr(labels: Labels, scores: FloatArray) -> float | None:
    """Average precision of the scores; ties count together. None without a positive label."""
    positives = int(labels.sum())
    if positives == 0:
        return None
    order = np.argsort(-scores, kind="stable")
    sorted_scores = scores[order]
    hits = np.cumsum(labels[order])
    ends = np.append(np.flatnonzero(np.diff(sorted_scores)), len(scores) - 1)
    precision = hits[ends] / (ends + 1)
    recall = hits[ends] / positives
    return float(np.sum(np.diff(np.concatenate([[0.0], recall])) * precision))


def best_f1(labels: Labels, scores: FloatArray) -> float | None:
    """Point-wise F1 at the best threshold (needs the labels: an upper limit, not a promise)."""
    positives = int(labels.sum())
    if positives == 0:
        return None
    hits = np.cumsum(labels[np.argsort(-scores, kind="stable")])
    rank = np.arange(1, len(scores) + 1)
    return float(np.max(2 * hits / (rank + positives)))


def vus_pr(labels: Labels, scores: FloatArray, widest: int) -> float | None:
    """Mean AUC-PR over label borders widened step by step up to `widest` rows (range-aware, forgiving at the edges)."""
    if not labels.any():
        return None
    results = []
    for width in np.unique(np.linspace(0, widest, 5).astype(int)):
        kernel = np.ones(2 * width + 1)
        widened = np.convolve(labels.astype(float), kernel, mode="same") > 0
        value = auc_pr(widened, scores)
        results.append(0.0 if value is None else value)
    return float(np.mean(results))


@dataclass(frozen=True, slots=True)
class EventScore:
    """Alarms against labelled windows: an event is found when any alarm lies in its window."""

    found: int
    events: int
    false_alarms: int
    alarms: int

    @property
    def recall(self) -> float | None:
        """Share of events found; None without events."""
        return self.found / self.events if self.events else None

    @property
    def precision(self) -> float | None:
        """Share of alarms inside a window; None without alarms."""
        return (self.alarms - self.false_alarms) / self.alarms if self.alarms else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of event precision and recall."""
        if self.recall is None:
            return None
        precision = self.precision or 0.0
        total = precision + self.recall
        return 2 * precision * self.recall / total if total else 0.0


def score_events(alarms: list[int], windows: list[Window]) -> EventScore:
    """Count found events and false alarms; `alarms` are one row per episode, windows include both ends."""
    found = sum(any(start <= alarm <= end for alarm in alarms) for start, end in windows)
    false = sum(not any(start <= alarm <= end for start, end in windows) for alarm in alarms)
    return EventScore(found, len(windows), false, len(alarms))


@dataclass(frozen=True, slots=True)
class NabProfile:
    """Weights of the Numenta Anomaly Benchmark (Lavin & Ahmad 2015)."""

    hit: float = 1.0
    false_alarm: float = 0.11
    miss: float = 1.0


STANDARD = NabProfile()
LOW_FALSE_ALARMS = NabProfile(false_alarm=0.22)
LOW_MISSES = NabProfile(false_alarm=0.055, miss=2.0)


def _sigmoid(position: float) -> float:
    return -1.0 if position > 3.0 else 2.0 / (1.0 + float(np.exp(5.0 * position))) - 1.0


def nab_raw(alarms: list[int], windows: list[Window], rows: int, profile: NabProfile = STANDARD) -> float:
    """Unscaled NAB score of one file; alarms in the probation (15 %, at most 750 rows) do not count."""
    probation = int(min(0.15 * rows, 0.15 * 5000))
    best = dict.fromkeys(windows, 0.0)
    found: set[Window] = set()
    total = 0.0
    top = _sigmoid(-1.0)
    for alarm in alarms:
        if alarm < probation:
            continue
        inside = next((window for window in windows if window[0] <= alarm <= window[1]), None)
        if inside is not None:
            width = inside[1] - inside[0] + 1
            value = _sigmoid(-(inside[1] - alarm + 1) / width) * profile.hit / top
            best[inside] = max(best[inside], value)
            found.add(inside)
            continue
        earlier = [window for window in windows if window[1] < alarm]
        if earlier:
            last = max(earlier, key=lambda window: window[1])
            value = _sigmoid((alarm - last[1]) / max(last[1] - last[0], 1))
        else:
            value = -1.0
        total += value * profile.false_alarm
    return total + sum(best.values()) - profile.miss * (len(windows) - len(found))


def nab_score(files: list[tuple[list[int], list[Window], int]], profile: NabProfile = STANDARD) -> float:
    """NAB score of a corpus of (alarms, windows, rows): 0 = silent, 100 = perfect; may be negative."""
    raw = sum(nab_raw(alarms, windows, rows, profile) for alarms, windows, rows in files)
    count = sum(len(windows) for _, windows, _ in files)
    silent = -profile.miss * count
    perfect = profile.hit * count
    return 100.0 * (raw - silent) / (perfect - silent)
