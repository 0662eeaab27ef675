"""Hidden Markov model: rows that the learned states and their order make unlikely."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from timeseries.data.series import FloatArray, Series
from timeseries.models.anomaly.base import Detector, Scored, robust_spread
from timeseries.models.base import Progress

CLIP = 12.0
MAX_TRAIN = 20_000
ITERATIONS = 30
SEEDS = 2
RARE = 0.01


class HMM(Detector):
    """Gaussian states over standardised values and first differences; −log predictive density of each row."""

    kind = "hmm"
    title = "Hidden Markov model"
    least_rows = 50

    def _fit(self, series: Series, progress: Progress) -> None:
        from hmmlearn.hmm import GaussianHMM

        logging.getLogger("hmmlearn").setLevel(logging.ERROR)
        self._centre = np.median(series.values, axis=0)
        self._unit = np.array([max(robust_spread(column), 1e-9) for column in series.values.T])
        differences = np.diff(series.values, axis=0)
        self._step = np.array([max(robust_spread(column), 1e-9) for column in differences.T])
        rows = self._features(series.values)[-MAX_TRAIN:]
        states = self.settings.states or (5 if len(rows) >= 300 else 3)
        best: Any = None
        best_value = -np.inf
        for number in range(SEEDS):
            progress.step(number, SEEDS, f"HMM: fit {number + 1} of {SEEDS}")
            model = GaussianHMM(
                states,
                covariance_type="diag",
                min_covar=1e-3,
                n_iter=ITERATIONS,
                tol=1e-2 * len(rows) / 1000,
                random_state=self.settings.seed + number,
            )
            model.fit(rows)
            value = float(model.score(rows))
            if np.isfinite(value) and value > best_value:
                best, best_value = model, value
        if best is None:
            from timeseries.data.errors import DataProblem

            raise DataProblem("cannot_fit", "The hidden Markov model found no states in this series.")
        # A state that holds a handful of rows has learned the anomaly itself and would explain it away.
        shares = np.asarray(best.predict_proba(rows)).mean(axis=0)
        kept = np.flatnonzero(shares >= RARE) if (shares >= RARE).any() else np.arange(len(shares))
        self._start = np.asarray(best.startprob_)[kept]
        self._moves = np.asarray(best.transmat_)[np.ix_(kept, kept)]
        self._means = np.asarray(best.means_)[kept]
        self._variances = np.array([np.diag(matrix) for matrix in best.covars_])[kept]

    def _features(self, values: FloatArray) -> FloatArray:
        scaled = (values - self._centre) / self._unit
        moves = np.diff(values, axis=0, prepend=values[:1]) / self._step
        result: FloatArray = np.clip(np.concatenate([scaled, moves], axis=1), -CLIP, CLIP)
        return result

    def _score(self, series: Series) -> Scored:
        rows = self._features(series.values)
        variances = np.maximum(self._variances, 1e-3)
        gap = (rows[:, None, :] - self._means) ** 2 / variances
        log = -0.5 * (gap + np.log(2 * np.pi * variances)).sum(axis=2)
        top = log.max(axis=1)
        density = np.exp(log - top[:, None])
        surprise = np.empty(len(rows))
        belief = np.maximum(self._start, 1e-6)
        belief = belief / belief.sum()
        moves = np.maximum(self._moves, 1e-6)
        moves = moves / moves.sum(axis=1, keepdims=True)
        for index in range(len(rows)):
            joint = belief * density[index]
            likelihood = joint.sum()
            if likelihood <= 0:
                likelihood, joint = 1e-300, belief
            surprise[index] = -(np.log(likelihood) + top[index])
            belief = (joint / joint.sum()) @ moves
        columns = series.n_features
        nearest = gap.min(axis=1)
        by_column = nearest[:, :columns] + nearest[:, columns:]
        state = np.argmax(log, axis=1)
        expected = self._means[state, 0] * self._unit[0] + self._centre[0]
        return Scored(surprise, expected, by_column)

    def _state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {
            "centre": self._centre,
            "unit": self._unit,
            "step": self._step,
            "start": self._start,
            "moves": self._moves,
            "means": self._means,
            "variances": self._variances,
        }

    def _restore(self, config: dict[str, Any], arrays: dict[str, Any]) -> None:
        self._centre, self._unit, self._step = arrays["centre"], arrays["unit"], arrays["step"]
        self._start, self._moves = arrays["start"], arrays["moves"]
        self._means, self._variances = arrays["means"], arrays["variances"]
