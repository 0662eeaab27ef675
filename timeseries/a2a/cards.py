"""Agent cards: who an agent is and which skills it offers."""

from __future__ import annotations

from typing import Literal

from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    HTTPAuthSecurityScheme,
    SecurityRequirement,
    SecurityScheme,
    StringList,
)

AgentName = Literal["forecasting", "anomaly", "coordinator"]
VERSION = "1.0.0"
FORECAST = AgentSkill(
    id="forecast",
    name="Forecast",
    description="Forecast rows ahead with calibrated intervals. Data part: data, steps_ahead, model, confidence_level.",
    tags=["time-series", "forecasting"],
)
DETECT = AgentSkill(
    id="detect_anomalies",
    name="Detect anomalies",
    description="Find unusual events with reasons. Data part: data, model, threshold.",
    tags=["time-series", "anomaly-detection"],
)
COORDINATE = AgentSkill(
    id="coordinated_analysis",
    name="Coordinated analysis",
    description="Ask every known forecasting and anomaly agent about the same rows and join their answers.",
    tags=["time-series", "coordination"],
)
SKILLS: dict[AgentName, tuple[str, AgentSkill]] = {
    "forecasting": ("Forecasting agent", FORECAST),
    "anomaly": ("Anomaly detection agent", DETECT),
    "coordinator": ("Coordinator agent", COORDINATE),
}


def card(agent: AgentName, base_url: str) -> AgentCard:
    """The card of an agent reachable at `base_url`."""
    name, skill = SKILLS[agent]
    bearer = SecurityScheme(http_auth_security_scheme=HTTPAuthSecurityScheme(scheme="bearer"))
    return AgentCard(
        name=name,
        description=skill.description,
        version=VERSION,
        supported_interfaces=[
            AgentInterface(url=f"{base_url.rstrip('/')}/a2a", protocol_binding="JSONRPC", protocol_version="1.0")
        ],
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["application/json"],
        default_output_modes=["application/json"],
        skills=[skill],
        security_schemes={"bearer": bearer},
        security_requirements=[SecurityRequirement(schemes={"bearer": StringList()})],
    )
