"""Every anomaly model by its kind. Names here are pure text: classes are imported when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from timeseries.data.errors import ArtefactProblem, DataProblem
from timeseries.models.forecasting.catalogue import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from timeseries.models.anomaly.base import Detector

ROOM = "timeseries.models.anomaly"
KINDS: dict[str, Kind] = {
    "ensemble": Kind("ensemble", "EnsembleDetector", "Ensemble", "앙상블"),
    "prophet": Kind("prophet", "ProphetResidual", "Prophet residual", "Prophet 잔차"),
    "hmm": Kind("hmm", "HMM", "Hidden Markov model", "은닉 마르코프 모형"),
    "transformer": Kind("transformer", "Transformer", "Transformer reconstruction", "트랜스포머 복원", True),
    "isolation_forest": Kind("isolation", "IsolationForest", "Isolation forest", "고립 숲"),
    "matrix_profile": Kind("matrix_profile", "MatrixProfile", "Matrix profile", "행렬 프로파일"),
    "robust_z": Kind("robust_z", "RobustZ", "Robust z-score", "강건 z 점수"),
    "spectral_residual": Kind("spectral_residual", "SpectralResidual", "Spectral residual", "스펙트럼 잔차"),
}


def detector_class(kind: str) -> type[Detector]:
    """The class of a kind; DataProblem lists the kinds when it is unknown."""
    if kind not in KINDS:
        raise DataProblem(
            "unknown_model_type", f"No anomaly model {kind!r}; choose one of {', '.join(KINDS)}.", field="model_type"
        )
    entry = KINDS[kind]
    found: type[Detector] = getattr(import_module(f"{ROOM}.{entry.module}"), entry.name)
    return found


def load(folder: Path) -> Detector:
    """A saved model, ready to detect. Raises ArtefactProblem when the files are not whole."""
    from timeseries.models import artefact

    config, arrays = artefact.read(folder)
    if config.get("task") != "anomaly" or config.get("kind") not in KINDS:
        raise ArtefactProblem("The stored model is not an anomaly model of this service.")
    try:
        return detector_class(config["kind"]).restore(config, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactProblem(f"The stored model lacks a part: {error}") from error
