"""The engine's journal on PostgreSQL and Redis: events and node runs, batched, fenced, then published.

Every write names the attempt it belongs to. A worker that lost its lease finds no row to write to and stops,
so two workers never write one execution's story.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from portal.common import pg
from portal.common.hub import client
from portal.common.json import dumps
from workflows.engine import Event, NodeRecord, Result

logger = logging.getLogger(__name__)
#: A line is written at most this long after it happened (the budget for the browser is 300 ms).
FLUSH_SECONDS = 0.08
#: How long a write waits for a database that went away, before the run is left to its lease.
PATIENCE_SECONDS = 60.0
#: Larger results are not sent over Redis; the waiting process reads the row.
MAX_REPLY_BYTES = 256 * 1024


class LeaseLost(Exception):
    """Another worker owns the execution now, or it has ended."""


_OWNED = """
    UPDATE workflows_execution SET {assignments}
    WHERE id = %(id)s AND attempts = %(attempt)s AND state = 'running' RETURNING id
"""
#: Events and node runs arrive as one JSON text each: a parameter per column costs the worker more than its run.
_WRITE = """
    WITH owned AS ({owned}),
    written_events AS (
        INSERT INTO workflows_executionevent (execution_id, seq, "time", kind, level, node, message, data)
        SELECT owned.id, e.*
        FROM owned, json_to_recordset(%(events)s::json)
             AS e(seq int, "time" timestamptz, kind text, level text, node text, message text, data jsonb)
        ON CONFLICT DO NOTHING
    ),
    written_runs AS (
        INSERT INTO workflows_noderun (execution_id, path, node, action, position, state, attempt, output, port,
                                       error, waiting, started_at, milliseconds)
        SELECT owned.id, r.*
        FROM owned, json_to_recordset(%(records)s::json)
             AS r(path text, node text, action text, position int, state text, attempt int, output jsonb, port text,
                  error jsonb, waiting jsonb, started_at timestamptz, milliseconds float8)
        ON CONFLICT (execution_id, path) DO UPDATE SET
            position = excluded.position, state = excluded.state, attempt = excluded.attempt,
            output = excluded.output, port = excluded.port, error = excluded.error, waiting = excluded.waiting,
            started_at = excluded.started_at, milliseconds = excluded.milliseconds
    )
    SELECT id FROM owned
"""
_RENEW = _WRITE.format(
    owned=_OWNED.format(assignments="lease_until = now() + make_interval(secs => %(lease)s)").strip()
)
_FINISH = _WRITE.format(
    owned=_OWNED.format(
        assignments="state = %(final)s::text, output = %(result)s::jsonb, error = %(failure)s::jsonb, "
        "waiting = %(rests)s::jsonb, wake_at = %(wake_at)s, lease_until = NULL, "
        "finished_at = CASE WHEN %(final)s::text = 'waiting' THEN NULL ELSE now() END"
    ).strip()
)


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _json_or_none(value: Any) -> str | None:
    return None if value is None else dumps(value)


def event_message(event: Event) -> dict[str, Any]:
    """An event as it is stored, as it is published and as the API answers it."""
    return {
        "seq": event.seq,
        "time": datetime.fromtimestamp(event.at, UTC).isoformat(),
        "kind": event.type,
        "level": event.level,
        "node": event.node or "",
        "message": event.message,
        "data": event.data,
    }


def record_row(position: int, record: NodeRecord) -> dict[str, Any]:
    """A node's state as it is stored."""
    return {
        "path": record.path,
        "node": record.node,
        "action": record.action,
        "position": position,
        "state": record.status,
        "attempt": record.attempt,
        "output": record.output,
        "port": record.port,
        "error": record.error.as_dict() if record.error else None,
        "waiting": record.waiting,
        "started_at": _moment(record.started_at),
        "milliseconds": record.ms,
    }


class DatabaseJournal:
    """The journal of one attempt at an execution."""

    def __init__(
        self, execution_id: UUID, attempt: int, lease_seconds: float, *, reply_to: str = "", position: int = 0
    ) -> None:
        self.execution_id, self.attempt, self.lease_seconds = execution_id, attempt, lease_seconds
        self.reply_to, self.position = reply_to, position
        self._events: list[Event] = []
        self._records: dict[str, tuple[int, NodeRecord]] = {}
        self._lock = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self._broken: Exception | None = None

    def append(self, event: Event, /) -> None:
        """Take one event; it is written with the next batch."""
        if self._broken is not None:
            raise self._broken
        self._events.append(event)
        if self._timer is None:
            self._timer = asyncio.create_task(self._flush_soon())

    async def record(self, record: NodeRecord, /) -> None:
        """Take a node's state; a durable one is in the database when this returns."""
        if self._broken is not None:
            raise self._broken
        self.position += 1
        self._records[record.path] = (self.position, record)
        if record.durable:
            await self.flush()

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        self._timer = None
        try:
            await self.flush()
        except LeaseLost as error:
            self._broken = error
        except Exception as error:
            logger.exception("Journal of %s failed", self.execution_id)
            self._broken = error

    async def flush(self) -> None:
        """Write and publish what has gathered."""
        async with self._lock:
            if self._events or self._records:
                messages = await self._write(_RENEW, {"lease": self.lease_seconds})
                await self._publish(messages)

    async def finish(self, result: Result) -> None:
        """Write the rest together with the end of the execution, then tell everybody who waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        failure = result.error.as_dict() if result.error is not None else None
        wake_at = min((item.wake_at for item in result.waiting if item.wake_at is not None), default=None)
        rests = [
            {"path": item.path, "node": item.node, "kind": item.kind, "data": dict(item.data)}
            for item in result.waiting
        ]
        final = {
            "final": result.status,
            "result": _json_or_none(result.output),
            "failure": _json_or_none(failure),
            "rests": dumps(rests) if rests else None,
            "wake_at": _moment(wake_at) if wake_at else None,
        }
        async with self._lock:
            messages = await self._write(_FINISH, final)
            await self._publish(messages, result.status, result.output, failure)

    def close(self) -> None:
        """Drop the timer; for runs that end without a final write."""
        if self._timer is not None:
            self._timer.cancel()

    async def _write(self, sql: str, extra: dict[str, Any]) -> list[dict[str, Any]]:
        """Write what has gathered; returns the events as messages."""
        messages = [event_message(event) for event in self._events]
        records = [record_row(position, record) for position, record in self._records.values()]
        self._events, self._records = [], {}
        values = {
            **extra,
            "events": dumps(messages),
            "records": dumps(records),
            "id": self.execution_id,
            "attempt": self.attempt,
        }
        loop = asyncio.get_running_loop()
        give_up, delay = loop.time() + PATIENCE_SECONDS, 0.1
        while True:
            try:
                async with pg.connection() as connection:
                    row = await (await connection.execute(sql, values)).fetchone()
                break
            except (OperationalError, PoolTimeout, OSError):
                # The statement is one transaction and safe to repeat: inserts skip what is there already.
                if loop.time() > give_up:
                    raise
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)
        if row is None and not await self._has_finished(extra):
            raise LeaseLost(f"{self.execution_id} attempt {self.attempt}")
        return messages

    async def _has_finished(self, extra: dict[str, Any]) -> bool:
        """Whether our own final write went through although its answer was lost with the connection."""
        if "final" not in extra:
            return False
        sql = "SELECT 1 FROM workflows_execution WHERE id = %s AND attempts = %s AND state = %s"
        async with pg.connection() as connection:
            found = await connection.execute(sql, (self.execution_id, self.attempt, extra["final"]))
            return await found.fetchone() is not None

    async def _publish(
        self, messages: list[dict[str, Any]], final: str = "", output: Any = None, failure: dict[str, Any] | None = None
    ) -> None:
        """News over Redis; losing it costs nothing, since readers look at the rows after a reconnect."""
        pipeline = client().pipeline(transaction=False)
        if messages:
            pipeline.publish(f"ev:{self.execution_id}", dumps(messages))
        if final and self.reply_to:
            body = dumps({"id": str(self.execution_id), "state": final, "output": output, "error": failure})
            if len(body) > MAX_REPLY_BYTES:
                body = dumps({"id": str(self.execution_id), "state": final, "stored": True})
            pipeline.publish(self.reply_to, body)
        try:
            await pipeline.execute(raise_on_error=False)
        except (OSError, RedisError) as error:
            logger.warning("Events of %s could not be published: %s", self.execution_id, type(error).__name__)
