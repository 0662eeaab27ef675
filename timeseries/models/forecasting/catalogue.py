"""Every forecasting model by its kind. Names here are pure text: classes are imported when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from timeseries.data.errors import ArtefactProblem, DataProblem

if TYPE_CHECKING:
    from pathlib import Path

    from timeseries.models.forecasting.base import Forecaster


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a model lives and what to call it."""

    module: str
    name: str
    title_en: str
    title_ko: str
    neural: bool = False


ROOM = "timeseries.models.forecasting"
KINDS: dict[str, Kind] = {
    "auto": Kind("auto", "Auto", "Automatic choice", "자동 선택"),
    "ensemble": Kind("ensemble", "Ensemble", "Ensemble", "앙상블"),
    "lstm": Kind("lstm", "LSTM", "LSTM", "LSTM", True),
    "cnn": Kind("cnn", "CNN", "CNN (temporal convolution)", "CNN(시간 합성곱)", True),
    "multivariate": Kind("multivariate", "Multivariate", "Multivariate", "다변량", True),
    "seasonal_naive": Kind("seasonal_naive", "SeasonalNaive", "Seasonal naive", "계절 나이브"),
    "seasonal_average": Kind("seasonal_average", "SeasonalAverage", "Seasonal average", "계절 평균"),
    "auto_ets": Kind("auto_ets", "AutoETS", "AutoETS", "AutoETS"),
    "auto_theta": Kind("auto_theta", "AutoTheta", "AutoTheta", "AutoTheta"),
    "dynamic_theta": Kind("dynamic_theta", "DynamicTheta", "Dynamic Theta", "동적 세타"),
    "scaled_theta": Kind("scales", "ScaledTheta", "Theta over time scales", "여러 시간 척도의 세타"),
    "scaled_trend": Kind("scales", "ScaledTrend", "Damped trend over time scales", "여러 시간 척도의 감쇠 추세"),
    "auto_arima": Kind("auto_arima", "AutoARIMA", "AutoARIMA", "AutoARIMA"),
    "auto_ces": Kind("complex_smoothing", "ComplexSmoothing", "Complex smoothing", "복소 평활"),
    "mstl": Kind("mstl", "MSTL", "MSTL", "MSTL"),
    "prophet": Kind("prophet", "Prophet", "Prophet", "Prophet"),
}


def forecaster_class(kind: str) -> type[Forecaster]:
    """The class of a kind; DataProblem lists the kinds when it is unknown."""
    if kind not in KINDS:
        raise DataProblem(
            "unknown_model_type",
            f"No forecasting model {kind!r}; choose one of {', '.join(KINDS)}.",
            field="model_type",
        )
    entry = KINDS[kind]
    found: type[Forecaster] = getattr(import_module(f"{ROOM}.{entry.module}"), entry.name)
    return found


def load(folder: Path) -> Forecaster:
    """A saved model, ready to predict. Raises ArtefactProblem when the files are not whole."""
    from timeseries.models import artefact

    config, arrays = artefact.read(folder)
    if config.get("task") != "forecasting" or config.get("kind") not in KINDS:
        raise ArtefactProblem("The stored model is not a forecasting model of this service.")
    try:
        return forecaster_class(config["kind"]).restore(config, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactProblem(f"The stored model lacks a part: {error}") from error
