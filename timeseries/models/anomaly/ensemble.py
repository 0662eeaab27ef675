"""Ensemble detector: the mean of the members' robust scores, clipped and smoothed, never of raw ones."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from timeseries.data.errors import DataProblem
from timeseries.data.series import FloatArray, Series
from timeseries.models import artefact
from timeseries.models.anomaly.base import Detector, Scored, Settings
from timeseries.models.anomaly.catalogue import detector_class
from timeseries.models.base import Progress

DEFAULT_MEMBERS = ("prophet", "hmm", "transformer", "isolation_forest")
# Prophet sees one column only: for many sensors the others decide alone.
MANY_COLUMNS = ("hmm", "transformer", "isolation_forest")
WEIGHTS = {"prophet": 2.0, "isolation_forest": 2.0}
LOW, HIGH = -3.0, 30.0
# An event lasts: the mean over 1.25 % of the rows counts, plus a part of the row itself so that a lone spike shows.
NEAR, OWN = 0.0125, 0.25
MAX_MEMBERS = 8


class EnsembleDetector(Detector):
    """Members are given as `extra={"members": [...]}`; one that cannot serve is left out and named."""

    kind = "ensemble"
    title = "Ensemble"

    def __init__(self, settings: Any = None) -> None:
        super().__init__(settings)
        self.members: list[Detector] = []

    def member_kinds(self, series: Series) -> list[str]:
        """Kinds to combine."""
        usual = MANY_COLUMNS if series.n_features > 2 else DEFAULT_MEMBERS
        kinds = [str(kind) for kind in self.settings.extra.get("members", usual)]
        if not 1 <= len(kinds) <= MAX_MEMBERS or len(set(kinds)) != len(kinds) or "ensemble" in kinds:
            raise DataProblem("members", f"Give 1 to {MAX_MEMBERS} different single models.", field="members")
        for kind in kinds:
            detector_class(kind)
        return kinds

    def _fit(self, series: Series, progress: Progress) -> None:
        self.members = []
        for kind in self.member_kinds(series):
            own = Settings(**{**asdict(self.settings), "extra": {}})
            try:
                self.members.append(detector_class(kind)(own).fit(series, progress=progress))
            except DataProblem as problem:
                self.notes.append(f"{kind} was left out: {problem.message}")
        if not self.members:
            raise DataProblem("no_member", "No member of the ensemble can serve this series: " + " ".join(self.notes))

    def needed_context(self) -> int:
        """What the most demanding member needs."""
        return max(member.needed_context() for member in self.members)

    def _score(self, series: Series) -> Scored:
        parts = [member._scored(series) for member in self.members]
        weights = [WEIGHTS.get(member.kind, 1.0) for member in self.members]
        mean: FloatArray = np.average([np.clip(robust, LOW, HIGH) for robust, _ in parts], axis=0, weights=weights)
        mean = moving_mean(mean, max(int(len(mean) * NEAR), 1)) + OWN * mean
        expected = [scored.expected for _, scored in parts if scored.expected is not None]
        columns = [
            scored.by_column / max(float(np.median(scored.by_column)), 1e-9)
            for _, scored in parts
            if scored.by_column is not None
        ]
        return Scored(
            mean,
            np.median(expected, axis=0) if expected else None,
            np.mean(columns, axis=0) if columns else None,
        )

    def _state(self) -> tuple[dict[str, Any], artefact.Arrays]:
        arrays: artefact.Arrays = {}
        configs = []
        for index, member in enumerate(self.members):
            config, own = member.state()
            arrays.update({f"m{index}.{name}": array for name, array in own.items() if name not in ("series", "times")})
            configs.append(config)
        return {"members": configs}, arrays

    def _restore(self, config: dict[str, Any], arrays: artefact.Arrays) -> None:
        self.members = []
        for index, member in enumerate(config["members"]):
            prefix = f"m{index}."
            own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            own["series"] = arrays["series"]
            if "times" in arrays:
                own["times"] = arrays["times"]
            self.members.append(detector_class(member["kind"]).restore(member, own))


def moving_mean(values: FloatArray, width: int) -> FloatArray:
    """Centred mean over `width` rows; the ends are held."""
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    result: FloatArray = np.convolve(padded, np.ones(width) / width, mode="valid")
    return result
