"""Ensembles: mean, median, weighted by back-test error, or stacked by non-negative least squares."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from timeseries.data.errors import DataProblem
from timeseries.data.series import FloatArray, Series
from timeseries.models import artefact
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Forecaster, scaled_errors
from timeseries.models.forecasting.catalogue import forecaster_class

Method = Literal["mean", "median", "weighted", "stacked"]
DEFAULT_MEMBERS = ("auto_ets", "dynamic_theta", "auto_arima")
MAX_MEMBERS = 10


class Ensemble(Forecaster):
    """Members are given as `extra={"members": [...], "method": ...}`; a member that cannot serve is left out, named."""

    kind = "ensemble"
    title = "Ensemble"
    default_origins = 6
    accepts_features = True

    def __init__(self, settings: Any = None) -> None:
        super().__init__(settings)
        self.members: list[Forecaster] = []
        self.weights: list[float] = []
        self.method = str(self.settings.extra.get("method", "mean"))
        if self.method not in get_args(Method):
            raise DataProblem(
                "unknown_method",
                f"No ensemble method {self.method!r}; choose {', '.join(get_args(Method))}.",
                field="method",
            )
        self._errors: FloatArray | None = None

    @classmethod
    def needed_rows(cls, period: int, horizon: int) -> int:
        """The least of any member: those that need more are left out."""
        return 3

    def member_kinds(self, series: Series) -> list[str]:
        """Kinds to combine."""
        kinds = [str(kind) for kind in self.settings.extra.get("members", DEFAULT_MEMBERS)]
        if not 1 <= len(kinds) <= MAX_MEMBERS or len(set(kinds)) != len(kinds):
            raise DataProblem("members", f"Give 1 to {MAX_MEMBERS} different members.", field="members")
        if "ensemble" in kinds or "auto" in kinds:
            raise DataProblem("members", "An ensemble cannot be a member of an ensemble.", field="members")
        for kind in kinds:
            forecaster_class(kind)
        return kinds

    def combine(self, series: Series, origins: int) -> str:
        """The way to combine for this series."""
        return self.method

    def _fit(self, series: Series, progress: Progress) -> None:
        self.members = []
        for kind in self.member_kinds(series):
            try:
                member = forecaster_class(kind)(self._member_settings())
                self.members.append(member.fit(series, progress=progress, calibrated=False))
            except DataProblem as problem:
                self.notes.append(f"{kind} was left out: {problem.message}")
        if not self.members:
            raise DataProblem("no_member", "No member of the ensemble can serve this series: " + " ".join(self.notes))
        self._weigh(series, progress)

    def _member_settings(self) -> Any:
        from dataclasses import replace

        return replace(self.settings, extra={})

    def _weigh(self, series: Series, progress: Progress) -> None:
        """Back-test all members from the same origins; keep the errors of the combination for the intervals."""
        from timeseries.models.forecasting.base import choose_origins

        horizon = self.settings.horizon
        shortest = max(member._shortest_train() for member in self.members)
        origins = choose_origins(len(series), horizon, shortest, self.settings.origins or self.default_origins)
        equal = [1.0 / len(self.members)] * len(self.members)
        self.weights, self._errors = equal, None
        if not origins:
            if self.method in ("weighted", "stacked"):
                self.notes.append("Too few rows for a back-test: members count equally.")
            return
        stack = np.stack(
            [member.rolling_forecasts(member.series or series, origins, progress) for member in self.members]
        )
        usable = np.isfinite(stack).all(axis=(0, 2))
        stack = stack[:, usable]
        origins = [origin for origin, fine in zip(origins, usable.tolist(), strict=True) if fine]
        if not origins:
            return
        errors = np.stack([scaled_errors(series, origins, rows, self.period) for rows in stack])
        method = self.combine(series, len(origins))
        if method == "weighted":
            self.weights = self._by_error(errors)
        elif method == "stacked":
            self.weights = self._stacked(errors)
        combined = self._blend(stack)
        self._errors = scaled_errors(series, origins, combined, self.period)

    @staticmethod
    def _by_error(errors: FloatArray) -> list[float]:
        size = np.nanmean(np.abs(errors), axis=(1, 2)) + 1e-9
        weights = size**-2.0
        return [float(weight) for weight in weights / weights.sum()]

    @staticmethod
    def _stacked(errors: FloatArray) -> list[float]:
        """Weights ≥ 0 with sum 1 that minimise the squared combined error, half-way towards equal weights."""
        from scipy.optimize import nnls

        flat = errors.reshape(len(errors), -1)
        flat = flat[:, np.isfinite(flat).all(axis=0)]
        count = len(errors)
        # The row of large ones makes the weights sum to one.
        anchor = 1e3 * max(float(np.abs(flat).max(initial=1.0)), 1.0)
        matrix = np.vstack([flat.T, np.full(count, anchor)])
        wanted = np.append(np.zeros(flat.shape[1]), anchor)
        weights, _ = nnls(matrix, wanted)
        weights = weights / weights.sum() if weights.sum() > 0 else np.full(count, 1 / count)
        return [float(weight) for weight in 0.5 * weights + 0.5 / count]

    def _blend(self, stack: FloatArray) -> FloatArray:
        """Combine along the first axis; `trimmed` leaves out the highest and the lowest line of each step."""
        result: FloatArray
        if self.method == "median":
            result = np.median(stack, axis=0)
        elif self.method == "trimmed" and len(stack) > 2:
            result = np.sort(stack, axis=0)[1:-1].mean(axis=0)
        else:
            result = np.tensordot(np.asarray(self.weights), stack, axes=1)
        return result

    def member_forecasts(self, history: Series, steps: int) -> dict[str, FloatArray]:
        """What each member says."""
        answers: dict[str, FloatArray] = {}
        for member in self.members:
            own = member.series if history is self.series and member.series is not None else history
            if own is history and not member.accepts_features and history.n_features > 1:
                from dataclasses import replace

                own = replace(history, values=history.values[:, :1], columns=history.columns[:1])
            answers[member.kind] = member._forecast(own, steps)
        return answers

    def _forecast(self, history: Series, steps: int) -> FloatArray:
        return self._blend(np.stack(list(self.member_forecasts(history, steps).values())))

    def rolling_errors(self, series: Series, origins: list[int], progress: Progress) -> FloatArray:
        """Errors of the combination, known from weighing the members."""
        return np.zeros((0, self.settings.horizon)) if self._errors is None else self._errors

    def needed_context(self) -> int:
        """What the most demanding member needs."""
        return max(member.needed_context() for member in self.members)

    def _state(self) -> tuple[dict[str, Any], artefact.Arrays]:
        arrays: artefact.Arrays = {}
        members = []
        for index, member in enumerate(self.members):
            config, own = member.state()
            # Members hold the ensemble's own series; storing it once is enough.
            arrays.update({f"m{index}.{name}": array for name, array in own.items() if name not in ("series", "times")})
            members.append(config)
        return {"members": members, "weights": self.weights, "method": self.method}, arrays

    def _restore(self, config: dict[str, Any], arrays: artefact.Arrays) -> None:
        self.weights = [float(weight) for weight in config["weights"]]
        self.method = str(config["method"])
        self.members = []
        for index, member in enumerate(config["members"]):
            prefix = f"m{index}."
            own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            own["series"] = arrays["series"][:, : len(member["columns"])]
            if "times" in arrays:
                own["times"] = arrays["times"]
            self.members.append(forecaster_class(member["kind"]).restore(member, own))
