"""The one interface of forecasting models: fit, predict with intervals, save, load."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from timeseries.data.errors import DataProblem
from timeseries.data.series import FloatArray, Series, fill_missing, make_series, require_rows
from timeseries.models import artefact
from timeseries.models.base import Progress
from timeseries.models.forecasting.conformal import Calibration, calibrate

MAX_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices a caller may make; 0 means: chosen from the data."""

    horizon: int = 1
    period: int = 0
    sequence_length: int = 0
    epochs: int = 0
    hidden: int = 32
    learning_rate: float = 3e-3
    batch_size: int = 64
    seed: int = 0
    origins: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    def checked(self) -> Settings:
        """Itself, or DataProblem naming the field outside its limits."""
        limits = {
            "horizon": (1, 1000),
            "period": (0, 100_000),
            "sequence_length": (0, 2000),
            "epochs": (0, 1000),
            "hidden": (4, 256),
            "learning_rate": (1e-6, 1.0),
            "batch_size": (1, 1024),
            "origins": (0, 100),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise DataProblem("out_of_range", f"`{name}` must be between {low} and {high}.", field=name)
        return self


@dataclass(frozen=True, slots=True)
class Forecast:
    """Point forecast and central interval at `level`; lower ≤ mean ≤ upper in every row."""

    mean: FloatArray
    lower: FloatArray
    upper: FloatArray
    level: float
    warnings: tuple[str, ...] = ()


class Forecaster(ABC):
    """A model of one series (or a panel of them) that forecasts the target column."""

    kind: ClassVar[str]
    title: ClassVar[str]
    # Refits wanted for calibration; nets reuse one fit and slide the input instead.
    default_origins: ClassVar[int] = 12
    accepts_features: ClassVar[bool] = False

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = (settings or Settings()).checked()
        self.period = max(self.settings.period, 1)
        self.series: Series | None = None
        self.calibration: Calibration | None = None
        self.notes: list[str] = []
        self.backtest: dict[str, float | int] = {}

    @classmethod
    def needed_rows(cls, period: int, horizon: int) -> int:
        """Fewest rows the model accepts."""
        return max(4, period + 1)

    def fit(self, series: Series, *, progress: Progress | None = None, calibrated: bool = True) -> Self:
        """Learn the series; with `calibrated`, also size the intervals by rolling-origin errors."""
        progress = progress or Progress()
        self._prepare(series)
        assert self.series is not None
        require_rows(self.series, self.needed_rows(self.period, self.settings.horizon), self.title)
        self._fit(self.series, progress)
        if calibrated:
            origins = choose_origins(
                len(self.series),
                self.settings.horizon,
                self._shortest_train(),
                self.settings.origins or self.default_origins,
            )
            errors = self.rolling_errors(self.series, origins, progress)
            self.calibration = calibrate(errors, fallback=one_step_scale(self.series.target, self.period))
            self.backtest = self._measure(errors, origins)
        return self

    def _measure(self, errors: FloatArray, origins: list[int]) -> dict[str, float | int]:
        """MASE over the back-test origins, beside that of repeating the last season from the same origins."""
        assert self.series is not None
        if not np.isfinite(errors).any():
            return {"origins": 0}
        lag = self.period
        naive = np.stack(
            [
                self.series.target[max(0, origin - lag) : origin][np.arange(self.settings.horizon) % min(lag, origin)]
                for origin in origins
            ]
        )
        yardstick = scaled_errors(self.series, origins, naive, self.period)
        return {
            "origins": int(np.isfinite(errors).any(axis=1).sum()),
            "mase": float(np.nanmean(np.abs(errors))),
            "naive_mase": float(np.nanmean(np.abs(yardstick))),
        }

    def predict(self, steps: int, *, level: float = 0.95, context: Series | None = None) -> Forecast:
        """Forecast `steps` rows after `context` (default: after the training rows)."""
        if not 1 <= steps <= MAX_STEPS:
            raise DataProblem(
                "out_of_range", f"`steps_ahead` must be between 1 and {MAX_STEPS:,}.", field="steps_ahead"
            )
        if not 0.5 <= level <= 0.999:
            raise DataProblem("out_of_range", "`confidence_level` must be between 0.5 and 0.999.", field="level")
        if self.series is None:
            raise DataProblem("not_fitted", "The model has not been trained.", field="model_name")
        warnings = list(self.notes)
        history = self.series if context is None else self._context(context, warnings)
        mean = np.asarray(self._forecast(history, steps), dtype=np.float64)
        if not np.isfinite(mean).all():
            raise DataProblem("diverged", f"{self.title} gave no finite forecast for this series; try another model.")
        if steps > self.settings.horizon:
            warnings.append(
                f"{steps} steps exceed the trained horizon of {self.settings.horizon}: "
                "later steps build on forecasts and their intervals are extrapolated."
            )
        calibration = self.calibration or Calibration.unknown(one_step_scale(history.target, self.period))
        lower, upper, notes = calibration.interval(mean, level, scale_of=one_step_scale(history.target, self.period))
        return Forecast(mean, lower, upper, level, tuple(dict.fromkeys([*warnings, *notes])))

    def rolling_forecasts(self, series: Series, origins: list[int], progress: Progress) -> FloatArray:
        """Forecasts of `horizon` rows from each origin (rows known at that time), refitting at each."""
        rows = []
        for number, origin in enumerate(origins):
            progress.step(number, len(origins), f"{self.title}: back-test {number + 1} of {len(origins)}")
            clone = type(self)(self.settings)
            try:
                clone.fit(series.head(origin), calibrated=False)
                rows.append(clone._forecast(clone.series or series.head(origin), self.settings.horizon))
            except DataProblem:
                # A prefix too short or too even for the method: this origin tells nothing and is not counted.
                rows.append(np.full(self.settings.horizon, np.nan))
        return np.asarray(rows, dtype=np.float64).reshape(len(origins), self.settings.horizon)

    def rolling_errors(self, series: Series, origins: list[int], progress: Progress) -> FloatArray:
        """Actual minus forecast from each origin, divided by the seasonal scale known at that origin."""
        if not origins:
            return np.zeros((0, self.settings.horizon))
        return scaled_errors(series, origins, self.rolling_forecasts(series, origins, progress), self.period)

    def save(self, folder: Path, extra: dict[str, Any] | None = None) -> int:
        """Write the fitted model as JSON and arrays; returns the size in bytes."""
        if self.series is None:
            raise DataProblem("not_fitted", "Only a trained model can be saved.", field="model_name")
        config, arrays = self.state()
        return artefact.write(folder, {**config, "metadata": extra or {}}, arrays)

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
            period=int(config["series_period"]),
        )
        if config["calibration"] is not None:
            model.calibration = Calibration(**config["calibration"])
        model._restore(config["model"], arrays)
        return model

    def state(self) -> tuple[dict[str, Any], artefact.Arrays]:
        """Everything `restore` needs, as JSON and arrays."""
        assert self.series is not None
        config, arrays = self._state()
        arrays = {**arrays, "series": self.series.values}
        if self.series.times is not None:
            arrays["times"] = self.series.times.astype("datetime64[us]").astype(np.int64)
        return {
            "task": "forecasting",
            "kind": self.kind,
            "settings": asdict(self.settings),
            "period": self.period,
            "notes": self.notes,
            "columns": list(self.series.columns),
            "frequency": self.series.frequency,
            "series_period": self.series.period,
            "calibration": None if self.calibration is None else asdict(self.calibration),
            "model": config,
        }, arrays

    def _prepare(self, series: Series) -> None:
        filled, notes = fill_missing(series)
        if not self.accepts_features and filled.n_features > 1:
            notes.append(f"{self.title} uses the column {filled.columns[0]} only.")
            filled = replace(filled, values=filled.values[:, :1], columns=filled.columns[:1])
        self.period = self.settings.period or series.period or 1
        if self.period > 1 and len(filled) < 2 * self.period:
            notes.append(f"The series is shorter than two seasons of {self.period} rows: it is modelled without one.")
            self.period = 1
        self.series, self.notes = filled, notes

    def _context(self, context: Series, warnings: list[str]) -> Series:
        assert self.series is not None
        if context.n_features != self.series.n_features:
            if self.series.n_features == 1 and not self.accepts_features:
                context = replace(context, values=context.values[:, :1], columns=context.columns[:1])
            else:
                raise DataProblem(
                    "wrong_features",
                    f"The model was trained with {self.series.n_features} columns; the data have {context.n_features}.",
                )
        filled, notes = fill_missing(context)
        warnings += notes
        require_rows(filled, self.needed_context(), f"A forecast with {self.title}")
        return filled

    def needed_context(self) -> int:
        """Fewest rows of history to forecast from."""
        return self.needed_rows(self.period, self.settings.horizon)

    def _shortest_train(self) -> int:
        return self.needed_rows(self.period, self.settings.horizon)

    def _restore(self, config: dict[str, Any], arrays: artefact.Arrays) -> None:  # noqa: B027 (optional hook)
        """Read the model's own part of the state."""

    def _state(self) -> tuple[dict[str, Any], artefact.Arrays]:
        return {}, {}

    @abstractmethod
    def _fit(self, series: Series, progress: Progress) -> None: ...

    @abstractmethod
    def _forecast(self, history: Series, steps: int) -> FloatArray: ...


def one_step_scale(target: FloatArray, period: int) -> float:
    """Mean absolute seasonal difference, the unit errors are measured in; never zero."""
    lag = period if len(target) > 2 * period else 1
    if len(target) <= lag:
        return 1.0
    size = float(np.mean(np.abs(target[lag:] - target[:-lag])))
    return size if size > 0 else max(abs(float(target[-1])) * 1e-9, 1e-12)


def choose_origins(rows: int, horizon: int, shortest: int, wanted: int) -> list[int]:
    """Back-test origins, newest last, each leaving at least one known row; never shorter than `shortest` rows."""
    first = max(shortest, rows // 3, 3)
    last = rows - 1
    if last < first:
        return []
    full = [origin for origin in range(first, last + 1) if origin + horizon <= rows]
    pool = full or list(range(first, last + 1))
    if len(pool) <= wanted:
        return pool
    # Newest origins matter most, yet neighbours repeat each other: spread them over the newest two thirds.
    picks = np.linspace(len(pool) // 3, len(pool) - 1, wanted).round().astype(int)
    return [pool[index] for index in dict.fromkeys(picks.tolist())]


def scaled_errors(series: Series, origins: list[int], forecasts: FloatArray, period: int) -> FloatArray:
    """Errors in units of the scale known at each origin; NaN beyond the last known row."""
    errors = np.full(forecasts.shape, np.nan)
    for number, origin in enumerate(origins):
        actual = series.target[origin : origin + forecasts.shape[1]]
        unit = one_step_scale(series.target[:origin], period)
        errors[number, : len(actual)] = (actual - forecasts[number, : len(actual)]) / unit
    return errors
