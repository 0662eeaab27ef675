"""The protocol of the M3/M4 files: fit on the train rows of each series, judge on its test rows."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from timeseries.data.errors import DataProblem
from timeseries.data.series import FloatArray, make_series
from timeseries.metrics import forecasting as metrics
from timeseries.models.forecasting.base import Settings
from timeseries.models.forecasting.catalogue import forecaster_class

LEVEL = 0.95


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


def read_group(folder: Path, group: str) -> list[tuple[str, FloatArray, FloatArray]]:
    """Name, train rows and test rows of every series of a group."""
    frame = pl.read_csv(folder / f"{group}.csv.gz")
    parts = []
    for (name,), rows in frame.group_by("unique_id", maintain_order=True):
        train = rows.filter(pl.col("split") == "train")["y"].to_numpy().astype(float)
        test = rows.filter(pl.col("split") == "test")["y"].to_numpy().astype(float)
        parts.append((str(name), train, test))
    return parts


def evaluate_group(folder: Path, group: str, kind: str, limit: int = 0) -> Row:
    """Errors of one model kind over a group; refused series are counted, not hidden."""
    meta = json.loads((folder / "meta.json").read_text())[group]
    horizon, period = int(meta["horizon"]), int(meta["season_length"])
    series = read_group(folder, group)
    if limit and limit < len(series):
        series = [series[index] for index in np.linspace(0, len(series) - 1, limit).astype(int)]
    row = Row(group, kind)
    scores = []
    began = time.monotonic()
    for _name, train, test in series:
        try:
            model = forecaster_class(kind)(Settings(horizon=horizon)).fit(make_series(train, period=period))
            forecast = model.predict(horizon, level=LEVEL)
        except DataProblem as problem:
            row.refused += 1
            row.reasons.append(problem.message)
            continue
        naive = metrics.naive2(train, horizon, period)
        scaled, naive_scaled = (metrics.mase(test, line, train, period) for line in (forecast.mean, naive))
        width = metrics.msis(test, forecast.lower, forecast.upper, train, period, LEVEL)
        if scaled is None or naive_scaled is None or width is None:
            continue
        inside = metrics.coverage(test, forecast.lower, forecast.upper)
        scores.append(
            (metrics.smape(test, forecast.mean), scaled, metrics.smape(test, naive), naive_scaled, inside, width)
        )
    row.seconds = (time.monotonic() - began) / max(len(series), 1)
    row.series = len(scores)
    if scores:
        means = np.mean(scores, axis=0)
        row.smape, row.mase, row.coverage, row.msis = (float(means[index]) for index in (0, 1, 4, 5))
        row.owa = metrics.owa(float(means[0]), float(means[1]), float(means[2]), float(means[3]))
    return row


def line(row: Row) -> str:
    """The row as a line of a Markdown table."""
    return (
        f"| {row.group} | {row.model} | {row.series} | {row.refused} | {row.smape:.2f} | {row.mase:.3f} "
        f"| {row.owa:.3f} | {row.coverage:.1%} | {row.msis:.1f} | {row.seconds:.2f} |"
    )


HEADER = (
    "| group | model | series | refused | sMAPE | MASE | OWA | 95 % coverage | MSIS | s per series |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)
