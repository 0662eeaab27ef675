"""What an action receives beside its parameters."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from integrations.sdk.auth import Credential, NoAuth
from integrations.sdk.errors import Cancelled, Rejected
from integrations.sdk.files import Files, MemoryFiles
from integrations.sdk.store import MemoryStore, Store

if TYPE_CHECKING:
    import httpx2

Level = Literal["debug", "info", "warning", "error"]
LogSink = Callable[[Level, str, dict[str, Any]], None]
ProgressSink = Callable[[float, float | None, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Upstream:
    """The service behind a connector: one variable for its base URL, and where its sandbox is mounted."""

    key: str
    base_url_env: str
    live: str
    sandbox: str = ""
    #: Values of a credential that the sandbox accepts, so that samples run without any key.
    sandbox_credential: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """An upstream as resolved for this call."""

    base_url: str = ""
    mode: Literal["live", "sandbox", "custom"] = "live"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who caused the call: a person, a key or a schedule, and through which client."""

    kind: str = "user"
    label: str = ""
    user_id: str = ""
    client_name: str = ""
    client_version: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def _ignore_log(level: Level, message: str, data: dict[str, Any]) -> None:
    return None


async def _ignore_progress(done: float, total: float | None, message: str) -> None:
    return None


async def _nowhere(host: str, port: int) -> list[str]:
    raise Rejected("This call may open no connections of its own.", code="address_refused")


@dataclass(slots=True)
class Context:
    """The world of one action call. `http` carries the base URL; `deadline` is in monotonic seconds."""

    http: httpx2.AsyncClient
    credential: Credential = field(default_factory=NoAuth)
    upstream: Site = field(default_factory=Site)
    store: Store = field(default_factory=MemoryStore)
    files: Files = field(default_factory=MemoryFiles)
    caller: Caller = field(default_factory=Caller)
    workspace_id: str = ""
    connection_id: str = ""
    execution_id: str = ""
    node_id: str = ""
    idempotency_key: str | None = None
    cursor: str | None = None
    language: str = "en"
    deadline: float | None = None
    is_cancelled: Callable[[], bool] = lambda: False
    #: The addresses of a host that may be dialled, for protocols other than HTTP; `Rejected` when it is refused.
    resolve: Callable[[str, int], Awaitable[list[str]]] = _nowhere
    log_sink: LogSink = _ignore_log
    progress_sink: ProgressSink = _ignore_progress

    def log(self, level: Level, message: str, **data: Any) -> None:
        """Write one line to the run's log."""
        self.log_sink(level, message, data)

    async def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Report how far the work is; also the place where a stopped run ends."""
        self.raise_if_cancelled()
        await self.progress_sink(done, total, message)

    @property
    def cancelled(self) -> bool:
        return self.is_cancelled()

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` when the run was stopped."""
        if self.is_cancelled():
            raise Cancelled("The run was stopped.")

    @property
    def remaining(self) -> float | None:
        """Seconds left before the deadline, None when there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
