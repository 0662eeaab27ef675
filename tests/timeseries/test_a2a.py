"""Three real agents speaking A2A to one another inside this process."""

from __future__ import annotations

import math
from typing import Any

import httpx2
import pytest
from a2a.client import ClientConfig, create_client
from a2a.types import SendMessageRequest, TaskState

from timeseries.a2a.app import build, service_token, worker
from timeseries.a2a.coordinator import CoordinatorExecutor, Peer, join_forecasts
from timeseries.a2a.messages import data_of, message_of

TOKEN = service_token("a secret")
WAVE = [[10 + math.sin(2 * math.pi * row / 12)] for row in range(96)]
WAVE[60] = [30.0]
REQUEST = {"data": WAVE, "steps_ahead": 3, "forecasting_model": "seasonal_naive", "anomaly_model": "robust_z"}


class Hosts(httpx2.AsyncBaseTransport):
    """Several ASGI applications, each at its host name."""

    def __init__(self, apps: dict[str, Any]) -> None:
        self._transports = {host: httpx2.ASGITransport(app=app) for host, app in apps.items()}

    async def handle_async_request(self, request):
        if request.url.host not in self._transports:
            raise OSError(f"no host {request.url.host}")
        return await self._transports[request.url.host].handle_async_request(request)


def network(**agents: str) -> httpx2.AsyncClient:
    """A client that reaches the named agents, with the service token."""
    apps = {host: build(kind, f"http://{host}", TOKEN, worker(kind)) for host, kind in agents.items()}
    return httpx2.AsyncClient(transport=Hosts(apps), headers={"Authorization": f"Bearer {TOKEN}"})


async def ask(executor: CoordinatorExecutor, request: dict[str, Any]):
    """Send the request to a coordinator as an outside client would; the last state, artifact and words on the way."""
    app = build("coordinator", "http://coordinator", TOKEN, executor)
    http = httpx2.AsyncClient(transport=Hosts({"coordinator": app}), headers={"Authorization": f"Bearer {TOKEN}"})
    client = await create_client("http://coordinator", ClientConfig(httpx_client=http, streaming=True))
    state, result, words = None, None, []
    async for event in client.send_message(SendMessageRequest(message=message_of(request, "context-1"))):
        if event.HasField("artifact_update"):
            result = data_of(event.artifact_update.artifact.parts)
        elif event.HasField("status_update"):
            state = event.status_update.status.state
            words += [part.text for part in event.status_update.status.message.parts]
    return state, result, words


async def test_the_coordinator_joins_what_the_two_agents_answer():
    http = network(one="forecasting", two="anomaly")
    peers = [Peer("http://one", http), Peer("http://two", http)]

    state, result, words = await ask(CoordinatorExecutor(peers), REQUEST)

    assert state == TaskState.TASK_STATE_COMPLETED
    assert [row[0] for row in result["forecast"]["predictions"]] == pytest.approx([row[0] for row in WAVE[-12:-9]])
    assert any(event["start"] <= 60 <= event["end"] for event in result["anomalies"]["anomalies"])
    assert any("Forecasting agent" in word for word in words) and any("Anomaly" in word for word in words)


async def test_a_third_agent_with_the_skill_joins_the_ensemble():
    http = network(one="forecasting", three="forecasting", two="anomaly")
    peers = [Peer(f"http://{host}", http) for host in ("one", "two", "three")]

    _state, result, _words = await ask(CoordinatorExecutor(peers), REQUEST)

    assert result["members"]["forecast"] == ["http://one", "http://three"]
    assert result["forecast"]["model"].startswith("mean of")


async def test_a_dead_agent_is_named_and_the_other_side_is_told():
    http = network(one="forecasting")
    peers = [Peer("http://one", http), Peer("http://dead", http)]

    state, result, _words = await ask(CoordinatorExecutor(peers), REQUEST)

    assert state == TaskState.TASK_STATE_COMPLETED
    assert result["anomalies"] is None and "http://dead" in result["failures"]
    assert len(result["forecast"]["predictions"]) == 3


async def test_unusable_rows_fail_the_task_with_the_reason():
    http = network(one="forecasting")
    state, result, words = await ask(CoordinatorExecutor([Peer("http://one", http)]), {**REQUEST, "data": [["x"]]})
    assert state == TaskState.TASK_STATE_FAILED and result is None
    assert any("Row 0, column 0" in word for word in words)


async def test_the_card_is_open_and_the_rest_needs_the_token():
    app = build("anomaly", "http://agent", TOKEN, worker("anomaly"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://agent") as http:
        card = (await http.get("/.well-known/agent-card.json")).json()
        assert card["skills"][0]["id"] == "detect_anomalies"
        assert card["supportedInterfaces"][0]["url"] == "http://agent/a2a"
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            assert (await http.post("/a2a", json={}, headers=headers)).status_code == 401


def test_joined_intervals_enclose_the_joined_forecast():
    parts = {
        "a": {"predictions": [[1.0]], "lower": [0.0], "upper": [2.0], "warnings": []},
        "b": {"predictions": [[3.0]], "lower": [2.5], "upper": [4.0], "warnings": ["w"]},
    }
    joined = join_forecasts(parts)
    assert joined["predictions"] == [[2.0]] and joined["lower"] == [1.25] and joined["upper"] == [3.0]
    assert join_forecasts({}) is None
