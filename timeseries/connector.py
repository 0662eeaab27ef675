"""The time-series tools, as workflows and MCP servers see them. Numbers are crunched on compute workers only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from integrations.sdk import Cancelled, Connector, Context, FieldProblem, InvalidParams, Rejected, Text
from timeseries import specs
from timeseries.results import (
    Analysis,
    DetectionResult,
    EnsembleResult,
    ForecastResult,
    HealthResult,
    LeaderboardResult,
    Sample,
    TrainingResult,
)

timeseries = Connector(
    "timeseries",
    title=Text(en="Time series", ko="시계열 분석"),
    description=Text(
        en="Forecasts with calibrated intervals and anomaly detection with reasons, on your own rows.",
        ko="직접 넣은 데이터에 대한 예측(보정된 구간 포함)과 이상치 탐지(이유 설명 포함).",
    ),
    group="analysis",
    icon="icon.svg",
)

Steps = Annotated[int, Field(ge=1, le=1000, description="Rows to forecast")]
Level = Annotated[float, Field(ge=0.5, le=0.999, description="Confidence level of the interval")]
Data = Annotated[
    list[Any] | str | None,
    Field(description="Rows in time order: [1.0, 1.1], [[1.0, 20.0]], records with ds and y, or a JSON string"),
]
Dataset = Annotated[str | None, Field(description="Name of a stored data set, instead of data")]
Period = Annotated[int, Field(ge=0, le=100_000, description="Rows a season; 0 finds it in the data")]
Name = Annotated[str, Field(min_length=1, max_length=100, description="Name of the trained model")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="The same seed gives the same result")]
Kinds = Annotated[tuple[str, ...], Field(min_length=1, max_length=10, description="Kinds of models")]
Epochs = Annotated[int, Field(ge=0, le=1000, description="0 chooses")]


async def _work(ctx: Context, kind: str, spec: type[BaseModel], result: type[Any], **fields: Any) -> Any:
    """Run one job inside this worker and hand its progress on."""
    try:
        typed = spec.model_validate({name: value for name, value in fields.items() if value is not None})
    except ValidationError as error:
        problems = [
            FieldProblem(".".join(str(part) for part in item["loc"]), str(item["msg"])) for item in error.errors()
        ]
        raise InvalidParams("The parameters do not fit.", problems=problems) from None
    if not ctx.workspace_id:
        raise Rejected("Time-series tools need a workspace.", remedy="Run them inside a workflow or deployment.")
    loop = asyncio.get_running_loop()
    pending: set[asyncio.Future[Any]] = set()

    def tell(done: float, message: str) -> None:
        def send() -> None:
            task = asyncio.ensure_future(ctx.progress(done, 1.0, message))
            pending.add(task)
            task.add_done_callback(_quietly(pending))

        loop.call_soon_threadsafe(send)

    from timeseries.services.inline import run_inline

    state, answer, error_data = await asyncio.to_thread(
        run_inline, UUID(ctx.workspace_id), ctx.caller.user_id, kind, typed, tell, ctx.is_cancelled
    )
    if state == "cancelled":
        raise Cancelled("The run was stopped.")
    if error_data is not None:
        problems = [FieldProblem(**item) for item in error_data.get("problems", [])]
        raise Rejected(
            error_data["message"], code=error_data["code"], problems=problems, remedy=error_data.get("remedy", "")
        )
    return result.model_validate(answer)


def _quietly(pending: set[asyncio.Future[Any]]) -> Callable[[asyncio.Future[Any]], None]:
    """Forget a sent progress line; a stopped run shows in the job itself."""

    def done(task: asyncio.Future[Any]) -> None:
        pending.discard(task)
        if not task.cancelled():
            task.exception()

    return done


@timeseries.action(
    title=Text(en="Generate data", ko="샘플 데이터 생성"),
    description=Text(
        en="A sample series of trend, season and noise with labelled anomalies. The same seed gives the same data.",
        ko="추세·계절성·잡음과 라벨이 붙은 이상치를 가진 샘플 시계열. 같은 시드는 같은 데이터를 만듭니다.",
    ),
    heavy=True,
    timeout=60,
)
async def generate_data(
    ctx: Context,
    n_samples: Annotated[int, Field(ge=1, le=20_000, description="Rows")] = 1000,
    n_features: Annotated[int, Field(ge=1, le=20, description="Columns")] = 1,
    trend: Annotated[bool, Field(description="Add a trend")] = True,
    seasonality: Annotated[bool, Field(description="Add a season")] = True,
    noise_level: Annotated[float, Field(ge=0, le=1e6, description="Standard deviation of the noise")] = 0.1,
    period: Annotated[int, Field(ge=2, le=10_000, description="Rows a season")] = 24,
    anomalies: Annotated[int, Field(ge=0, le=1000, description="Events to plant")] = 0,
    seed: Seed = 0,
) -> Sample:
    """A sample series of trend, season and noise with labelled anomalies. The same seed gives the same data."""
    fields = {
        "n_samples": n_samples,
        "n_features": n_features,
        "trend": trend,
        "seasonality": seasonality,
        "noise_level": noise_level,
        "period": period,
        "anomalies": anomalies,
        "seed": seed,
    }
    found: Sample = await _work(ctx, "generate", specs.Generate, Sample, **fields)
    return found


@timeseries.action(
    title=Text(en="Train a forecasting model", ko="예측 모델 훈련"),
    description=Text(
        en="Train LSTM, CNN, Multivariate, AutoETS, AutoTheta, AutoARIMA, MSTL, Prophet, an ensemble or the automatic "
        "choice, back-test it and keep it under a name.",
        ko="LSTM, CNN, 다변량, AutoETS, AutoTheta, AutoARIMA, MSTL, Prophet, 앙상블 또는 자동 선택 모델을 "
        "훈련·백테스트하여 이름으로 저장합니다.",
    ),
    effect="write",
    heavy=True,
    timeout=1800,
)
async def train_forecasting_model(
    ctx: Context,
    model_name: Name,
    data: Data = None,
    dataset: Dataset = None,
    model_type: Annotated[str, Field(description="auto, lstm, cnn, multivariate, auto_ets, auto_theta, …")] = "auto",
    sequence_length: Annotated[int, Field(ge=0, le=2000, description="Rows a net looks back; 0 chooses")] = 0,
    prediction_length: Annotated[int, Field(ge=1, le=1000, description="Rows ahead to train for")] = 1,
    epochs: Epochs = 0,
    period: Period = 0,
    seed: Seed = 0,
    overwrite: Annotated[bool, Field(description="Add a version when the name is taken")] = True,
) -> TrainingResult:
    """Train a forecasting model, back-test it and keep it under a name."""
    found: TrainingResult = await _work(
        ctx,
        "train_forecasting",
        specs.TrainForecasting,
        TrainingResult,
        model_name=model_name,
        data=data,
        dataset=dataset,
        model_type=model_type,
        sequence_length=sequence_length,
        prediction_length=prediction_length,
        epochs=epochs,
        period=period,
        seed=seed,
        overwrite=overwrite,
    )
    return found


@timeseries.action(
    title=Text(en="Train an anomaly model", ko="이상치 모델 훈련"),
    description=Text(
        en="Train Prophet, HMM, Transformer, isolation forest, matrix profile or an ensemble on normal behaviour.",
        ko="정상 동작을 Prophet, HMM, 트랜스포머, 고립 숲, 행렬 프로파일 또는 앙상블로 학습합니다.",
    ),
    effect="write",
    heavy=True,
    timeout=1800,
)
async def train_anomaly_model(
    ctx: Context,
    model_name: Name,
    data: Data = None,
    dataset: Dataset = None,
    model_type: Annotated[str, Field(description="ensemble, prophet, hmm, transformer, …")] = "ensemble",
    epochs: Epochs = 0,
    period: Period = 0,
    seed: Seed = 0,
    overwrite: Annotated[bool, Field(description="Add a version when the name is taken")] = True,
) -> TrainingResult:
    """Train an anomaly model and keep it under a name."""
    found: TrainingResult = await _work(
        ctx,
        "train_anomaly",
        specs.TrainAnomaly,
        TrainingResult,
        model_name=model_name,
        data=data,
        dataset=dataset,
        model_type=model_type,
        epochs=epochs,
        period=period,
        seed=seed,
        overwrite=overwrite,
    )
    return found


@timeseries.action(
    title=Text(en="Predict", ko="예측"),
    description=Text(
        en="Forecast rows ahead with a trained model, with calibrated intervals.",
        ko="훈련된 모델로 앞으로의 값을 보정된 구간과 함께 예측합니다.",
    ),
    heavy=True,
    timeout=120,
)
async def predict(
    ctx: Context, model_name: Name, data: Data = None, steps_ahead: Steps = 10, confidence_level: Level = 0.95
) -> ForecastResult:
    """Forecast rows ahead with a trained model, with calibrated intervals."""
    found: ForecastResult = await _work(
        ctx,
        "predict",
        specs.Predict,
        ForecastResult,
        model_name=model_name,
        data=data,
        steps_ahead=steps_ahead,
        confidence_level=confidence_level,
    )
    return found


@timeseries.action(
    title=Text(en="Detect anomalies", ko="이상치 탐지"),
    description=Text(
        en="Find unusual events with a trained model: when, how strong, what was expected, which columns.",
        ko="훈련된 모델로 이상 구간을 찾고 시점·강도·기대값·기여 변수를 알려줍니다.",
    ),
    heavy=True,
    timeout=120,
)
async def detect_anomalies(
    ctx: Context,
    model_name: Name,
    data: Data = None,
    threshold: Annotated[
        float | None, Field(ge=0.5, lt=1, description="0.95 flags what normal rows exceed 5 % of the time")
    ] = None,
    max_alarms: Annotated[float | None, Field(gt=0, le=1000, description="Alarms a thousand rows")] = None,
) -> DetectionResult:
    """Find unusual events with a trained model: when, how strong, what was expected, which columns."""
    found: DetectionResult = await _work(
        ctx,
        "detect",
        specs.DetectAnomalies,
        DetectionResult,
        model_name=model_name,
        data=data,
        threshold=threshold,
        max_alarms=max_alarms,
    )
    return found


@timeseries.action(
    title=Text(en="Coordinated analysis", ko="통합 분석"),
    description=Text(
        en="Forecast and detect on the same rows at once; if one side fails, the other is still told.",
        ko="같은 데이터에 예측과 이상치 탐지를 함께 수행합니다. 한쪽이 실패해도 다른 쪽 결과를 돌려줍니다.",
    ),
    heavy=True,
    timeout=600,
)
async def coordinated_analysis(
    ctx: Context,
    data: Data = None,
    dataset: Dataset = None,
    analysis_type: Annotated[
        Literal["forecast_and_detect", "forecast", "detect"], Field(description="Both sides or one")
    ] = "forecast_and_detect",
    forecasting_model: Annotated[str, Field(description="Kind or name of a trained model")] = "auto",
    anomaly_model: Annotated[str, Field(description="Kind or name of a trained model")] = "ensemble",
    steps_ahead: Steps = 10,
    period: Period = 0,
) -> Analysis:
    """Forecast and detect on the same rows at once; if one side fails, the other is still told."""
    found: Analysis = await _work(
        ctx,
        "coordinated",
        specs.Coordinated,
        Analysis,
        data=data,
        dataset=dataset,
        analysis_type=analysis_type,
        forecasting_model=forecasting_model,
        anomaly_model=anomaly_model,
        steps_ahead=steps_ahead,
        period=period,
    )
    return found


@timeseries.action(
    title=Text(en="Ensemble forecast", ko="앙상블 예측"),
    description=Text(
        en="Forecast with several models and their mean, median, weighted or stacked combination.",
        ko="여러 모델과 그 평균·중앙값·가중·스택 조합으로 예측합니다.",
    ),
    heavy=True,
    timeout=600,
)
async def ensemble_forecast(
    ctx: Context,
    data: Data = None,
    dataset: Dataset = None,
    models: Kinds = (
        "auto_ets",
        "dynamic_theta",
        "auto_arima",
    ),
    method: Annotated[specs.Method, Field(description="How members are combined")] = "weighted",
    steps_ahead: Steps = 10,
    period: Period = 0,
) -> EnsembleResult:
    """Forecast with several models and their combination."""
    found: EnsembleResult = await _work(
        ctx,
        "ensemble",
        specs.EnsembleForecast,
        EnsembleResult,
        data=data,
        dataset=dataset,
        models=list(models),
        method=method,
        steps_ahead=steps_ahead,
        period=period,
    )
    return found


@timeseries.action(
    title=Text(en="Compare models", ko="모델 비교"),
    description=Text(
        en="Back-test several models on the same rolling origins and rank them by MASE.",
        ko="같은 시점들에서 여러 모델을 백테스트하여 MASE 순으로 보여줍니다.",
    ),
    heavy=True,
    timeout=1800,
)
async def compare_models(
    ctx: Context,
    data: Data = None,
    dataset: Dataset = None,
    models: Kinds = ("seasonal_naive", "auto_ets", "auto"),
    horizon: Annotated[int, Field(ge=1, le=500, description="Rows to forecast")] = 10,
    origins: Annotated[int, Field(ge=1, le=30, description="Times to forecast from")] = 5,
    period: Period = 0,
) -> LeaderboardResult:
    """Back-test several models on the same rolling origins and rank them by MASE."""
    found: LeaderboardResult = await _work(
        ctx,
        "leaderboard",
        specs.Leaderboard,
        LeaderboardResult,
        data=data,
        dataset=dataset,
        models=list(models),
        horizon=horizon,
        origins=origins,
        period=period,
    )
    return found


@timeseries.action(
    title=Text(en="Service health", ko="서비스 상태"),
    description=Text(
        en="Whether the compute queue moves, and the jobs of the last day.",
        ko="계산 큐가 움직이는지와 최근 하루의 작업 수.",
    ),
    # Answered on the compute queue, so that an answer proves that the queue moves.
    heavy=True,
)
async def health(ctx: Context) -> HealthResult:
    """Whether the compute queue moves, and the jobs of the last day."""
    if not ctx.workspace_id:
        raise Rejected("Time-series tools need a workspace.", remedy="Run them inside a workflow or deployment.")
    from timeseries.services.inline import health_of

    return HealthResult.model_validate(await asyncio.to_thread(health_of, UUID(ctx.workspace_id)))
