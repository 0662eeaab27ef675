"""The one interface of anomaly models: fit, detect with a calibrated threshold and reasons, save, load."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from timeseries.data.episodes import merge_flags
from timeseries.data.errors import DataProblem
from timeseries.data.series import FloatArray, Series, fill_missing, make_series, require_rows
from timeseries.models import artefact
from timeseries.models.anomaly.calibrate import ScoreScale, alarm_level, fit_scale
from timeseries.models.base import Progress

MAX_KEPT_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices a caller may make; 0 means: chosen from the data."""

    period: int = 0
    window: int = 0
    epochs: int = 0
    states: int = 0
    hidden: int = 32
    seed: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    def checked(self) -> Settings:
        """Itself, or DataProblem naming the field outside its limits."""
        limits = {
            "period": (0, 100_000),
            "window": (0, 5000),
            "epochs": (0, 1000),
            "states": (0, 12),
            "hidden": (8, 128),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise DataProblem("out_of_range", f"`{name}` must be between {low} and {high}.", field=name)
        return self


@dataclass(frozen=True, slots=True)
class Finding:
    """One event: rows `start`..`end`, what was expected and seen at the peak, and which columns stood out."""

    start: int
    end: int
    peak: int
    score: float
    observed: float | None
    expected: float | None
    contributions: dict[str, float]


@dataclass(frozen=True, slots=True)
class Detection:
    """Robust scores (0 = usual, in spreads of normal scores), flags and events of every row."""

    scores: FloatArray
    flags: npt.NDArray[np.bool_]
    threshold: float
    level: float | None
    findings: list[Finding]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """Raw scores of a model, higher = stranger; expected values and per-column shares where it knows them."""

    raw: FloatArray
    expected: FloatArray | None = None
    by_column: FloatArray | None = None


class Detector(ABC):
    """A model of normal behaviour that scores every row."""

    kind: ClassVar[str]
    title: ClassVar[str]
    least_rows: ClassVar[int] = 20

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = (settings or Settings()).checked()
        self.series: Series | None = None
        self.period = 1
        self.scale: ScoreScale | None = None
        self.notes: list[str] = []

    def fit(self, series: Series, *, progress: Progress | None = None) -> Self:
        """Learn normal behaviour from the rows and the spread of their scores."""
        progress = progress or Progress()
        require_rows(series, self.least_rows, self.title)
        filled, self.notes = fill_missing(series)
        self.period = self.settings.period or filled.period or 1
        self.series = filled
        self._fit(filled, progress)
        self.scale = fit_scale(self._score(filled).raw)
        return self

    def score(self, series: Series | None = None) -> FloatArray:
        """Robust scores of the rows: (raw − median) / spread of the training scores."""
        return self._scored(self._ready(series))[0]

    def _scored(self, series: Series) -> tuple[FloatArray, Scored]:
        assert self.scale is not None
        scored = self._score(series)
        return self.scale.robust(scored.raw), scored

    def detect(
        self, series: Series | None = None, *, level: float | None = None, max_alarms: float | None = None
    ) -> Detection:
        """Flag rows. With `level` (0–1) a row is flagged when normal rows exceed its score 1 − level of the time;
        without, the threshold keeps to an alarm budget (`max_alarms` a thousand rows) and to clear outliers only.
        """
        if level is not None and not 0.5 <= level < 1:
            raise DataProblem("out_of_range", "`threshold` must be at least 0.5 and below 1.", field="threshold")
        if max_alarms is not None and max_alarms <= 0:
            raise DataProblem("out_of_range", "`max_alarms` must be above 0.", field="max_alarms")
        warnings = list(self.notes) if series is None else []
        ready = self._ready(series, warnings)
        assert self.scale is not None
        scores, scored = self._scored(ready)
        if self.scale.flat and np.ptp(ready.values, axis=0).max() == 0:
            warnings.append("The series never changes: nothing can stand out.")
            flags = np.zeros(len(ready), dtype=bool)
            return Detection(np.zeros(len(ready)), flags, 0.0, level, [], tuple(warnings))
        threshold = self.scale.quantile(level) if level is not None else alarm_level(scores, max_alarms)
        flags = scores > threshold
        findings = [
            self._explain(episode.start, episode.end, episode.peak, episode.score, ready, scored)
            for episode in merge_flags(flags, scores)
        ]
        return Detection(scores, flags, float(threshold), level, findings, tuple(warnings))

    def _explain(self, start: int, end: int, peak: int, score: float, series: Series, scored: Scored) -> Finding:
        """What stood out at the row of the event furthest from its expectation."""
        part = slice(start, end + 1)
        expected: float | None = None
        row = peak
        if scored.expected is not None:
            gaps = np.abs(series.target[part] - scored.expected[part])
            row = start + int(np.argmax(gaps))
            expected = float(scored.expected[row])
        if scored.by_column is not None:
            size = scored.by_column[part].max(axis=0)
        else:
            centre = np.median(series.values, axis=0)
            spread = np.maximum(np.median(np.abs(series.values - centre), axis=0) * 1.4826, 1e-12)
            size = np.abs((series.values[part] - centre) / spread).max(axis=0)
        total = float(size.sum())
        shares = size / total if total > 0 else np.full(len(size), 1.0 / len(size))
        names = sorted(zip(series.columns, shares.tolist(), strict=True), key=lambda pair: -pair[1])[:10]
        observed = float(series.target[row])
        return Finding(start, end, peak, score, observed, expected, {name: round(share, 4) for name, share in names})

    def _ready(self, series: Series | None, warnings: list[str] | None = None) -> Series:
        if self.series is None or self.scale is None:
            raise DataProblem("not_fitted", "The model has not been trained.", field="model_name")
        if series is None:
            return self.series
        if series.n_features != self.series.n_features:
            raise DataProblem(
                "wrong_features",
                f"The model was trained with {self.series.n_features} columns; the data have {series.n_features}.",
            )
        require_rows(series, self.needed_context(), f"Detection with {self.title}")
        filled, notes = fill_missing(series)
        if warnings is not None:
            warnings += notes
        return filled

    def needed_context(self) -> int:
        """Fewest rows that can be scored."""
        return 4

    def save(self, folder: Path, extra: dict[str, Any] | None = None) -> int:
        """Write the fitted model as JSON and arrays; returns the size in bytes."""
        if self.series is None:
            raise DataProblem("not_fitted", "Only a trained model can be saved.", field="model_name")
        config, arrays = self.state()
        return artefact.write(folder, {**config, "metadata": extra or {}}, arrays)

    def state(self) -> tuple[dict[str, Any], artefact.Arrays]:
        """Everything `restore` needs, as JSON and arrays."""
        assert self.series is not None and self.scale is not None
        config, arrays = self._state()
        kept = self.series.slice(max(0, len(self.series) - MAX_KEPT_ROWS), len(self.series))
        arrays = {**arrays, "series": kept.values}
        if kept.times is not None:
            arrays["times"] = kept.times.astype("datetime64[us]").astype(np.int64)
        return {
            "task": "anomaly",
            "kind": self.kind,
            "settings": asdict(self.settings),
            "period": self.period,
            "notes": self.notes,
            "columns": list(self.series.columns),
            "frequency": self.series.frequency,
            "scale": asdict(self.scale),
            "model": config,
        }, arrays

    @classmethod
    def restore(cls, config: dict[str, Any], arrays: artefact.Arrays) -> Self:
        """Rebuild from `state()`."""
        model = cls(Settings(**config["settings"]))
        model.period = int(config["period"])
        model.notes = [str(note) for note in config["notes"]]
        model.series = make_series(
            arrays["series"],
            columns=tuple(config["columns"]),
            times=arrays["times"].astype("datetime64[us]") if "times" in arrays else None,
            frequency=config["frequency"],
            period=model.period,
        )
        model.scale = ScoreScale(**config["scale"])
        model._restore(config["model"], arrays)
        return model

    def _state(self) -> tuple[dict[str, Any], artefact.Arrays]:
        return {}, {}

    def _restore(self, config: dict[str, Any], arrays: artefact.Arrays) -> None:  # noqa: B027 (optional hook)
        """Read the model's own part of the state."""

    @abstractmethod
    def _fit(self, series: Series, progress: Progress) -> None: ...

    @abstractmethod
    def _score(self, series: Series) -> Scored: ...


def target_only(series: Series) -> Series:
    """The first column alone."""
    return replace(series, values=series.values[:, :1], columns=series.columns[:1])


def robust_spread(values: FloatArray) -> float:
    """1.4826 · median absolute deviation, or the standard deviation when more than half the values are equal."""
    spread = float(np.median(np.abs(values - np.median(values)))) * 1.4826
    return spread if spread > 0 else float(np.std(values))
