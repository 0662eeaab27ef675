"""Starting executions and waiting for them: one row, one Celery task, one reply over Redis.

This is the hot path of every tool call, so it speaks SQL directly. A start counts as accepted once its row is
committed: if the task is lost on the way (Redis gone, worker killed), the reaper in `workflows.worker` sends
it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection as django_connection
from django.db import transaction
from psycopg.types.json import Jsonb

from portal.common import pg
from portal.common.errors import Unready
from portal.common.hub import hub
from portal.common.ids import random_token, uuid7
from portal.common.json import dumps
from portal.common.loops import per_loop
from workflows.models import Execution
from workflows.queueing import send_task

Event = dict[str, Any]


@dataclass(slots=True)
class Start:
    """Everything an execution is started with."""

    workspace_id: UUID
    workflow_id: UUID | None = None
    version_id: UUID | None = None
    definition: dict[str, Any] | None = None
    input: dict[str, Any] = field(default_factory=dict)
    source: str = Execution.Source.PAGE
    caller: dict[str, Any] = field(default_factory=dict)
    user_id: UUID | None = None
    deployment_id: UUID | None = None
    revision_id: UUID | None = None
    tool: str = ""
    idempotency_key: str | None = None
    queue: str = "default"
    timeout_seconds: float = 300.0
    parent_id: UUID | None = None
    reply_to: str = ""
    options: dict[str, Any] | None = None
    id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended."""

    execution_id: UUID
    state: str
    output: Any = None
    error: dict[str, Any] | None = None
    replayed: bool = False

    @property
    def is_done(self) -> bool:
        return self.state in Execution.DONE


_COLUMNS = (
    "id, created_at, workspace_id, workflow_id, version_id, definition, input, source, caller, user_id, "
    "deployment_id, revision_id, tool, idempotency_key, queue, timeout_seconds, parent_id, reply_to, options, "
    "state, lease_until, lease_owner, attempts, crashes"
)
_INSERT = f"""
    INSERT INTO workflows_execution ({_COLUMNS})
    VALUES (%s, now(), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
            'queued', now() + make_interval(secs => %s), '', 0, 0)
    ON CONFLICT (workspace_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING id
"""  # noqa: S608 - column names are constants
_EXISTING = """
    SELECT id, state, output, error FROM workflows_execution WHERE workspace_id = %s AND idempotency_key = %s
"""
_OUTCOME = "SELECT id, state, output, error FROM workflows_execution WHERE id = ANY(%s)"


def _values(start: Start) -> tuple[Any, ...]:
    return (
        start.id,
        start.workspace_id,
        start.workflow_id,
        start.version_id,
        Jsonb(start.definition, dumps=dumps) if start.definition is not None else None,
        Jsonb(start.input, dumps=dumps),
        start.source,
        Jsonb(start.caller, dumps=dumps),
        start.user_id,
        start.deployment_id,
        start.revision_id,
        start.tool,
        start.idempotency_key,
        start.queue,
        start.timeout_seconds,
        start.parent_id,
        start.reply_to,
        Jsonb(start.options, dumps=dumps) if start.options is not None else None,
        settings.EXECUTION_CLAIM_SECONDS,
    )


def start(request: Start) -> Outcome:
    """Start from synchronous code; the task is sent when the surrounding transaction commits."""
    with transaction.atomic(), django_connection.cursor() as cursor:
        cursor.execute(_INSERT, _values(request))
        if cursor.fetchone() is None:
            cursor.execute(_EXISTING, (request.workspace_id, request.idempotency_key))
            identifier, state, output, error = cursor.fetchone()
            return Outcome(identifier, state, _loads(output), _loads(error), replayed=True)
        transaction.on_commit(lambda: send_task(request.id, request.queue))
    return Outcome(request.id, Execution.State.QUEUED)


def _loads(value: Any) -> Any:
    """Django's cursor hands JSON out as text."""
    return orjson.loads(value) if isinstance(value, str) else value


class Waiters:
    """The executions that this event loop waits for; their ends arrive on one channel of its own."""

    def __init__(self) -> None:
        self.channel = f"reply:{random_token(16)}"
        self.futures: dict[UUID, list[asyncio.Future[Outcome]]] = {}
        self._subscribed: asyncio.Task[None] | None = None
        self._checks: set[asyncio.Task[None]] = set()

    async def ready(self) -> None:
        """Return when the channel is subscribed; concurrent first callers share one subscription."""
        if self._subscribed is None or (self._subscribed.done() and self._subscribed.exception() is not None):
            self._subscribed = asyncio.ensure_future(hub().subscribe(self.channel, self._arrived, self._look_again))
        if not self._subscribed.done():
            await asyncio.shield(self._subscribed)

    def expect(self, execution_id: UUID) -> asyncio.Future[Outcome]:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.futures.setdefault(execution_id, []).append(future)
        future.add_done_callback(lambda _: self._drop(execution_id, future))
        return future

    def _drop(self, execution_id: UUID, future: asyncio.Future[Outcome]) -> None:
        left = [other for other in self.futures.get(execution_id, []) if other is not future]
        if left:
            self.futures[execution_id] = left
        else:
            self.futures.pop(execution_id, None)

    def resolve(self, outcome: Outcome) -> None:
        for future in tuple(self.futures.get(outcome.execution_id, ())):
            if not future.done():
                future.set_result(outcome)

    def _arrived(self, data: bytes) -> None:
        message = orjson.loads(data)
        if message.get("stored"):
            # Too large for a message: the row has it.
            self._look_again()
            return
        self.resolve(Outcome(UUID(message["id"]), message["state"], message.get("output"), message.get("error")))

    def _look_again(self) -> None:
        """Read the rows of everything awaited: after a reconnect, a reply may have been lost."""
        task = asyncio.ensure_future(self._read_rows())
        self._checks.add(task)
        task.add_done_callback(self._checks.discard)

    async def _read_rows(self) -> None:
        if not self.futures:
            return
        async with pg.connection() as connection:
            rows = await (await connection.execute(_OUTCOME, (list(self.futures),))).fetchall()
        for identifier, state, output, error in rows:
            if state in Execution.DONE or state == Execution.State.WAITING:
                self.resolve(Outcome(identifier, state, output, error))


def waiters() -> Waiters:
    return per_loop("waiters", Waiters)


async def start_and_wait(
    request: Start, *, timeout: float, on_events: Callable[[list[Event]], None] | None = None
) -> Outcome:
    """Start, and return the end of the execution; an unfinished outcome when `timeout` seconds pass first.

    `on_events` receives batches of the execution's events as they are published. Cancelling this coroutine
    asks the execution to stop.
    """
    waiting = waiters()
    await waiting.ready()
    request.reply_to = waiting.channel
    future = waiting.expect(request.id)
    channel = f"ev:{request.id}"

    def arrived(data: bytes) -> None:
        assert on_events is not None
        on_events(orjson.loads(data))

    try:
        if on_events is not None:
            await hub().subscribe(channel, arrived)
        accepted = await start_async(request)
        if accepted.replayed:
            if accepted.is_done:
                return accepted
            return await wait_for_end(accepted, timeout)
        try:
            return await asyncio.wait_for(asyncio.shield(future), timeout)
        except TimeoutError:
            return Outcome(request.id, Execution.State.RUNNING)
        except asyncio.CancelledError:
            # The caller went away: nobody wants the result any more.
            await asyncio.shield(cancel_async(request.id))
            raise
    finally:
        future.cancel()
        if on_events is not None:
            await asyncio.shield(hub().unsubscribe(channel, arrived))


async def wait_for_end(accepted: Outcome, timeout: float) -> Outcome:
    """Wait for an execution that was started elsewhere; its present state when `timeout` seconds pass first."""
    done = asyncio.Event()

    def arrived(data: bytes) -> None:
        if any(event["kind"].startswith("run.") and event["kind"] != "run.started" for event in orjson.loads(data)):
            done.set()

    async with hub().listening(f"ev:{accepted.execution_id}", arrived):
        current = await read_outcome(accepted.execution_id)
        if not current.is_done:
            try:
                await asyncio.wait_for(done.wait(), timeout)
            except TimeoutError:
                return current
            current = await read_outcome(accepted.execution_id)
    return replace(current, replayed=accepted.replayed)


async def start_async(request: Start) -> Outcome:
    """Start from the event loop: commit the row, then send the task."""
    try:
        async with pg.connection() as connection:
            row = await (await connection.execute(_INSERT, _values(request))).fetchone()
            if row is None:
                found = await connection.execute(_EXISTING, (request.workspace_id, request.idempotency_key))
                existing = await found.fetchone()
                assert existing is not None
                return Outcome(existing[0], existing[1], existing[2], existing[3], replayed=True)
    except (OSError, *pg.DatabaseAway) as error:
        raise Unready("The database does not answer just now.", remedy="Try again in a moment.") from error
    send_task(request.id, request.queue)
    return Outcome(request.id, Execution.State.QUEUED)


async def read_outcome(execution_id: UUID) -> Outcome:
    """The present state of an execution."""
    async with pg.connection() as connection:
        row = await (await connection.execute(_OUTCOME, ([execution_id],))).fetchone()
    assert row is not None
    return Outcome(*row)


# Cancelling ------------------------------------------------------------------------------------------------

CONTROL_CHANNEL = "ctl:executions"
_CANCEL = """
    UPDATE workflows_execution SET cancel_requested_at = coalesce(cancel_requested_at, now())
    WHERE id = %s AND state IN ('queued', 'running', 'waiting') RETURNING state
"""


async def cancel_async(execution_id: UUID) -> bool:
    """Ask an execution to stop; False when it has ended already."""
    async with pg.connection() as connection:
        row = await (await connection.execute(_CANCEL, (execution_id,))).fetchone()
    if row is None:
        return False
    from portal.common.hub import client

    await client().publish(CONTROL_CHANNEL, str(execution_id))
    if row[0] != Execution.State.RUNNING:
        # Nobody may be working on it: a task makes sure that it is closed properly.
        send_task(execution_id, "interactive")
    return True


def cancel(execution_id: UUID) -> bool:
    """`cancel_async` for synchronous code."""
    from portal.common.hub import sync_client

    with transaction.atomic(), django_connection.cursor() as cursor:
        cursor.execute(_CANCEL, (execution_id,))
        row = cursor.fetchone()
        if row is None:
            return False

        def announce() -> None:
            sync_client().publish(CONTROL_CHANNEL, str(execution_id))
            if row[0] != Execution.State.RUNNING:
                send_task(execution_id, "interactive")

        transaction.on_commit(announce)
    return True
