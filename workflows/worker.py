"""The worker's side of an execution: claim, run, keep the lease, pick up what others dropped.

Each worker process has one event loop in a thread of its own; Celery's threads hand executions to it and wait.
So pools and subscriptions live as long as the process, and a run that waits for the network costs no thread
of its own beyond Celery's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import uvloop
from django.conf import settings
from psycopg import OperationalError
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout

from portal.common import pg
from portal.common.http import close_pools
from portal.common.hub import close_redis, hub
from portal.common.ids import random_token
from workflows import turns
from workflows.actions import WorkerActions, WorkerSubworkflows
from workflows.approvals import announce
from workflows.dispatch import CONTROL_CHANNEL
from workflows.engine import Checkpoint, Failure, NodeRecord, Options, Ports, Result, run
from workflows.journal import DatabaseJournal, LeaseLost
from workflows.notices import after_failure
from workflows.paces import WorkspacePaces
from workflows.partial import given_of
from workflows.plans import plan_of
from workflows.queueing import send_task
from workflows.triggers.following import told

logger = logging.getLogger(__name__)
MAX_CRASHES = 3


def lease_seconds() -> float:
    return float(settings.EXECUTION_LEASE_SECONDS)


# The loop ----------------------------------------------------------------------------------------------------


class WorkerLoop:
    """The event loop of this process, started at first use (after any fork)."""

    def __init__(self) -> None:
        # The compiled loop halves what waiting for PostgreSQL and Redis costs.
        self.loop = uvloop.new_event_loop()
        self.name = f"{socket.gethostname()}:{os.getpid()}:{random_token(6)}"
        self.active: dict[UUID, Claimed] = {}
        self._thread = threading.Thread(target=self._serve, name="workflow-loop", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._prepare(), self.loop).result(30)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _prepare(self) -> None:
        self._keeper = asyncio.create_task(self._keep())
        with contextlib.suppress(Exception):
            # Without Redis just now, cancellations are noticed with the next renewal of the leases.
            await hub().subscribe(CONTROL_CHANNEL, self._on_control)

    def stop(self) -> None:
        """End the loop and its connections; for processes that go on without it."""

        async def close() -> None:
            self._keeper.cancel()
            await close_pools()
            await close_redis()
            await pg.close_pool()

        self.submit(close()).result(15)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(15)

    def submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def _on_control(self, data: bytes) -> None:
        with contextlib.suppress(ValueError):
            if (claimed := self.active.get(UUID(data.decode()))) is not None:
                claimed.cancel.set()

    async def _keep(self) -> None:
        """Renew leases, and put back what died elsewhere, three times per lease."""
        while True:
            await asyncio.sleep(lease_seconds() / 3)
            try:
                await self._renew()
                await reap()
            except (OperationalError, PoolTimeout, OSError) as error:
                logger.warning("Leases could not be renewed: %s", type(error).__name__)
            except Exception:
                logger.exception("Keeping the leases failed")

    async def _renew(self) -> None:
        if not self.active:
            return
        sql = """
            UPDATE workflows_execution SET lease_until = now() + make_interval(secs => %s)
            WHERE id = ANY(%s) AND lease_owner = %s AND state = 'running'
            RETURNING id, cancel_requested_at IS NOT NULL
        """
        asked = list(self.active)
        async with pg.connection() as connection:
            rows = await (await connection.execute(sql, (lease_seconds(), asked, self.name))).fetchall()
        kept = dict(rows)
        for identifier in asked:
            claimed = self.active.get(identifier)
            if claimed is not None and kept.get(identifier):
                claimed.cancel.set()


_loop: WorkerLoop | None = None
_loop_pid = 0
_loop_lock = threading.Lock()


def worker_loop() -> WorkerLoop:
    """This process's loop. A forked child makes its own."""
    global _loop, _loop_pid
    with _loop_lock:
        if _loop is None or _loop_pid != os.getpid():
            _loop, _loop_pid = WorkerLoop(), os.getpid()
        return _loop


def stop_worker_loop() -> None:
    """Stop this process's loop, when there is one."""
    global _loop
    with _loop_lock:
        if _loop is not None and _loop_pid == os.getpid():
            _loop.stop()
        _loop = None


# Claiming ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Claimed:
    """An execution in this worker's hands."""

    row: dict[str, Any]
    cancel: asyncio.Event

    @property
    def id(self) -> UUID:
        identifier: UUID = self.row["id"]
        return identifier


#: The claim need not reach the disk before the run begins: a crash of PostgreSQL that loses it also loses all that
#: was written under it, and the row stands in the queue again.
_CLAIM = """
    WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE workflows_execution
    SET state = 'running', attempts = attempts + 1, lease_owner = %(owner)s,
        lease_until = now() + make_interval(secs => %(lease)s), started_at = coalesce(started_at, now()), wake_at = NULL
    FROM relaxed
    WHERE id = %(id)s AND (state = 'queued' OR state = 'waiting' AND cancel_requested_at IS NOT NULL)
    RETURNING id, workspace_id, workflow_id, version_id, definition, input, caller, user_id, source, attempts, crashes,
        timeout_seconds, reply_to, cancel_requested_at, decisions, started_at, idempotency_key, options
"""
_RECORDS = """
    SELECT path, node, action, position, state, attempt, output, port, error, waiting, started_at, milliseconds
    FROM workflows_noderun WHERE execution_id = %s ORDER BY position
"""
_NEXT_SEQ = "SELECT coalesce(max(seq), 0) + 1 FROM workflows_executionevent WHERE execution_id = %s"


async def claim(execution_id: UUID, owner: str) -> Claimed | None:
    """Take the execution; None when it has ended, or is in other hands."""
    async with pg.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_CLAIM, {"id": execution_id, "owner": owner, "lease": lease_seconds()})
        row = await cursor.fetchone()
    if row is None:
        return None
    claimed = Claimed(row, asyncio.Event())
    if row["cancel_requested_at"] is not None:
        claimed.cancel.set()
    return claimed


async def checkpoint_of(claimed: Claimed) -> tuple[Checkpoint, int]:
    """What an earlier attempt left behind, and the number of its last record."""
    given = await given_of(claimed.row["workspace_id"], claimed.row["options"])
    if claimed.row["attempts"] == 1:
        return Checkpoint(given=given), 0
    async with pg.connection() as connection:
        rows = await (await connection.execute(_RECORDS, (claimed.id,))).fetchall()
        found = await (await connection.execute(_NEXT_SEQ, (claimed.id,))).fetchone()
    records = {
        row[0]: NodeRecord(
            path=row[0],
            node=row[1],
            action=row[2],
            status=row[4],
            attempt=row[5],
            output=row[6],
            port=row[7],
            error=Failure.from_dict(row[8]) if row[8] else None,
            waiting=row[9],
            started_at=row[10].timestamp() if row[10] else 0.0,
            ms=row[11],
        )
        for row in rows
    }
    checkpoint = Checkpoint(
        records=records,
        decisions=claimed.row["decisions"] or {},
        next_seq=found[0] if found else 1,
        started_at=claimed.row["started_at"].timestamp(),
        given=given,
    )
    return checkpoint, max((row[3] for row in rows), default=0)


# Running -----------------------------------------------------------------------------------------------------


async def execute(execution_id: UUID) -> None:
    """Run an execution to its end (or its next rest); does nothing when it is not ours to run."""
    home = worker_loop()
    claimed = await claim(execution_id, home.name)
    if claimed is None:
        return
    home.active[execution_id] = claimed
    try:
        await _run(claimed)
        await _go_on(claimed)
        await told(claimed.row)
    except LeaseLost:
        logger.warning("Execution %s went to another worker", execution_id)
    finally:
        home.active.pop(execution_id, None)


_ANSWERED = """
    UPDATE workflows_execution SET state = 'queued', wake_at = NULL, lease_until = now()
    WHERE id = %s AND state = 'waiting'
      AND EXISTS (SELECT 1 FROM jsonb_array_elements(waiting) AS rest WHERE decisions ? (rest ->> 'path'))
    RETURNING queue
"""


async def _go_on(claimed: Claimed) -> None:
    """Queue the run again when it rests for an answer that came while it ran; only runs with several questions can."""
    if claimed.row["decisions"] is None:
        return
    async with pg.connection() as connection:
        row = await (await connection.execute(_ANSWERED, (claimed.id,))).fetchone()
    if row is not None:
        send_task(claimed.id, row[0])


async def _run(claimed: Claimed) -> None:
    row = claimed.row
    checkpoint, position = await checkpoint_of(claimed)
    journal = DatabaseJournal(claimed.id, row["attempts"], lease_seconds(), reply_to=row["reply_to"], position=position)
    try:
        if row["crashes"] >= MAX_CRASHES:
            failure = Failure(
                "worker_lost",
                f"The worker died {row['crashes']} times while running this.",
                "Look for a node that needs too much memory, then run it again.",
            )
            await journal.finish(Result(status="failed", error=failure, next_seq=checkpoint.next_seq))
            after_failure(row)
            return
        try:
            plan = await plan_of(row["version_id"], row["definition"])
        except Exception as error:
            await journal.finish(_not_runnable(error, checkpoint))
            after_failure(row)
            return
        verdict = "go" if claimed.cancel.is_set() else await turns.take(plan, row)
        if verdict == "wait":
            return
        if verdict == "skip":
            await journal.finish(_skipped(checkpoint))
            return
        ports = Ports(
            actions=WorkerActions(row),
            journal=journal,
            cancel=claimed.cancel,
            subworkflows=WorkerSubworkflows(row),
            paces=WorkspacePaces(row["workspace_id"]),
        )
        options = Options(
            execution_id=str(claimed.id),
            caller=row["caller"],
            timeout=row["timeout_seconds"],
            pace_scope=str(row["workflow_id"] or ""),
        )
        result = await run(plan, row["input"], ports, options, checkpoint=checkpoint)
        await journal.finish(result)
        await turns.leave(plan, claimed.id)
        if result.waiting:
            await announce(row, result.waiting)
        if result.status == "failed":
            after_failure(row)
    finally:
        journal.close()


def _skipped(checkpoint: Checkpoint) -> Result:
    failure = Failure(
        "already_running",
        "Another run with the same key is at work, so this one was left out.",
        "Start it again later, or let runs queue in the workflow's settings.",
    )
    return Result(status="cancelled", error=failure, next_seq=checkpoint.next_seq)


def _not_runnable(error: Exception, checkpoint: Checkpoint) -> Result:
    from workflows.engine.errors import failure_of

    if not hasattr(error, "as_dict"):
        logger.exception("A definition could not be compiled", exc_info=error)
    return Result(status="failed", error=failure_of(error, None), next_seq=checkpoint.next_seq)


# Reaping -----------------------------------------------------------------------------------------------------

_REAP = """
    UPDATE workflows_execution
    SET crashes = crashes + (state = 'running')::int, state = 'queued', wake_at = NULL,
        lease_until = now() + make_interval(secs => %(claim)s)
    WHERE id IN (
        SELECT id FROM workflows_execution
        WHERE state IN ('queued', 'running') AND lease_until < now() OR state = 'waiting' AND wake_at <= now()
        ORDER BY id LIMIT 200 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, queue
"""


async def reap() -> int:
    """Queue again what lost its worker or its task, and what has slept long enough; how many there were."""
    async with pg.connection() as connection:
        values = {"claim": settings.EXECUTION_CLAIM_SECONDS}
        rows = await (await connection.execute(_REAP, values)).fetchall()
    for identifier, queue in rows:
        send_task(identifier, queue)
    return len(rows)
