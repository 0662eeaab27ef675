"""What requests may ask for. One model each, shared by REST and by the connector's actions. Light to import."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from timeseries.models.anomaly.catalogue import KINDS as ANOMALY_KINDS
from timeseries.models.forecasting.catalogue import KINDS as FORECASTING_KINDS

Rows = Annotated[
    list[Any] | dict[str, Any] | str,
    Field(
        description="Rows in time order as an array, records, columns, or the same as a JSON string; null is missing"
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=100, description="Name of the trained model")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Method = Literal["mean", "median", "weighted", "stacked"]


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Source(Spec):
    """Where the rows come from: `data` in the request, or a stored data set."""

    data: Rows | None = None
    dataset: str | None = Field(default=None, max_length=120, description="Name of a stored data set")
    period: int = Field(default=0, ge=0, le=100_000, description="Rows a season; 0 finds it in the data")
    timezone: str = Field(default="Asia/Seoul", max_length=64, description="Zone of times written without one")

    @model_validator(mode="after")
    def _one_source(self) -> Source:
        if (self.data is None) == (self.dataset is None):
            raise ValueError("Send either `data` or `dataset`.")
        return self


def _known(kind: str, kinds: dict[str, Any], what: str) -> str:
    if kind not in kinds:
        raise ValueError(f"No {what} model {kind!r}; choose one of {', '.join(kinds)}.")
    return kind


class TrainForecasting(Source):
    model_type: str = "auto"
    model_name: Name
    sequence_length: int = Field(default=0, ge=0, le=2000, description="Rows a net looks back; 0 chooses")
    prediction_length: int = Field(default=1, ge=1, le=1000)
    epochs: int = Field(default=0, ge=0, le=1000, description="0 chooses; training stops early when it stops helping")
    hidden: int = Field(default=32, ge=4, le=256)
    learning_rate: float = Field(default=3e-3, ge=1e-6, le=1)
    members: list[str] = Field(default=[], max_length=10, description="Members of an ensemble")
    method: Method = "mean"
    seed: Seed = 0
    overwrite: bool = Field(default=False, description="Add a version when the name is taken")

    @field_validator("model_type")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        return _known(value, FORECASTING_KINDS, "forecasting")


class TrainAnomaly(Source):
    model_type: str = "ensemble"
    model_name: Name
    window: int = Field(default=0, ge=0, le=5000)
    epochs: int = Field(default=0, ge=0, le=1000)
    states: int = Field(default=0, ge=0, le=12, description="States of the hidden Markov model; 0 chooses")
    members: list[str] = Field(default=[], max_length=8)
    seed: Seed = 0
    overwrite: bool = False

    @field_validator("model_type")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        return _known(value, ANOMALY_KINDS, "anomaly")


class Predict(Spec):
    model_name: Name
    data: Rows | None = Field(default=None, description="Rows to forecast from; without, the training rows")
    steps_ahead: int = Field(default=1, ge=1, le=10_000)
    confidence_level: float = Field(default=0.95, ge=0.5, le=0.999)
    timezone: str = Field(default="Asia/Seoul", max_length=64)


class DetectAnomalies(Spec):
    model_name: Name
    data: Rows | None = Field(default=None, description="Rows to judge; without, the training rows")
    threshold: float | None = Field(
        default=None,
        ge=0.5,
        lt=1,
        description="0.95 flags what normal rows exceed 5 % of the time; empty: alarm budget",
    )
    max_alarms: float | None = Field(default=None, gt=0, le=1000, description="Alarms a thousand rows")
    timezone: str = Field(default="Asia/Seoul", max_length=64)


class Coordinated(Source):
    analysis_type: Literal["forecast_and_detect", "forecast", "detect"] = "forecast_and_detect"
    forecasting_model: str = Field(default="auto", max_length=100, description="Kind or name of a trained model")
    anomaly_model: str = Field(default="ensemble", max_length=100, description="Kind or name of a trained model")
    steps_ahead: int = Field(default=10, ge=1, le=1000)
    confidence_level: float = Field(default=0.95, ge=0.5, le=0.999)
    threshold: float | None = Field(default=None, ge=0.5, lt=1)


class EnsembleForecast(Source):
    models: list[str] = Field(
        default=["auto_ets", "dynamic_theta", "auto_arima"], min_length=1, max_length=10, description="Kinds to combine"
    )
    method: Method = "weighted"
    steps_ahead: int = Field(default=10, ge=1, le=1000)
    confidence_level: float = Field(default=0.95, ge=0.5, le=0.999)


class Leaderboard(Source):
    models: list[str] = Field(default=["seasonal_naive", "auto_ets", "auto_theta", "auto"], min_length=1, max_length=10)
    horizon: int = Field(default=10, ge=1, le=500)
    origins: int = Field(default=5, ge=1, le=30)


class Generate(Spec):
    n_samples: int = Field(default=1000, ge=1, le=200_000)
    n_features: int = Field(default=1, ge=1, le=50)
    trend: bool = True
    seasonality: bool = True
    noise_level: float = Field(default=0.1, ge=0, le=1e6)
    period: int = Field(default=24, ge=2, le=10_000)
    missing_share: float = Field(default=0, ge=0, lt=0.9)
    anomalies: int = Field(default=0, ge=0, le=10_000)
    seed: Seed = 0
    save_as: str | None = Field(default=None, max_length=120, description="Also keep it as a data set of this name")


class ImportFile(Spec):
    """The fields beside an uploaded file."""

    name: str = Field(min_length=1, max_length=120, description="Name of the data set")
    filename: str = Field(min_length=1, max_length=255)
    target: str | None = Field(default=None, max_length=200, description="Column to forecast; the first number column")
    time_column: str | None = Field(default=None, max_length=200)
    sheet: str | None = Field(default=None, max_length=200)
    timezone: str = Field(default="Asia/Seoul", max_length=64)
    source: Literal["upload", "workflow"] = "upload"
