"""The protocols of NAB (fit without labels on the whole file) and SKAB (fit on the first 400 rows)."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from timeseries.data.episodes import merge_flags
from timeseries.data.errors import DataProblem
from timeseries.data.load import series_from_table
from timeseries.data.series import FloatArray, Series, make_series
from timeseries.data.tables import read_table
from timeseries.metrics import anomaly as metrics
from timeseries.metrics.anomaly import Labels, Window
from timeseries.models.anomaly.catalogue import detector_class

SKAB_TRAIN = 400
SKAB_LABELS = ("anomaly", "changepoint")


@dataclass(slots=True)
class Judged:
    """What a detector said about one file."""

    name: str
    scores: FloatArray
    alarms: list[int]
    windows: list[Window]

    @property
    def labels(self) -> Labels:
        """One flag a row inside any window."""
        flags = np.zeros(len(self.scores), dtype=bool)
        for start, end in self.windows:
            flags[start : end + 1] = True
        return flags


def read_nab(folder: Path, name: str, windows: list[list[str]]) -> tuple[Series, list[Window]]:
    """A file and its windows as rows."""
    file = folder / f"{name.replace('/', '__').removesuffix('.csv')}.csv.gz"
    series, _report = series_from_table(read_table(file.read_bytes(), file.name), timezone="UTC")
    assert series.times is not None
    rows = []
    for start, end in windows:
        first = int(np.searchsorted(series.times, np.datetime64(start, "us")))
        last = int(np.searchsorted(series.times, np.datetime64(end, "us"), side="right")) - 1
        rows.append((first, last))
    return series, rows


def judge_nab(
    folder: Path, kind: str, limit: int = 0, cache: Path | None = None
) -> tuple[list[Judged], list[str], float]:
    """Scores and default alarms for every file; refused files with the reason; CPU seconds per thousand rows."""
    labels = json.loads((folder / "labels.json").read_text())
    names = sorted(labels)
    if limit and limit < len(names):
        names = [names[index] for index in np.linspace(0, len(names) - 1, limit).astype(int)]
    judged, refused, rows, seconds = [], [], 0, 0.0
    for name in names:
        series, windows = read_nab(folder, name, labels[name]["windows"])
        try:
            scores, alarms, spent = _detected(kind, series, cache and cache / "nab" / kind / f"{series.digest()}.npz")
        except DataProblem as problem:
            refused.append(f"{name}: {problem.message}")
            continue
        rows += len(series)
        seconds += spent
        judged.append(Judged(name, scores, alarms, windows))
    return judged, refused, seconds / max(rows / 1000, 1e-9)


def _detected(kind: str, series: Series, file: Path | None) -> tuple[FloatArray, list[int], float]:
    """Scores, peaks of the default alarms and CPU seconds, read from the file when it is there."""
    if file is not None and file.exists():
        with np.load(file, allow_pickle=False) as stored:
            return stored["scores"], stored["alarms"].tolist(), float(stored["seconds"])
    began = time.process_time()
    found = detector_class(kind)().fit(series).detect()
    alarms = [finding.peak for finding in found.findings]
    seconds = time.process_time() - began
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, scores=found.scores, alarms=np.array(alarms, dtype=int), seconds=seconds)
    return found.scores, alarms, seconds


def best_nab(judged: list[Judged], profile: metrics.NabProfile) -> float:
    """NAB score at the one threshold for the corpus that is best, one peak an episode."""
    pooled = np.concatenate([file.scores for file in judged])
    places = np.concatenate([np.linspace(0.9, 0.995, 20), np.linspace(0.996, 0.9999, 25)])
    best = 0.0
    for threshold in np.unique(np.quantile(pooled, places)):
        files = [
            (
                [episode.peak for episode in merge_flags(file.scores > threshold, file.scores)],
                file.windows,
                len(file.scores),
            )
            for file in judged
        ]
        best = max(best, metrics.nab_score(files, profile))
    return best


def nab_line(kind: str, judged: list[Judged], refused: list[str], seconds: float) -> str:
    """The result as a line of a Markdown table."""
    pooled = metrics.auc_pr(
        np.concatenate([file.labels for file in judged]),
        np.concatenate([np.clip(file.scores, -3, 1000) for file in judged]),
    )
    single = [metrics.auc_pr(file.labels, file.scores) for file in judged if file.windows]
    mean = float(np.mean([value for value in single if value is not None]))
    widened = [metrics.vus_pr(file.labels, file.scores, len(file.scores) // 100) for file in judged if file.windows]
    vus = float(np.mean([value for value in widened if value is not None]))
    profiles = (metrics.STANDARD, metrics.LOW_FALSE_ALARMS, metrics.LOW_MISSES)
    nab = " / ".join(f"{best_nab(judged, profile):.1f}" for profile in profiles)
    events = [metrics.score_events(file.alarms, file.windows) for file in judged]
    found, total = sum(event.found for event in events), sum(event.events for event in events)
    false = [event.false_alarms for event in events]
    return (
        f"| {kind} | {len(judged)} | {len(refused)} | {mean:.3f} | {pooled:.3f} | {vus:.3f} | {nab} "
        f"| {found} of {total} | {np.mean(false):.2f} ({max(false)}) | {seconds:.2f} |"
    )


NAB_HEADER = (
    "| detector | files | refused | AUC-PR, mean of files | AUC-PR, pooled | VUS-PR | NAB std / low-FP / low-FN "
    "| events found | false alarms a file (most) | CPU s per 1,000 rows |\n|---|---|---|---|---|---|---|---|---|---|"
)


def judge_skab(folder: Path, kind: str) -> tuple[float, float, int]:
    """Mean AUC-PR and best point F1 of the files after the training rows, and the number of files."""
    scores, labels = [], []
    files = sorted(folder.glob("*.csv.gz"))
    for file in files:
        frame = pl.read_csv(file, separator=";")
        columns = [name for name in frame.columns if name not in ("datetime", *SKAB_LABELS)]
        values = frame.select(columns).to_numpy().astype(float)
        model = detector_class(kind)().fit(make_series(values[:SKAB_TRAIN], columns=tuple(columns)))
        # The training rows are normal by construction: only the rows after them are judged.
        scores.append(model.score(make_series(values, columns=tuple(columns)))[SKAB_TRAIN:])
        labels.append(frame["anomaly"].to_numpy().astype(bool)[SKAB_TRAIN:])
    pairs = [
        (metrics.auc_pr(flags, values), metrics.best_f1(flags, values))
        for flags, values in zip(labels, scores, strict=True)
    ]
    area = float(np.mean([pair[0] for pair in pairs if pair[0] is not None]))
    f1 = float(np.mean([pair[1] for pair in pairs if pair[1] is not None]))
    return area, f1, len(files)
