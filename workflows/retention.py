"""Input, results and log of runs are removed some weeks after their end; that they ran, and how they ended, stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from portal.common.ids import uuid7_floor

BATCH = 500
#: An id is made before its run ends, so old ids bound the search; finished_at decides.
_REMOVE = """
    WITH old AS (
        SELECT id FROM workflows_execution
        WHERE id < %s AND finished_at < %s AND payload_removed_at IS NULL
          AND state IN ('succeeded', 'failed', 'cancelled')
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ), events AS (
        DELETE FROM workflows_executionevent e USING old WHERE e.execution_id = old.id
    ), nodes AS (
        UPDATE workflows_noderun n SET output = NULL, waiting = NULL FROM old WHERE n.execution_id = old.id
    )
    UPDATE workflows_execution e
    SET input = '{}', output = NULL, decisions = NULL, waiting = NULL, options = e.options - 'pins',
        idempotency_key = NULL, payload_removed_at = %s
    FROM old WHERE e.id = old.id
"""


def remove_payloads(days: int, now: datetime | None = None, *, batch: int = BATCH) -> int:
    """Empty the runs that ended more than so many days ago, in short transactions; how many there were.

    Input, output, results of nodes and the log go; state, times, caller and error stay. A repeated call with an
    idempotency key of such a run runs anew: its stored answer is gone. Runs that wait for somebody are kept.
    """
    now = now or timezone.now()
    before = now - timedelta(days=days)
    removed = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_REMOVE, [uuid7_floor(before), before, batch, now])
            removed += cursor.rowcount
            if cursor.rowcount < batch:
                return removed
