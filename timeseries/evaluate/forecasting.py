"""The protocol of the M3/M4 files: fit on the train rows of each series, judge on its test rows."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from timeseries.data.errors import DataProblem
from timeseries.data.series import FloatArray, make_series
from timeseries.metrics import forecasting as metrics
from timeseries.models.forecasting.base import Settings
from timeseries.models.forecasting.catalogue import forecaster_class

LEVEL = 0.95
# Name, train rows, test rows.
Parts = tuple[str, FloatArray, FloatArray]


@dataclass(slots=True)
class Row:
    """One line of the table."""

    group: str
    model: str
    series: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)
    smape: float = 0.0
    mase: float = 0.0
    owa: float = 0.0
    coverage: float = 0.0
    msis: float = 0.0
    seconds: float = 0.0


def read_group(folder: Path, group: str) -> list[Parts]:
    """Name, train rows and test rows of every series of a group."""
    frame = pl.read_csv(folder / f"{group}.csv.gz")
    parts = []
    for (name,), rows in frame.group_by("unique_id", maintain_order=True):
        train = rows.filter(pl.col("split") == "train")["y"].to_numpy().astype(float)
        test = rows.filter(pl.col("split") == "test")["y"].to_numpy().astype(float)
        parts.append((str(name), train, test))
    return parts


def pick(series: list[Parts], limit: int) -> list[Parts]:
    """`limit` series at even distances in the order of the file; all of them with 0."""
    if not limit or limit >= len(series):
        return series
    return [series[index] for index in np.linspace(0, len(series) - 1, limit).astype(int)]


def evaluate_group(folder: Path, group: str, kind: str, limit: int = 0, cache: Path | None = None) -> Row:
    """Errors of one model kind over a group; refused series are counted, not hidden.

    With `cache`, what a series gave is written there at once and read by a later run of the same version.
    """
    meta = json.loads((folder / "meta.json").read_text())[group]
    horizon, period = int(meta["horizon"]), int(meta["season_length"])
    row = Row(group, kind)
    scores, seconds = [], []
    for name, train, test in pick(read_group(folder, group), limit):
        file = None if cache is None else cache / "forecasting" / group / kind / f"{name}.json"
        if file is not None and file.exists():
            told = json.loads(file.read_text())
        else:
            told = _judge(kind, train, test, horizon, period)
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(told))
        seconds.append(told["seconds"])
        if "refused" in told:
            row.refused += 1
            row.reasons.append(told["refused"])
        elif "scores" in told:
            scores.append(told["scores"])
    row.seconds = float(np.mean(seconds))
    row.series = len(scores)
    if scores:
        means = np.mean(scores, axis=0)
        row.smape, row.mase, row.coverage, row.msis = (float(means[index]) for index in (0, 1, 4, 5))
        row.owa = metrics.owa(float(means[0]), float(means[1]), float(means[2]), float(means[3]))
    return row


def _judge(kind: str, train: FloatArray, test: FloatArray, horizon: int, period: int) -> dict[str, Any]:
    """Scores of one series, or why the model refuses it; a train part that never changes has no scale and no scores."""
    began = time.process_time()
    try:
        model = forecaster_class(kind)(Settings(horizon=horizon)).fit(make_series(train, period=period))
        forecast = model.predict(horizon, level=LEVEL)
    except DataProblem as problem:
        return {"refused": problem.message, "seconds": time.process_time() - began}
    told: dict[str, Any] = {"seconds": time.process_time() - began}
    naive = metrics.naive2(train, horizon, period)
    scaled, naive_scaled = (metrics.mase(test, line, train, period) for line in (forecast.mean, naive))
    width = metrics.msis(test, forecast.lower, forecast.upper, train, period, LEVEL)
    if scaled is not None and naive_scaled is not None and width is not None:
        inside = metrics.coverage(test, forecast.lower, forecast.upper)
        errors = (metrics.smape(test, forecast.mean), scaled, metrics.smape(test, naive), naive_scaled)
        told["scores"] = [*errors, inside, width]
    return told


def line(row: Row) -> str:
    """The row as a line of a Markdown table."""
    return (
        f"| {row.group} | {row.model} | {row.series} | {row.refused} | {row.smape:.2f} | {row.mase:.3f} "
        f"| {row.owa:.3f} | {row.coverage:.1%} | {row.msis:.1f} | {row.seconds:.2f} |"
    )


HEADER = (
    "| group | model | series | refused | sMAPE | MASE | OWA | 95 % coverage | MSIS | CPU s per series |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)
