"""What the tools answer: typed shapes of the jobs' results."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Result(BaseModel):
    # Job results carry chart data for pages; tools hand on what is declared here.
    model_config = ConfigDict(extra="ignore", protected_namespaces=())


class PlantedEvent(Result):
    kind: str
    start: int
    end: int


class Sample(Result):
    """A generated series; `labels` is 1 in rows of a planted event."""

    data: list[list[float | None]]
    timestamps: list[str]
    labels: list[int]
    anomalies: list[PlantedEvent]


class TrainingResult(Result):
    """A finished training; `metrics.mase` below `metrics.naive_mase` beats repeating the last season."""

    model_name: str
    version: int
    model_type: str
    metrics: dict[str, float | int | None]
    notes: list[str]
    rows: int
    seconds: float


class ForecastResult(Result):
    """Predictions with their interval, in the unit of the data."""

    model_name: str = ""
    model: str = ""
    version: int = 0
    predictions: list[list[float | None]]
    lower: list[float | None]
    upper: list[float | None]
    confidence_level: float
    steps_ahead: int
    timestamps: list[str] | None = Field(
        default=None, description="UTC times of the predicted rows, if the data had any"
    )
    warnings: list[str]


class Event(Result):
    """One unusual stretch, rows `start` to `end`; `contributions` are shares of the columns."""

    start: int
    end: int
    peak: int
    start_at: str | int
    end_at: str | int
    score: float
    expected: float | None
    actual: float | None
    contributions: dict[str, float]


class DetectionResult(Result):
    """Scores in spreads above the usual; events are rows above the threshold, joined when near."""

    model_name: str = ""
    model: str = ""
    version: int = 0
    scores: list[float]
    is_anomaly: list[bool]
    threshold: float
    anomalies: list[Event]
    warnings: list[str]


class Analysis(Result):
    """Both sides; the one that failed is null and named in `failures`."""

    forecast: ForecastResult | None
    anomalies: DetectionResult | None
    failures: dict[str, str]
    summary: dict[str, Any]
    warnings: list[str]


class Member(Result):
    model: str
    weight: float
    predictions: list[float | None]


class EnsembleResult(ForecastResult):
    method: str
    members: list[Member]


class LeaderboardRow(Result):
    model: str
    mase: float | None = None
    smape: float | None = None
    rmse: float | None = None
    origins: int = 0
    seconds: float = 0
    error: str = ""


class LeaderboardResult(Result):
    horizon: int
    rows: list[LeaderboardRow]


class Queue(Result):
    waiting: int
    oldest_since: datetime | None


class HealthResult(Result):
    status: str
    queue: Queue
    jobs_last_day: dict[str, int]
    as_of: datetime
