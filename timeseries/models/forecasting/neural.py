"""The frame of the neural forecasters: deseasonalise, cut windows, scale each by itself, learn a correction to the
last level, stop early, and keep only as much of the correction as helped on the held-out windows.

A net of one short series seldom beats a good naive forecast on its own; learning the difference to it, starting from
zero, makes the naive forecast the floor instead of something to rediscover.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from timeseries.data.errors import ArtefactProblem
from timeseries.data.series import FloatArray, Series
from timeseries.models import artefact
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Forecaster
from timeseries.models.forecasting.seasonal import NO_SEASON, Season, find_season, match_phase

LENGTHS = (6, 12, 24, 48, 96, 168)
MAX_WINDOWS = 20_000
# Windows at which half of a correction is believed; overlapping windows are far from independent.
TRUST = 60.0
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Windows:
    """Inputs (count × length × columns), wanted corrections (count × horizon), known future inputs."""

    inputs: FloatArray
    future: FloatArray | None
    wanted: FloatArray


class Neural(Forecaster):
    """A net trained on the windows of one series."""

    network: ClassVar[str]
    # One fit serves all back-test origins in the held-out part, so many are affordable.
    default_origins = 20
    seeds: ClassVar[int] = 2
    default_epochs: ClassVar[int] = 40

    def __init__(self, settings: Any = None) -> None:
        super().__init__(settings)
        self.length = self.settings.sequence_length
        self.season: Season = NO_SEASON
        self.logs = False
        self.share = 1.0
        self.scale_floor = 1.0
        self.drift = 0.0
        self.weights: list[list[np.ndarray[Any, Any]]] = []
        self.history: dict[str, list[float]] = {}
        self._predictors: list[Any] = []
        self.held_out = 0

    @classmethod
    def needed_rows(cls, period: int, horizon: int) -> int:
        """Two of the shortest windows and one horizon."""
        return LENGTHS[0] + horizon + 2

    def needed_context(self) -> int:
        """One input window."""
        return self.length

    def _fit(self, series: Series, progress: Progress) -> None:
        horizon = self.settings.horizon
        self.length = self.settings.sequence_length or self._choose_length(len(series))
        if len(series) < self.length + horizon + 1:
            from timeseries.data.series import require_rows

            require_rows(series, self.length + horizon + 1, f"{self.title} with windows of {self.length}")
        target = series.target
        self.season = find_season(target, self._periods(len(series)))
        self.logs = bool((target > 0).all() and target.min() > 0.01 * target.mean())
        flat = self._flatten(series.values, 0)
        self.scale_floor = max(0.25 * float(np.mean(np.abs(np.diff(flat[:, 0])))), 1e-9)
        self.drift = self._drift(flat[:, 0])
        windows = self._windows(flat, series)
        count = len(windows.wanted)
        self.held_out = min(max(horizon, count // 6), max(count // 4, 1))
        self._train(windows, count - self.held_out, progress)

    def _train(self, windows: Windows, cut: int, progress: Progress) -> None:
        from timeseries.models import keras_jax, networks  # noqa: F401 (networks registers its builders)

        cut = max(cut, 1)
        train = self._select(windows, slice(0, cut))
        held = self._select(windows, slice(cut, None))
        shape = self._shape(windows)
        # A season of many equal windows needs more steps than a handful of yearly ones.
        epochs = self.settings.epochs or self.default_epochs
        steps = int(np.clip(cut // 32, 4, 40))
        self.weights, self.history = [], {"loss": [], "validation_loss": []}
        for seed in range(self.seeds):
            outcome = keras_jax.train_network(
                shape,
                train[0],
                train[1],
                held if len(held[1]) else None,
                epochs=epochs,
                steps=steps,
                rate=self.settings.learning_rate,
                seed=self.settings.seed * 100 + seed,
                patience=max(epochs // 4, 5),
                progress=progress,
                title=self.title,
            )
            self.weights.append(outcome.weights)
            self.history["loss"] += outcome.losses
            self.history["validation_loss"] += outcome.validation_losses
        self._load_predictors(shape)
        self.share = self._choose_share(held) * cut / (cut + TRUST) if len(held[1]) else 0.0

    def _choose_share(self, held: tuple[list[FloatArray], FloatArray]) -> float:
        predicted = self._correct(held[0])
        losses = [float(np.mean(np.abs(held[1] - share * predicted))) for share in SHARES]
        # Held-out windows of one stretch agree with one another: take the middle of the nearly best shares.
        near = [share for share, loss in zip(SHARES, losses, strict=True) if loss <= min(losses) * 1.01]
        return float(np.mean(near))

    def _correct(self, inputs: list[FloatArray]) -> FloatArray:
        result: FloatArray = np.mean([predictor(inputs) for predictor in self._predictors], axis=0)
        return np.clip(result, -20.0, 20.0)

    def _select(self, windows: Windows, rows: slice) -> tuple[list[FloatArray], FloatArray]:
        inputs = [windows.inputs[rows]]
        if windows.future is not None:
            inputs.append(windows.future[rows])
        return inputs, windows.wanted[rows]

    def _shape(self, windows: Windows) -> Any:
        from timeseries.models.keras_jax import Shape

        sizes: list[tuple[int, int]] = [(windows.inputs.shape[1], windows.inputs.shape[2])]
        if windows.future is not None:
            sizes.append((windows.future.shape[1], windows.future.shape[2]))
        return Shape(self.network, tuple(sizes), self.settings.horizon, self.settings.hidden, self.settings.batch_size)

    def _load_predictors(self, shape: Any) -> None:
        from timeseries.models import keras_jax, networks  # noqa: F401

        self._predictors = [keras_jax.Predictor(shape, weights) for weights in self.weights]
        self._net_shape = shape

    def _periods(self, rows: int) -> tuple[int, ...]:
        if self.period == 24 and rows >= 4 * 168:
            return (168, 24)
        return (self.period,) if self.period > 1 else ()

    def _choose_length(self, rows: int) -> int:
        horizon = self.settings.horizon
        wanted = max(2 * horizon, 6) if horizon > 1 else 24
        room = max((rows - horizon) // 3, LENGTHS[0])
        fitting = [length for length in LENGTHS if length <= min(wanted, room)]
        return fitting[-1] if fitting else LENGTHS[0]

    def _flatten(self, values: FloatArray, phase: int) -> FloatArray:
        """Rows without season, the target in logs when all are positive."""
        flat = values.copy()
        flat[:, 0] = self.season.remove(values[:, 0], phase)
        if self.logs:
            flat[:, 0] = np.log(np.maximum(flat[:, 0], 1e-300))
        return flat

    def _raise(self, flat: FloatArray, phase: int) -> FloatArray:
        return self.season.restore(np.exp(np.clip(flat, -700, 700)) if self.logs else flat, phase)

    @staticmethod
    def _drift(flat: FloatArray) -> float:
        """Half the slope of a straight line through the rows: what the Theta method adds to the last level."""
        return 0.5 * float(np.polyfit(np.arange(len(flat)), flat, 1)[0]) if len(flat) >= 4 else 0.0

    def _scale(self, inputs: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Window inputs relative to their last value in units of their own movement."""
        last = inputs[:, -1:, :]
        spread = np.std(inputs, axis=1, keepdims=True)
        floor = np.zeros(inputs.shape[2])
        floor[0] = self.scale_floor
        unit = spread + np.maximum(floor, 1e-9)
        return np.clip((inputs - last) / unit, -20, 20), last[:, 0, 0], unit[:, 0, 0]

    def _windows(self, flat: FloatArray, series: Series) -> Windows:
        horizon = self.settings.horizon
        count = len(flat) - self.length - horizon + 1
        first = max(0, count - MAX_WINDOWS)
        starts = np.arange(first, count)
        inputs = flat[starts[:, None] + np.arange(self.length)]
        ahead = flat[starts[:, None] + self.length + np.arange(horizon), 0]
        scaled, last, unit = self._scale(inputs)
        base = last[:, None] + self.drift * np.arange(1, horizon + 1)
        wanted = np.clip((ahead - base) / unit[:, None], -20, 20)
        return Windows(scaled, self._future(series, starts + self.length), wanted)

    def _future(self, series: Series, starts: np.ndarray[Any, Any]) -> FloatArray | None:
        """Inputs known ahead for the horizon after each start; none for a single series."""
        return None

    def _season_of(self, history: Series) -> tuple[Season, int]:
        """Season and phase for a history: its own when long enough, else the trained one, aligned."""
        if history is self.series:
            return self.season, 0
        if self.season.period > 1 and len(history) >= 4 * self.season.period:
            own = find_season(history.target, (self.season.period,))
            if own.period > 1 and own.multiplicative == self.season.multiplicative:
                return own, 0
        return self.season, match_phase(self.season, history.target)

    def _forecast(self, history: Series, steps: int) -> FloatArray:
        trained = self.season
        self.season, phase = self._season_of(history)
        try:
            rows = self._flatten(history.values, phase)
            if self.logs and not (history.target > 0).all():
                floor = max(float(np.min(history.target[history.target > 0], initial=1e-9)), 1e-9)
                rows = self._flatten(np.maximum(history.values, floor), phase)
            made: list[FloatArray] = []
            position = len(history)
            while sum(len(part) for part in made) < steps:
                inputs, last, unit = self._scale(rows[None, -self.length :, :])
                future = self._future(history, np.array([position]))
                correction = self.share * self._correct([inputs] if future is None else [inputs, future])[0]
                ahead = last[0] + self.drift * np.arange(1, len(correction) + 1) + correction * unit[0]
                made.append(ahead)
                extension = np.repeat(rows[-1:], len(ahead), axis=0)
                extension[:, 0] = ahead
                rows = np.concatenate([rows, extension])
                position += len(ahead)
            flat = np.concatenate(made)[:steps]
            return self._raise(flat, phase + len(history))
        finally:
            self.season = trained

    def rolling_forecasts(self, series: Series, origins: list[int], progress: Progress) -> FloatArray:
        """Forecasts from each origin with one net trained before the first of them."""
        if not origins:
            return np.zeros((0, self.settings.horizon))
        progress.step(0, 1, f"{self.title}: back-test")
        first = max(origins[0], self.needed_rows(self.period, self.settings.horizon))
        clone = type(self)(self.settings)
        clone._prepare(series.head(first))
        assert clone.series is not None
        clone._fit(clone.series, Progress(is_cancelled=progress.is_cancelled))
        rows = []
        for origin in origins:
            history = series.head(origin)
            rows.append(clone._continue(history))
        return np.asarray(rows)

    def _continue(self, history: Series) -> FloatArray:
        """Forecast after a longer prefix of the training series: the phase of the season is known."""
        kept, self.series = self.series, history
        try:
            return self._forecast(history, self.settings.horizon)
        finally:
            self.series = kept

    def _shortest_train(self) -> int:
        return max(self.length + self.settings.horizon + 2, self.needed_rows(self.period, self.settings.horizon))

    def _state(self) -> tuple[dict[str, Any], artefact.Arrays]:
        arrays: artefact.Arrays = {"season": self.season.factors}
        for seed, weights in enumerate(self.weights):
            for index, weight in enumerate(weights):
                arrays[f"w{seed}_{index}"] = weight
        shape = self._net_shape
        return {
            "length": self.length,
            "multiplicative": self.season.multiplicative,
            "logs": self.logs,
            "share": self.share,
            "scale_floor": self.scale_floor,
            "drift": self.drift,
            "history": self.history,
            "nets": len(self.weights),
            "inputs": [list(size) for size in shape.inputs],
        }, arrays

    def _restore(self, config: dict[str, Any], arrays: artefact.Arrays) -> None:
        from timeseries.models.keras_jax import Shape

        self.length, self.logs = int(config["length"]), bool(config["logs"])
        self.season = Season(arrays["season"], bool(config["multiplicative"]))
        self.share, self.scale_floor = float(config["share"]), float(config["scale_floor"])
        self.drift = float(config["drift"])
        self.history = config["history"]
        self.weights = []
        for seed in range(int(config["nets"])):
            count = sum(name.startswith(f"w{seed}_") for name in arrays)
            self.weights.append([arrays[f"w{seed}_{index}"] for index in range(count)])
        sizes = tuple((int(rows), int(columns)) for rows, columns in config["inputs"])
        shape = Shape(self.network, sizes, self.settings.horizon, self.settings.hidden, self.settings.batch_size)
        try:
            self._load_predictors(shape)
        except ValueError as error:
            raise ArtefactProblem(str(error)) from error
