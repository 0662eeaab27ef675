"""The engine's port to actions: credentials, the call itself, and heavy nodes handed to the compute queue."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.db import close_old_connections

from integrations.runtime import run_action
from integrations.sdk import Caller
from integrations.services import credential_for
from portal.celery import app
from portal.common import pg
from portal.common.errors import FieldProblem, NotFound, PortalError
from portal.common.hub import client, hub
from portal.common.json import dumps
from workflows.engine import NodeCall, Plan
from workflows.plans import plan_of

HEAVY_TASK = "workflows.heavy"
#: How long the result of a heavy node is kept for a run that lost its worker meanwhile.
HEAVY_RESULT_SECONDS = 24 * 3600
CREDENTIAL_SECONDS = 5.0


class WorkerActions:
    """Carries out the actions of one execution."""

    def __init__(self, row: dict[str, Any]) -> None:
        self._row = row
        fields = {key: value for key, value in row["caller"].items() if key in Caller.__dataclass_fields__}
        self._caller = Caller(**fields)

    async def call(self, call: NodeCall, /) -> Any:
        """The result of the node's action; heavy ones run on the compute queue."""
        if call.heavy:
            return await self._call_elsewhere(call)
        return await perform(
            call.action_id,
            call.params,
            row=self._row,
            connection=call.connection,
            node_id=call.node_id,
            idempotency_key=call.idempotency_key,
            deadline=call.deadline,
            caller=self._caller,
            log=lambda level, message, data: call.log(level, message, **data),
            progress=call.progress,
            is_cancelled=call.is_cancelled,
        )

    async def _call_elsewhere(self, call: NodeCall) -> Any:
        """Send a heavy node to the compute queue and wait for its word; its result survives our own death."""
        key = f"heavy:{call.idempotency_key}"
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def arrived(data: bytes) -> None:
            message = orjson.loads(data)
            if message["kind"] == "log":
                call.log(message["level"], message["message"], **message["data"])
            elif message["kind"] == "progress":
                call.progress(message["done"], message["total"], message["message"])
            elif not done.done():
                done.set_result(None)

        def look_again() -> None:
            if not done.done():
                done.set_result(None)

        await hub().subscribe(key, arrived, look_again)
        try:
            while (stored := await client().get(key)) is None:
                await self._send_once(key, call)
                left = None if call.deadline is None else max(0.0, call.deadline - time.monotonic())
                await asyncio.wait_for(asyncio.shield(done), left)
                done = asyncio.get_running_loop().create_future()
            return _heavy_result(orjson.loads(stored))
        except (asyncio.CancelledError, TimeoutError):
            await asyncio.shield(client().set(f"{key}:stop", b"1", ex=3600))
            raise
        finally:
            await asyncio.shield(hub().unsubscribe(key, arrived, look_again))

    async def _send_once(self, key: str, call: NodeCall) -> None:
        seconds = 3600.0 if call.deadline is None else max(1.0, call.deadline - time.monotonic())
        if not await client().set(f"{key}:sent", b"1", nx=True, ex=int(seconds) + 60):
            return
        message = {
            "key": key,
            "action": call.action_id,
            "params": call.params,
            "connection": call.connection,
            "node": call.node_id,
            "idempotency_key": call.idempotency_key,
            "seconds": seconds,
            "row": {name: self._row[name] for name in ("id", "workspace_id", "user_id", "caller")},
        }
        app.send_task(HEAVY_TASK, args=[dumps(message)], queue="compute", ignore_result=True)


def _heavy_result(stored: dict[str, Any]) -> Any:
    if "error" in stored:
        raise RemoteError(stored["error"])
    return stored["result"]


class RemoteError(PortalError):
    """An error that happened on another worker, with the words it had there."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(
            data.get("message", ""),
            code=data.get("code"),
            remedy=data.get("remedy", ""),
            problems=[FieldProblem(**problem) for problem in data.get("problems", ())],
            retry_after=data.get("retry_after"),
            details=data.get("details"),
        )
        self.retryable = bool(data.get("retryable"))  # type: ignore[misc]


async def perform(
    action_id: str,
    params: dict[str, Any],
    *,
    row: dict[str, Any],
    connection: str | None,
    node_id: str,
    idempotency_key: str,
    deadline: float | None,
    caller: Caller,
    log: Any,
    progress: Any,
    is_cancelled: Any,
) -> Any:
    """Find the credential and run the action in this process."""
    found = await _credential(row["workspace_id"], row.get("user_id"), action_id, connection)

    async def report(done: float, total: float | None, message: str) -> None:
        progress(done, total, message)

    return await run_action(
        action_id,
        params,
        credential=found.values if found else None,
        caller=caller,
        workspace_id=str(row["workspace_id"]),
        connection_id=found.connection_id if found else "",
        execution_id=str(row["id"]),
        node_id=node_id,
        idempotency_key=idempotency_key,
        deadline=deadline,
        log=log,
        progress=report,
        is_cancelled=is_cancelled,
        egress=found.egress if found else None,
    )


_credentials: dict[tuple[Any, ...], tuple[float, Any]] = {}


async def _credential(workspace_id: UUID, user_id: UUID | None, action_id: str, connection: str | None) -> Any:
    """The credential for a call, believed for a few seconds so that a busy tool does not decrypt it each time."""
    key = (workspace_id, user_id, action_id.partition(".")[0], connection)
    known = _credentials.get(key)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    found = await sync_to_async(_read_credential, thread_sensitive=False)(*key)
    if len(_credentials) > 2000:
        _credentials.clear()
    _credentials[key] = (time.monotonic() + CREDENTIAL_SECONDS, found)
    return found


def _read_credential(workspace_id: UUID, user_id: UUID | None, connector: str, connection: str | None) -> Any:
    close_old_connections()
    try:
        return credential_for(workspace_id, connector, connection=connection, user_id=user_id)
    finally:
        close_old_connections()


class WorkerSubworkflows:
    """Finds other workflows of the same workspace: by id (its newest version) or by version id."""

    _SQL = """
        SELECT v.id FROM workflows_workflowversion v JOIN workflows_workflow w ON w.id = v.workflow_id
        WHERE w.workspace_id = %s AND (w.id = %s OR v.id = %s) ORDER BY v.number DESC LIMIT 1
    """

    def __init__(self, row: dict[str, Any]) -> None:
        self._row = row

    async def resolve(self, reference: str, /) -> Plan:
        missing = NotFound(
            "The workflow that this node calls does not exist in this workspace, or has no version yet.",
            remedy="Choose another workflow, or save a version of it.",
        )
        try:
            identifier = UUID(reference)
        except ValueError:
            raise missing from None
        async with pg.connection() as connection:
            values = (self._row["workspace_id"], identifier, identifier)
            row = await (await connection.execute(self._SQL, values)).fetchone()
        if row is None:
            raise missing
        return await plan_of(row[0], None)


async def run_heavy(text: str) -> None:
    """The compute worker's side of a heavy node: run it once, keep its result, tell who waits."""
    message = orjson.loads(text)
    key = message["key"]
    redis = client()
    if await redis.exists(key):
        return
    stopped = False

    def tell(body: dict[str, Any]) -> None:
        task = asyncio.ensure_future(redis.publish(key, orjson.dumps(body, default=str)))
        news.add(task)
        task.add_done_callback(news.discard)

    news: set[asyncio.Future[Any]] = set()

    async def watch() -> None:
        nonlocal stopped
        while not stopped:
            await asyncio.sleep(1.0)
            stopped = bool(await redis.exists(f"{key}:stop"))
            await redis.expire(f"{key}:sent", 60)

    watcher = asyncio.create_task(watch())
    try:
        result = await perform(
            message["action"],
            message["params"],
            row=message["row"],
            connection=message["connection"],
            node_id=message["node"],
            idempotency_key=message["idempotency_key"],
            deadline=time.monotonic() + message["seconds"],
            caller=Caller(**{k: v for k, v in message["row"]["caller"].items() if k in Caller.__dataclass_fields__}),
            log=lambda level, text, data: tell({"kind": "log", "level": level, "message": text, "data": data}),
            progress=lambda done, total, text: tell(
                {"kind": "progress", "done": done, "total": total, "message": text}
            ),
            is_cancelled=lambda: stopped,
        )
        outcome = {"result": result}
    except PortalError as error:
        outcome = {"error": error.as_dict()}
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
    await redis.set(key, dumps(outcome), ex=HEAVY_RESULT_SECONDS)
    await asyncio.gather(*news, return_exceptions=True)
    await redis.publish(key, orjson.dumps({"kind": "done"}))
