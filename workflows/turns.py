"""Runs of a workflow with a key take turns: queue, skip, or cancel the previous one.

The decision is made in the database under an advisory lock on the key, so that it holds across workers. A run that
waits rests as `waiting` and is woken by the one that ends before it; a clock wakes it too, should that one have died.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Any, Literal
from uuid import UUID

from portal.common import pg
from portal.common.ids import uuid7
from workflows import dispatch
from workflows.engine import Plan
from workflows.expressions import MissingPath, Scope
from workflows.queueing import send_task

logger = logging.getLogger(__name__)
#: A waiting run looks again after so long, in case nobody woke it.
LOOK_AGAIN_SECONDS = 20.0
Verdict = Literal["go", "wait", "skip"]

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))"
_HOLDERS = """
    SELECT t.execution_id FROM workflows_turn t JOIN workflows_execution e ON e.id = t.execution_id
    WHERE t.key = %s AND t.is_held AND t.execution_id <> %s AND e.state IN ('queued', 'running', 'waiting')
"""
_OTHERS = """
    SELECT t.execution_id FROM workflows_turn t JOIN workflows_execution e ON e.id = t.execution_id
    WHERE t.key = %s AND t.execution_id < %s AND e.state IN ('queued', 'running', 'waiting')
"""
_OTHERS = """
    SELECT t.execution_id FROM workflows_turn t JOIN workflows_execution e ON e.id = t.execution_id
    WHERE t.key = %s AND t.execution_id < %s AND e.state IN ('queued', 'running', 'waiting')
"""
_OLDER = """
    SELECT count(*) FROM workflows_turn t JOIN workflows_execution e ON e.id = t.execution_id
    WHERE t.key = %s AND NOT t.is_held AND t.execution_id < %s AND e.state IN ('queued', 'running', 'waiting')
"""
_TAKE = """
    INSERT INTO workflows_turn (id, created_at, workspace_id, execution_id, key, is_held)
    VALUES (%s, now(), %s, %s, %s, %s)
    ON CONFLICT (execution_id) DO UPDATE SET is_held = excluded.is_held OR workflows_turn.is_held
"""
_REST = """
    UPDATE workflows_execution
    SET state = 'waiting', waiting = '[]', lease_until = NULL, wake_at = now() + make_interval(secs => %s)
    WHERE id = %s AND attempts = %s AND state = 'running'
"""
_LEAVE = """
    DELETE FROM workflows_turn WHERE execution_id = %s AND EXISTS (
        SELECT 1 FROM workflows_execution WHERE id = %s AND state IN ('succeeded', 'failed', 'cancelled')
    )
    RETURNING key
"""
_WAKE = """
    UPDATE workflows_execution SET state = 'queued', wake_at = NULL, lease_until = now()
    WHERE id = (
        SELECT e.id FROM workflows_turn t JOIN workflows_execution e ON e.id = t.execution_id
        WHERE t.key = %s AND NOT t.is_held AND e.state = 'waiting' ORDER BY e.id LIMIT 1 FOR UPDATE OF e SKIP LOCKED
    )
    RETURNING id, queue
"""


def key_of(plan: Plan, row: dict[str, Any]) -> str:
    """The key of a run, bound to its workflow (or, without one, to its workspace)."""
    assert plan.concurrency_key is not None
    try:
        value = plan.concurrency_key.resolve_now(Scope({"input": row["input"], "caller": row["caller"]}))
    except MissingPath:
        # A caller without the field shares a key with all others that lack it.
        value = None
    text = f"{row['workflow_id'] or row['workspace_id']}:{value!r}"
    return text if len(text) <= 200 else f"{text[:150]}~{hashlib.sha256(text.encode()).hexdigest()[:40]}"


async def take(plan: Plan, row: dict[str, Any]) -> Verdict:
    """Whether the run may work now. After `wait` it rests already; after `skip` the caller ends it."""
    rule = plan.concurrency
    if rule is None:
        return "go"
    key, execution_id = key_of(plan, row), row["id"]
    previous: list[UUID] = []
    async with pg.connection() as connection, connection.transaction():
        await connection.execute(_LOCK, (key,))
        holders = [found[0] for found in await (await connection.execute(_HOLDERS, (key, execution_id))).fetchall()]
        ahead = await (await connection.execute(_OLDER, (key, execution_id))).fetchone()
        is_free = len(holders) < rule.limit and (rule.policy != "queue" or len(holders) + ahead[0] < rule.limit)
        if is_free:
            await connection.execute(_TAKE, (uuid7(), row["workspace_id"], execution_id, key, True))
            return "go"
        if rule.policy == "skip":
            return "skip"
        await connection.execute(_TAKE, (uuid7(), row["workspace_id"], execution_id, key, False))
        await connection.execute(_REST, (LOOK_AGAIN_SECONDS, execution_id, row["attempts"]))
        if rule.policy == "cancel_previous":
            others = await connection.execute(_OTHERS, (key, execution_id))
            previous = [found[0] for found in await others.fetchall()]
    for holder in previous:
        await dispatch.cancel_async(holder)
    return "wait"


async def leave(plan: Plan, execution_id: UUID) -> None:
    """Give the place back when the run has ended, and wake the oldest one that waits for it."""
    if plan.concurrency is None:
        return
    async with pg.connection() as connection, connection.transaction():
        gone = await (await connection.execute(_LEAVE, (execution_id, execution_id))).fetchone()
        woken = await (await connection.execute(_WAKE, (gone[0],))).fetchone() if gone else None
    if woken is not None:
        send_task(woken[0], woken[1])
