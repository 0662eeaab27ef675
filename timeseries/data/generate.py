"""Sample series with known anomalies: same seed, same data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from timeseries.data.errors import DataProblem
from timeseries.data.payload import MAX_CELLS
from timeseries.data.series import FloatArray

AnomalyKind = Literal["spike", "dip", "level_shift", "variance", "flat"]
KINDS: tuple[AnomalyKind, ...] = ("spike", "dip", "level_shift", "variance", "flat")


@dataclass(frozen=True, slots=True)
class Injected:
    """One labelled anomaly: rows `start` up to and including `end`."""

    kind: AnomalyKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated series: values, ISO times, 0/1 labels a row and the list of injected anomalies."""

    values: FloatArray
    timestamps: list[str]
    labels: list[int]
    anomalies: list[Injected] = field(default_factory=list)


def generate(
    *,
    n_samples: int = 1000,
    n_features: int = 1,
    trend: bool = True,
    seasonality: bool = True,
    noise_level: float = 0.1,
    period: int = 24,
    missing_share: float = 0.0,
    anomalies: int = 0,
    kinds: tuple[AnomalyKind, ...] = KINDS,
    seed: int = 0,
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC),
    step_seconds: int = 3600,
) -> Generated:
    """Make a series of trend + season + noise, with `anomalies` labelled events in the target column."""
    _check(n_samples, n_features, noise_level, period, missing_share, anomalies)
    random = np.random.default_rng(seed)
    position = np.arange(n_samples)
    values = np.zeros((n_samples, n_features))
    for column in range(n_features):
        slope = random.uniform(0.3, 1.0) * random.choice([-1.0, 1.0]) if column else 0.8
        line = slope * position / n_samples * 5.0 if trend else 0.0
        phase = random.uniform(0, 2 * np.pi) if column else 0.0
        wave = 0.0
        if seasonality:
            angle = 2 * np.pi * position / period + phase
            wave = np.sin(angle) + 0.4 * np.sin(2 * angle)
        values[:, column] = 10.0 + line + wave + noise_level * random.standard_normal(n_samples)
    injected = _inject(values, anomalies, kinds, period, noise_level, random)
    labels = np.zeros(n_samples, dtype=int)
    for event in injected:
        labels[event.start : event.end + 1] = 1
    if missing_share > 0:
        values[random.random(values.shape) < missing_share] = np.nan
    stamps = [(start + timedelta(seconds=step_seconds * row)).isoformat() for row in range(n_samples)]
    return Generated(values, stamps, labels.tolist(), injected)


def _check(
    n_samples: int, n_features: int, noise_level: float, period: int, missing_share: float, anomalies: int
) -> None:
    rules = (
        (1 <= n_samples <= 1_000_000, "n_samples", "between 1 and 1,000,000"),
        (1 <= n_features <= 100, "n_features", "between 1 and 100"),
        (n_samples * n_features <= max(MAX_CELLS, 1_000_000), "n_samples", "at most 1,000,000 cells in all"),
        (0 <= noise_level <= 1e6, "noise_level", "between 0 and 1e6"),
        (2 <= period <= 100_000, "period", "between 2 and 100,000"),
        (0 <= missing_share < 0.9, "missing_share", "at least 0 and below 0.9"),
        (0 <= anomalies <= n_samples // 20, "anomalies", "at most one for each 20 rows"),
    )
    for holds, name, allowed in rules:
        if not holds:
            raise DataProblem("out_of_range", f"`{name}` must be {allowed}.", field=name)


def _inject(
    values: FloatArray,
    count: int,
    kinds: tuple[AnomalyKind, ...],
    period: int,
    noise_level: float,
    random: np.random.Generator,
) -> list[Injected]:
    """Spread the events over equal slots of the last nine tenths, so that none overlap."""
    rows = len(values)
    if count == 0:
        return []
    target = values[:, 0]
    size = 4.0 * max(float(np.std(target)), noise_level, 0.1)
    slots = np.linspace(rows // 10, rows, count + 1).astype(int)
    events: list[Injected] = []
    for number in range(count):
        low, high = int(slots[number]), int(slots[number + 1])
        kind = kinds[int(random.integers(len(kinds)))]
        length = 1 if kind in ("spike", "dip") else max(2, min(period // 2, (high - low) // 3))
        begin = int(random.integers(low, max(low + 1, high - length)))
        end = min(begin + length, rows) - 1
        part = slice(begin, end + 1)
        if kind == "spike":
            target[part] += size
        elif kind == "dip":
            target[part] -= size
        elif kind == "level_shift":
            target[part] += size * 0.75
        elif kind == "variance":
            target[part] += random.standard_normal(end - begin + 1) * size * 0.5
        else:
            target[part] = target[begin]
        events.append(Injected(kind, begin, end))
    return events
