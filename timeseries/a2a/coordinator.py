"""The coordinator: reads the cards of the agents it knows, asks those with the wanted skills at once, joins answers.

Agents are told apart by the skills on their cards alone: a third agent offering `forecast` becomes a member of the
forecast ensemble without a change here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from a2a.client import A2ACardResolver, Client, ClientConfig, create_client
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.tasks import TaskUpdater
from a2a.types import AgentCard, Part, SendMessageRequest, TaskState
from a2a.utils.errors import A2AError

from portal.common.errors import PortalError
from timeseries.a2a.messages import data_of, data_part, message_of
from timeseries.a2a.workers import open_task

TIMEOUT = 600.0
TRIES = 2
Tell = Callable[[str], Awaitable[None]]
UNREACHABLE = (A2AError, PortalError, OSError, TimeoutError)
FAILED = (TaskState.TASK_STATE_FAILED, TaskState.TASK_STATE_REJECTED, TaskState.TASK_STATE_CANCELED)


class AgentFailed(Exception):
    """An agent answered that it could not do the work; trying again would not help."""


class Peer:
    """An agent known by its address; its card is read once and again after a failure."""

    def __init__(self, url: str, http: Any) -> None:
        self.url = url
        self._http = http
        self._card: AgentCard | None = None
        self._client: Client | None = None

    async def card(self) -> AgentCard:
        """What the agent says about itself."""
        if self._card is None:
            self._card = await A2ACardResolver(self._http, self.url).get_agent_card()
        return self._card

    async def offers(self, skill: str) -> bool:
        """Whether the agent has the skill."""
        return any(entry.id == skill for entry in (await self.card()).skills)

    async def ask(self, request: dict[str, Any], context_id: str, tell: Tell) -> dict[str, Any]:
        """Send the request and wait for the artifact; one retry when the agent cannot be reached."""
        for attempt in range(TRIES):
            try:
                async with asyncio.timeout(TIMEOUT):
                    return await self._ask(request, context_id, tell)
            except AgentFailed:
                raise
            except UNREACHABLE as error:
                self._card = self._client = None
                if attempt + 1 == TRIES:
                    raise AgentFailed(f"{self.url} did not answer: {error or type(error).__name__}") from error
        raise AssertionError("unreachable")

    async def _ask(self, request: dict[str, Any], context_id: str, tell: Tell) -> dict[str, Any]:
        card = await self.card()
        if self._client is None:
            self._client = await create_client(card, ClientConfig(httpx_client=self._http, streaming=True))
        answer: dict[str, Any] | None = None
        async for event in self._client.send_message(SendMessageRequest(message=message_of(request, context_id))):
            if event.HasField("artifact_update"):
                answer = data_of(event.artifact_update.artifact.parts)
            elif event.HasField("status_update"):
                status = event.status_update.status
                await tell(f"{card.name}: {TaskState.Name(status.state).removeprefix('TASK_STATE_').lower()}")
                if status.state in FAILED:
                    words = [part.text for part in status.message.parts if part.HasField("text")]
                    raise AgentFailed(f"{card.name}: {' '.join(words) or 'the task failed'}")
        if answer is None:
            raise AgentFailed(f"{card.name} ended without a result.")
        return answer


class CoordinatorExecutor(AgentExecutor):
    """Plans by skills, runs in parallel, tells partial results."""

    def __init__(self, peers: list[Peer]) -> None:
        self._peers = peers
        self._running: dict[str, asyncio.Task[Any]] = {}

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """The skill `coordinated_analysis`."""
        updater = await open_task(context, event_queue)
        request = data_of(context.message.parts) if context.message else None
        if request is None or "data" not in request:
            await updater.failed(updater.new_agent_message([Part(text="Send one data part with `data`.")]))
            return
        work = asyncio.ensure_future(self._analyse(request, updater))
        self._running[updater.task_id] = work
        try:
            answer = await work
        except asyncio.CancelledError:
            await updater.cancel()
            return
        finally:
            self._running.pop(updater.task_id, None)
        if answer["forecast"] is None and answer["anomalies"] is None:
            reasons = " ".join(answer["failures"].values()) or "No known agent offers the wanted skills."
            await updater.failed(updater.new_agent_message([Part(text=reasons)]))
            return
        await updater.add_artifact([data_part(answer)], name="coordinated_analysis")
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Stop asking."""
        work = self._running.get(context.task_id or "")
        if work is not None:
            work.cancel()
        await TaskUpdater(event_queue, context.task_id or "", context.context_id or "").cancel()

    async def _analyse(self, request: dict[str, Any], updater: TaskUpdater) -> dict[str, Any]:
        async def tell(text: str) -> None:
            await updater.update_status(
                TaskState.TASK_STATE_WORKING, message=updater.new_agent_message([Part(text=text)])
            )

        failures: dict[str, str] = {}
        forecasters = await self._with_skill("forecast", failures)
        detectors = await self._with_skill("detect_anomalies", failures)
        common = {key: request[key] for key in ("data", "timezone", "period") if key in request}
        wanted = {key: request[key] for key in ("steps_ahead", "confidence_level") if key in request}
        forecast = {**common, **wanted, "model": request.get("forecasting_model", "auto")}
        detection = {**common, "model": request.get("anomaly_model", "ensemble")}
        if "threshold" in request:
            detection["threshold"] = request["threshold"]
        asked = [(peer, forecast) for peer in forecasters] + [(peer, detection) for peer in detectors]
        answers = await asyncio.gather(
            *(peer.ask(body, updater.context_id, tell) for peer, body in asked), return_exceptions=True
        )
        forecasts, findings = {}, {}
        for index, ((peer, _body), answer) in enumerate(zip(asked, answers, strict=True)):
            if isinstance(answer, AgentFailed):
                failures[peer.url] = str(answer)
            elif isinstance(answer, BaseException):
                raise answer
            elif index < len(forecasters):
                forecasts[peer.url] = answer
            else:
                findings[peer.url] = answer
        return {
            "forecast": join_forecasts(forecasts),
            "anomalies": next(iter(findings.values()), None),
            "members": {"forecast": list(forecasts), "detect_anomalies": list(findings)},
            "failures": failures,
        }

    async def _with_skill(self, skill: str, failures: dict[str, str]) -> list[Peer]:
        found = []
        for peer in self._peers:
            try:
                if await peer.offers(skill):
                    found.append(peer)
            except UNREACHABLE as error:
                failures[peer.url] = f"{peer.url} shows no card: {error}"
        return found


def join_forecasts(answers: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """One agent's forecast as it is; several as their mean, with the mean of their intervals."""
    if not answers:
        return None
    parts = list(answers.values())
    if len(parts) == 1:
        return parts[0]
    joined = dict(parts[0])
    lines = [[row[0] for row in part["predictions"]] for part in parts]
    joined["predictions"] = [[sum(values) / len(values)] for values in zip(*lines, strict=True)]
    for side in ("lower", "upper"):
        joined[side] = [sum(values) / len(values) for values in zip(*(part[side] for part in parts), strict=True)]
    joined["model"] = "mean of " + ", ".join(str(part.get("model", url)) for url, part in answers.items())
    joined["warnings"] = [warning for part in parts for warning in part.get("warnings", [])]
    return joined
