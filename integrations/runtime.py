"""Calling one action: the context, the limits, the cache, and errors that are safe to show."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import orjson
from pydantic import ValidationError

from integrations.dialling import allowed_addresses
from integrations.files import WorkspaceFiles
from integrations.own.connectors import is_own, ready, workspace_of
from integrations.redaction import Redactor
from integrations.registry import get_action, resolve_site
from integrations.sdk import (
    Action,
    AuthError,
    Caller,
    Cancelled,
    Connector,
    ConnectorError,
    Context,
    Credential,
    Files,
    MemoryFiles,
    MissingCredential,
    NoAuth,
    RateLimited,
    Rejected,
    Site,
    Store,
    Unavailable,
    error_for_status,
    wait_turn,
)
from integrations.sdk.context import LogSink, ProgressSink
from portal.common import http
from portal.common.errors import LimitReached, NotAuthenticated, NotFound, PermissionDenied, PortalError, Unready
from portal.common.store import RedisStore

logger = logging.getLogger(__name__)
_HTTP_ERRORS = http.Errors(refused=Rejected, unreachable=Unavailable)
_shared_store = RedisStore("sdk")


async def run_action(
    action_id: str,
    params: Mapping[str, Any],
    *,
    credential: Credential | Mapping[str, Any] | None = None,
    caller: Caller | None = None,
    workspace_id: str = "",
    connection_id: str = "",
    execution_id: str = "",
    node_id: str = "",
    idempotency_key: str | None = None,
    cursor: str | None = None,
    deadline: float | None = None,
    log: LogSink | None = None,
    progress: ProgressSink | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    store: Store | None = None,
    files: Files | None = None,
    language: str = "en",
    egress: Iterable[str] | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> Any:
    """Run an action and return its result as plain JSON data; every failure is a `ConnectorError`.

    `credential` is the typed credential or its stored values; `deadline` is in monotonic seconds and defaults
    to the action's own timeout; `egress` is the workspace's allow-list of hosts; `transport` replaces the network.
    """
    action = await _action_for(action_id, workspace_id)
    return await call_action(
        action,
        params,
        context_options={
            "caller": caller or Caller(),
            "workspace_id": workspace_id,
            "connection_id": connection_id,
            "execution_id": execution_id,
            "node_id": node_id,
            "idempotency_key": idempotency_key,
            "cursor": cursor,
            "language": language,
        },
        credential=typed_credential(action.connector, credential, required=action.needs_credential),
        deadline=time.monotonic() + action.timeout if deadline is None else deadline,
        log=log,
        progress=progress,
        is_cancelled=is_cancelled,
        store=store or _shared_store,
        files=files,
        egress=egress,
        transport=transport,
    )


async def _action_for(action_id: str, workspace_id: str) -> Action[Any]:
    """The action, if the workspace may use it: a workspace's own connectors exist for nobody else."""
    if is_own(action_id):
        await ready([action_id])
    action = get_action(action_id)
    owner = workspace_of(action.connector)
    if owner is not None and str(owner) != workspace_id:
        raise NotFound(f"There is no action {action_id!r}.", remedy="Choose an action of the catalogue.")
    return action


async def call_action(
    action: Action[Any],
    params: Mapping[str, Any],
    *,
    context_options: dict[str, Any],
    credential: Credential,
    deadline: float,
    store: Store,
    log: LogSink | None = None,
    progress: ProgressSink | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    files: Files | None = None,
    egress: Iterable[str] | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> Any:
    """As `run_action`, for an action object, which need not be in the registry."""
    values = dict(params)
    key = _cache_key(action, values, context_options) if action.cache > 0 and action.effect == "read" else ""
    if key and (stored := await store.get(key)) is not None:
        return orjson.loads(stored)

    async def call(ctx: Context) -> Any:
        return await action.invoke(ctx, values)

    result = await in_context(
        action.connector,
        call,
        label=action.id,
        context_options=context_options,
        credential=credential,
        deadline=deadline,
        store=store,
        log=log,
        progress=progress,
        is_cancelled=is_cancelled,
        files=files,
        egress=egress,
        transport=transport,
    )
    if key:
        await store.set(key, orjson.dumps(result, option=orjson.OPT_NON_STR_KEYS), ttl=action.cache)
    return result


async def in_context(
    connector: Connector,
    call: Callable[[Context], Awaitable[Any]],
    *,
    label: str,
    context_options: dict[str, Any],
    credential: Credential,
    deadline: float,
    store: Store,
    log: LogSink | None = None,
    progress: ProgressSink | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    files: Files | None = None,
    egress: Iterable[str] | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> Any:
    """Run any function of a connector (action, test, options, poll) with a full context and safe errors."""
    redact = Redactor(credential.secrets())
    site = resolve_site(connector)
    client = _client(connector, site, credential, store, deadline, egress, transport)
    answers: list[httpx2.Response] = []
    if connector.upstream is not None:

        async def remember(response: httpx2.Response) -> None:
            answers[:] = [response]

        client.event_hooks = {**client.event_hooks, "response": [remember]}
    context = Context(
        http=client,
        credential=credential,
        upstream=site,
        store=store,
        files=files or _files_of(context_options.get("workspace_id", "")),
        deadline=deadline,
        resolve=allowed_addresses(egress),
        **context_options,
    )
    if log is not None:
        sink = log
        context.log_sink = (
            (lambda level, message, data: sink(level, redact.text(message), redact.value(data))) if redact else sink
        )
    if progress is not None:
        report = progress

        async def report_redacted(done: float, total: float | None, message: str) -> None:
            await report(done, total, redact.text(message))

        context.progress_sink = report_redacted
    if is_cancelled is not None:
        context.is_cancelled = is_cancelled
    scope = asyncio.timeout(max(0.0, deadline - time.monotonic()))
    try:
        async with scope:
            # A service that repeats what it was sent must not carry the key into runs, logs and answers.
            return redact.result(await call(context))
    except Exception as error:
        if isinstance(error, TimeoutError) and scope.expired():
            raise Unavailable(
                f"{connector.title.en} did not finish in time.", code="timeout", remedy="Try again, or allow more time."
            ) from None
        raise safe_error(error, connector, redact, label, has_answer=bool(answers)) from None
    finally:
        if client is not None:
            await client.aclose()


def typed_credential(
    connector: Connector, credential: Credential | Mapping[str, Any] | None, *, required: bool = True
) -> Credential:
    """The credential in the connector's own type; `MissingCredential` or `AuthError` tell what to do."""
    model = connector.credential_model
    if isinstance(credential, model):
        return credential
    if credential is None or (isinstance(credential, NoAuth) and model is not NoAuth):
        if required and connector.needs_credential:
            raise MissingCredential(
                f"{connector.title.en} needs a connection.",
                remedy=f"Connect {connector.title.en} on the Connections page and choose it in the node.",
            )
        return NoAuth()
    values = credential.reveal() if isinstance(credential, Credential) else dict(credential)
    try:
        return model.model_validate(values)
    except ValidationError:
        # The details could quote a secret.
        raise AuthError(
            f"The stored connection does not fit {connector.title.en} any more.", remedy="Edit the connection."
        ) from None


def safe_error(
    error: Exception, connector: Connector, redact: Redactor, label: str = "", *, has_answer: bool = False
) -> ConnectorError:
    """The SDK's error for whatever an action raised, with nothing secret and nothing internal in it.

    `has_answer`: the upstream had answered, so what is missing in its data is its doing.
    """
    name = connector.title.en
    if isinstance(error, ConnectorError):
        return _redacted(error, type(error), redact)
    if isinstance(error, PortalError):
        return _redacted(error, _kind_of(error), redact)
    if isinstance(error, httpx2.HTTPStatusError):
        response = error.response
        return error_for_status(response.status_code, service=name, headers=response.headers)
    translated = _HTTP_ERRORS.translate(error)
    if isinstance(translated, ConnectorError):
        return translated
    if isinstance(error, orjson.JSONDecodeError | ValidationError | UnicodeDecodeError) or (
        type(error).__name__ == "JSONDecodeError"
    ):
        return Unavailable(
            f"{name} did not answer in the documented form.", code="broken_answer", remedy="Try again later."
        )
    # The text of an unknown exception may hold anything; the place where it happened is enough to find the bug.
    places = " < ".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in reversed(traceback.extract_tb(error.__traceback__)[-4:])
    )
    logger.error("Action %s failed with %s at %s", label or connector.id, type(error).__name__, places)
    if has_answer and isinstance(error, KeyError | IndexError | TypeError | AttributeError):
        return Unavailable(
            f"{name} answered with data of another form than it documents.",
            code="broken_answer",
            remedy="Try again later; if it stays so, the service has changed: tell the operator.",
        )
    return ConnectorError(
        f"{name} failed because of a mistake in the connector.",
        code="internal",
        remedy="Tell the operator; the details are in the server's log.",
    )


def _kind_of(error: PortalError) -> type[ConnectorError]:
    if isinstance(error, LimitReached):
        return RateLimited
    if isinstance(error, NotAuthenticated | PermissionDenied):
        return AuthError
    return Unavailable if isinstance(error, Unready) or error.retryable else Rejected


def _redacted(error: PortalError, kind: type[ConnectorError], redact: Redactor) -> ConnectorError:
    return kind(
        redact.text(error.message),
        code=error.error_code,
        remedy=redact.text(error.remedy),
        problems=error.problems,
        retry_after=error.retry_after,
        details=redact.value(error.details),
    )


def _files_of(workspace_id: str) -> Files:
    return WorkspaceFiles(workspace_id) if workspace_id else MemoryFiles()


def _cache_key(action: Action[Any], values: dict[str, Any], options: dict[str, Any]) -> str:
    """Equal parameters give equal keys, whether defaults are spelled out or not; never shared between workspaces."""
    typed = action.parse(values).model_dump(mode="json")
    packed = orjson.dumps(
        [options["workspace_id"], options["connection_id"], options["language"], options["cursor"], typed],
        option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS,
    )
    return f"cache:{action.id}:{hashlib.sha256(packed).hexdigest()}"


def _rate_key(connector: Connector, credential: Credential) -> str:
    """Upstreams count per key, so two connections with the same key share one window."""
    secrets = sorted(credential.secrets())
    who = hashlib.sha256("\0".join(secrets).encode()).hexdigest()[:16] if secrets else "all"
    return f"rate:{connector.id}:{who}"


class _NoHttp:
    """Stands in for the client of a connector that declares no upstream."""

    def __getattr__(self, name: str) -> Any:
        raise TypeError("A connector without an upstream has no HTTP client: declare `upstream=`.")

    async def aclose(self) -> None:
        return None


def _client(
    connector: Connector,
    site: Site,
    credential: Credential,
    store: Store,
    deadline: float,
    egress: Iterable[str] | None,
    transport: httpx2.AsyncBaseTransport | None,
) -> Any:
    if connector.upstream is None:
        return _NoHttp()
    hooks = []
    if (rate := connector.rate) is not None:
        key = _rate_key(connector, credential)

        async def wait(request: httpx2.Request) -> None:
            if not await wait_turn(store, key, limit=rate.limit, per=rate.per, deadline=deadline):
                raise RateLimited(
                    f"Too many calls to {connector.title.en} are waiting.",
                    remedy="Try again in a moment.",
                    retry_after=rate.per,
                )

        hooks.append(wait)
    left = max(0.05, deadline - time.monotonic())
    return http.client(
        site.base_url,
        budget=http.Budget(total=left, connect=min(10.0, left), read=min(60.0, left)),
        errors=_HTTP_ERRORS,
        egress=egress,
        trusted_url=site.base_url if site.mode != "live" else "",
        before_request=hooks,
        transport=transport,
    )


__all__ = ["Cancelled", "call_action", "in_context", "run_action", "safe_error", "typed_credential"]
