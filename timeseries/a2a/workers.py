"""The two working agents: one message in, one artifact out, progress on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event
from typing import Any

from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.tasks import TaskUpdater
from a2a.types import Part, Task, TaskState, TaskStatus

from timeseries.a2a.messages import data_of, data_part, whole
from timeseries.data.errors import DataProblem, TrainingCancelled

Work = Callable[[dict[str, Any], Any], dict[str, Any]]
MAX_STEPS = 1000


def _reading(request: dict[str, Any]) -> dict[str, Any]:
    return {"timezone": str(request.get("timezone", "Asia/Seoul")), "period": whole(request.get("period"), 0)}


def forecast(request: dict[str, Any], progress: Any) -> dict[str, Any]:
    """The skill `forecast`."""
    from timeseries import compute

    series, report = compute.series_of(request.get("data"), **_reading(request))
    steps = whole(request.get("steps_ahead"), 10)
    if not 1 <= steps <= MAX_STEPS:
        raise DataProblem("out_of_range", f"`steps_ahead` must be between 1 and {MAX_STEPS}.", field="steps_ahead")
    level = float(request.get("confidence_level") or 0.95)
    answer = compute.forecast_now(series, str(request.get("model", "auto")), steps, level, progress)
    answer["warnings"] = [*report.notes, *answer["warnings"]]
    return answer


def detect(request: dict[str, Any], progress: Any) -> dict[str, Any]:
    """The skill `detect_anomalies`."""
    from timeseries import compute

    series, _report = compute.series_of(request.get("data"), **_reading(request))
    threshold = request.get("threshold")
    level = None if threshold is None else float(threshold)
    return compute.detect_now(series, str(request.get("model", "ensemble")), level, progress)


class WorkExecutor(AgentExecutor):
    """Runs one numeric skill in a thread, a message at a time."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._stops: dict[str, Event] = {}
        # One at a time: two fits on the same core only slow each other down.
        self._turn = asyncio.Semaphore(1)

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Answer the message with an artifact, or fail the task with the reason."""
        updater = await open_task(context, event_queue)
        request = data_of(context.message.parts) if context.message else None
        if request is None or "data" not in request:
            await updater.failed(updater.new_agent_message([Part(text="Send one data part with `data`.")]))
            return
        stop = Event()
        self._stops[updater.task_id] = stop
        try:
            async with self._turn:
                answer = await asyncio.to_thread(self._run, request, stop)
        except DataProblem as problem:
            await updater.failed(updater.new_agent_message([Part(text=problem.message)]))
        except TrainingCancelled:
            await updater.cancel()
        else:
            await updater.add_artifact([data_part(answer)], name="result")
            await updater.complete()
        finally:
            self._stops.pop(updater.task_id, None)

    def _run(self, request: dict[str, Any], stop: Event) -> dict[str, Any]:
        from timeseries.models.base import Progress

        return self._work(request, Progress(is_cancelled=stop.is_set))

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Stop the work at its next step."""
        stop = self._stops.get(context.task_id or "")
        if stop is not None:
            stop.set()
        await TaskUpdater(event_queue, context.task_id or "", context.context_id or "").cancel()


async def open_task(context: RequestContext, event_queue: EventQueue) -> TaskUpdater:
    """Announce the task and mark it as being worked on."""
    task_id, context_id = context.task_id or "", context.context_id or ""
    if context.current_task is None:
        history = [context.message] if context.message else []
        status = TaskStatus(state=TaskState.TASK_STATE_SUBMITTED)
        await event_queue.enqueue_event(Task(id=task_id, context_id=context_id, status=status, history=history))
    updater = TaskUpdater(event_queue, task_id, context_id)
    await updater.start_work()
    return updater
