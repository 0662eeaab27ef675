"""Transformer reconstruction: hide a third of the patches of a window and see how well the rest tells them."""

from __future__ import annotations

from typing import Any

import numpy as np

from timeseries.data.errors import ArtefactProblem
from timeseries.data.series import FloatArray, Series
from timeseries.models import artefact
from timeseries.models.anomaly.base import Detector, Scored, robust_spread
from timeseries.models.base import Progress

WINDOW, PATCH = 64, 4
CLIP = 10.0
BATCH = 32
STEPS = 20
MASKS = 3
MAX_TRAIN_WINDOWS = 4000


class Transformer(Detector):
    """Mean squared error of hidden patches over three complementary masks and overlapping windows."""

    kind = "transformer"
    title = "Transformer reconstruction"
    least_rows = 2 * WINDOW

    def __init__(self, settings: Any = None) -> None:
        super().__init__(settings)
        self.weights: list[np.ndarray[Any, Any]] = []
        self.history: dict[str, list[float]] = {}

    def _fit(self, series: Series, progress: Progress) -> None:
        from timeseries.models import keras_jax, networks  # noqa: F401 (registers the network)

        self._centre = np.median(series.values, axis=0)
        self._unit = np.array([max(float(np.std(column)), robust_spread(column), 1e-9) for column in series.values.T])
        rows = self._scaled(series.values)
        windows = self._cut(rows, max(1, (len(rows) - WINDOW) // MAX_TRAIN_WINDOWS))
        random = np.random.default_rng(self.settings.seed)
        patches = windows.reshape(len(windows), WINDOW // PATCH, -1)
        # Each window enters several times, with another third hidden each time.
        copies = max(1, min(4, 2000 // len(patches)))
        patches = np.repeat(patches, copies, axis=0)
        hidden = random.random(patches.shape[:2]) < 1 / MASKS
        epochs = self.settings.epochs or 15
        outcome = keras_jax.train_network(
            self._shape(series.n_features),
            [np.where(hidden[:, :, None], 0.0, patches), hidden[:, :, None].astype(float)],
            patches.reshape(len(patches), -1),
            None,
            epochs=epochs,
            steps=STEPS,
            rate=2e-3,
            seed=self.settings.seed,
            patience=epochs,
            progress=progress,
            title=self.title,
            weight=np.repeat(hidden, patches.shape[2], axis=1).astype(float),
        )
        self.weights, self.history = outcome.weights, {"loss": outcome.losses}
        self._load(series.n_features)

    def _shape(self, features: int) -> Any:
        from timeseries.models.keras_jax import Shape

        width = PATCH * features
        count = WINDOW // PATCH
        return Shape("transformer", ((count, width), (count, 1)), count * width, self.settings.hidden, BATCH)

    def _load(self, features: int) -> None:
        from timeseries.models import keras_jax, networks  # noqa: F401

        self._predictor = keras_jax.Predictor(self._shape(features), self.weights)

    def _scaled(self, values: FloatArray) -> FloatArray:
        result: FloatArray = np.clip((values - self._centre) / self._unit, -CLIP, CLIP)
        return result

    @staticmethod
    def _cut(rows: FloatArray, stride: int) -> FloatArray:
        starts = np.arange(0, len(rows) - WINDOW + 1, stride)
        return rows[starts[:, None] + np.arange(WINDOW)]

    def needed_context(self) -> int:
        """One window."""
        return WINDOW

    def _score(self, series: Series) -> Scored:
        rows = self._scaled(series.values)
        stride = WINDOW // 4 if len(rows) <= 50_000 else WINDOW
        starts = np.unique(np.append(np.arange(0, len(rows) - WINDOW + 1, stride), len(rows) - WINDOW))
        error = np.zeros_like(rows)
        guess = np.zeros_like(rows)
        seen = np.zeros(len(rows))
        place = np.arange(WINDOW // PATCH) % MASKS
        for begin in range(0, len(starts), 512):
            part = starts[begin : begin + 512]
            index = part[:, None] + np.arange(WINDOW)
            windows = rows[index]
            patches = windows.reshape(len(part), WINDOW // PATCH, -1)
            rebuilt = np.empty_like(patches)
            for mask in range(MASKS):
                hidden = np.broadcast_to(place == mask, patches.shape[:2])
                told = self._predictor(
                    [np.where(hidden[:, :, None], 0.0, patches), hidden[:, :, None].astype(float)]
                ).reshape(patches.shape)
                rebuilt = np.where(hidden[:, :, None], told, rebuilt)
            back = rebuilt.reshape(windows.shape)
            for number, at in enumerate(part):
                error[at : at + WINDOW] += (windows[number] - back[number]) ** 2
                guess[at : at + WINDOW] += back[number]
                seen[at : at + WINDOW] += 1
        error, guess = error / seen[:, None], guess / seen[:, None]
        expected = guess[:, 0] * self._unit[0] + self._centre[0]
        return Scored(error.mean(axis=1), expected, error)

    def _state(self) -> tuple[dict[str, Any], artefact.Arrays]:
        arrays: artefact.Arrays = {f"w{index}": weight for index, weight in enumerate(self.weights)}
        return {"history": self.history}, {**arrays, "centre": self._centre, "unit": self._unit}

    def _restore(self, config: dict[str, Any], arrays: artefact.Arrays) -> None:
        self._centre, self._unit = arrays["centre"], arrays["unit"]
        self.history = config["history"]
        count = sum(name[0] == "w" and name[1:].isdigit() for name in arrays)
        self.weights = [arrays[f"w{index}"] for index in range(count)]
        assert self.series is not None
        try:
            self._load(self.series.n_features)
        except ValueError as error:
            raise ArtefactProblem(str(error)) from error
