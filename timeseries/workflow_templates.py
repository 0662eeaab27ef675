"""The three MCP servers of the time-series service: Forecasting, Anomaly Detection, Coordinator."""

from __future__ import annotations

from integrations.sdk import Text
from integrations.sdk.template import Template, TemplateTool
from timeseries.connector import timeseries

ANALYST = Text("Data analysts", "데이터 분석가")

GO_LIVE = Text(
    "It computes here, without an outside service: send your own rows, or import them as a dataset.",
    "외부 서비스 없이 여기서 계산합니다. 자신의 데이터를 보내거나 데이터셋으로 가져오세요.",
)


def _tool(name: str) -> TemplateTool:
    action = timeseries.actions[name]
    return TemplateTool(name=name, title=action.title, description=action.description.en, action=action.id)


FORECASTING = Template(
    key="time-series-forecasting",
    title=Text("Forecasting server", "예측 서버"),
    description=Text(
        "Train LSTM, CNN, multivariate and statistical models on your rows and forecast with calibrated intervals.",
        "LSTM·CNN·다변량·통계 모델을 내 데이터로 훈련하고 보정된 구간과 함께 예측합니다.",
    ),
    audience=ANALYST,
    go_live=GO_LIVE,
    tools=tuple(
        _tool(name)
        for name in (
            "generate_data",
            "train_forecasting_model",
            "predict",
            "ensemble_forecast",
            "compare_models",
            "health",
        )
    ),
    sample_input={"n_samples": 300, "anomalies": 3},
    icon="chart",
)
ANOMALY = Template(
    key="time-series-anomaly",
    title=Text("Anomaly detection server", "이상치 탐지 서버"),
    description=Text(
        "Learn normal behaviour with Prophet, HMM, Transformer or an ensemble and find events with reasons.",
        "Prophet·HMM·트랜스포머·앙상블로 정상 동작을 학습하고 이상 구간을 이유와 함께 찾습니다.",
    ),
    audience=ANALYST,
    go_live=GO_LIVE,
    tools=tuple(_tool(name) for name in ("generate_data", "train_anomaly_model", "detect_anomalies", "health")),
    sample_input={"n_samples": 300, "anomalies": 3},
    icon="chart",
)
COORDINATOR = Template(
    key="time-series-coordinator",
    title=Text("Coordinator server", "조정자 서버"),
    description=Text(
        "One tool that forecasts and detects on the same rows and joins both answers.",
        "같은 데이터에 예측과 이상치 탐지를 함께 실행해 하나의 답으로 묶는 도구입니다.",
    ),
    audience=ANALYST,
    go_live=GO_LIVE,
    tools=tuple(_tool(name) for name in ("generate_data", "coordinated_analysis", "ensemble_forecast", "health")),
    sample_input={"n_samples": 300, "anomalies": 3},
    icon="chart",
)

TEMPLATES = [FORECASTING, ANOMALY, COORDINATOR]
