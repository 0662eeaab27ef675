"""What a slug stands for right now: the deployment, its live revision and its tools, ready to serve.

Each process keeps targets in memory. A change is announced on a Redis channel; an entry also ages out, so
that a lost announcement heals by itself.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import jsonschema_rs
import orjson
from django.conf import settings

from deployments.mcp.schemas import check_arguments, compile_schema
from deployments.offers import Prompt, Resource
from integrations.registry import registry
from portal.common import pg
from portal.common.errors import FieldProblem
from portal.common.hub import client, hub, sync_client
from portal.common.loops import per_loop
from portal.workspaces.usage import Limits

MAX_AGE_SECONDS = 30.0
MISSING_AGE_SECONDS = 2.0
CHANNEL = "mcp:changed"


@dataclass(frozen=True)
class ToolBinding:
    """One tool as it is served: the contract that clients see and what a call starts."""

    id: UUID
    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    annotations: dict[str, Any]
    workflow_id: UUID | None
    version_id: UUID | None
    action: str
    connection_id: UUID | None
    fixed_params: dict[str, Any]
    timeout_seconds: float
    #: The workflow has steps that wait or train: a call may well outlast its client's patience.
    may_take_long: bool = False

    @cached_property
    def _input_validator(self) -> jsonschema_rs.Validator:
        return compile_schema(self.input_schema)

    @cached_property
    def _output_validator(self) -> jsonschema_rs.Validator | None:
        return compile_schema(self.output_schema) if self.output_schema else None

    def check(self, arguments: dict[str, Any]) -> list[FieldProblem]:
        """What is wrong with the arguments; empty when a run may start."""
        return check_arguments(self._input_validator, arguments, self.input_schema)

    def output_fits(self, output: Any) -> bool:
        return self._output_validator is None or self._output_validator.is_valid(output)

    def direct_definition(self) -> dict[str, Any] | None:
        """For a tool bound straight to an action: the marker that the worker expands into a one-node graph."""
        if not self.action:
            return None
        connection = str(self.connection_id) if self.connection_id else None
        return {"direct": {"action": self.action, "connection": connection, "params": self.fixed_params}}


@dataclass(frozen=True)
class Canary:
    """A revision on trial: the tools whose contract is that of the live ones, and the percent of calls they get."""

    revision_id: UUID
    percent: int
    tools: dict[str, ToolBinding]

    def pick(self, name: str) -> ToolBinding | None:
        """The tool on trial when this call is one of its share."""
        if random.random() * 100 >= self.percent:  # noqa: S311 - spreads calls, guards nothing
            return None
        return self.tools.get(name)


def _same_contract(tool: ToolBinding, live: ToolBinding | None) -> bool:
    """A client that read the live list must not notice which revision answers."""
    return live is not None and (tool.input_schema, tool.output_schema) == (live.input_schema, live.output_schema)


@dataclass(frozen=True)
class Target:
    """A deployment with the revision that answers calls."""

    deployment_id: UUID
    workspace_id: UUID
    slug: str
    name: str
    description: str
    instructions: str
    state: str
    revision_id: UUID | None
    revision_number: int
    rate_limit: int
    soft_timeout_seconds: float
    allowed_origins: tuple[str, ...]
    tools: dict[str, ToolBinding]
    limits: Limits = field(default_factory=Limits)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    canary: Canary | None = None
    loaded_at: float = field(default_factory=time.monotonic)

    @property
    def path(self) -> str:
        return f"/mcp/{self.slug}"

    @property
    def url(self) -> str:
        """The resource identifier: what tokens must name exactly, without a trailing slash."""
        return f"{settings.PUBLIC_URL}{self.path}"

    @property
    def metadata_url(self) -> str:
        parts = urlsplit(settings.PUBLIC_URL)
        return f"{parts.scheme}://{parts.netloc}/.well-known/oauth-protected-resource{self.path}"

    @property
    def is_live(self) -> bool:
        return self.state == "live" and self.revision_id is not None


_DEPLOYMENT = """
    SELECT d.id, d.workspace_id, d.slug, d.name, d.description, d.instructions, d.state, d.rate_limit,
           d.soft_timeout_seconds, d.allowed_origins, r.id, coalesce(r.number, 0), w.plan_id,
           p.workspace_per_minute, p.key_per_minute, p.client_per_minute, p.tool_per_minute, p.daily_calls,
           p.monthly_calls, d.prompts, d.resources, d.canary_revision_id, d.canary_percent
    FROM deployments_deployment d
    JOIN workspaces_workspace w ON w.id = d.workspace_id
    LEFT JOIN workspaces_plan p ON p.id = w.plan_id
    LEFT JOIN deployments_revision r ON r.id = coalesce(%s, d.live_revision_id) AND r.deployment_id = d.id
    WHERE d.slug = %s
"""
_TOOLS = """
    SELECT t.id, t.name, t.title, t.description, t.input_schema, t.output_schema, t.annotations, v.workflow_id,
           t.version_id, t.action, t.connection_id, t.fixed_params, t.timeout_seconds,
           jsonb_path_query_array(coalesce(v.definition, '{}'), 'strict $.**.action')
    FROM deployments_tool t LEFT JOIN workflows_workflowversion v ON v.id = t.version_id
    WHERE t.revision_id = %s ORDER BY t.position, t.name
"""


async def load_target(slug: str, revision_id: UUID | None = None) -> Target | None:
    """Read a target from the database: its live revision, or the one named (for the probe before a switch)."""
    async with pg.connection() as connection:
        row = await (await connection.execute(_DEPLOYMENT, (revision_id, slug))).fetchone()
        if row is None:
            return None
        tools = await (await connection.execute(_TOOLS, (row[10],))).fetchall() if row[10] else []
        # A probe looks at one revision; a trial stands beside the live one.
        trial = row[21] if revision_id is None and row[22] else None
        on_trial = await (await connection.execute(_TOOLS, (trial,))).fetchall() if trial else []
    bound = _bound(tools)
    tried = {name: tool for name, tool in _bound(on_trial).items() if _same_contract(tool, bound.get(name))}
    return Target(
        deployment_id=row[0],
        workspace_id=row[1],
        slug=row[2],
        name=row[3],
        description=row[4],
        instructions=row[5],
        state=row[6],
        rate_limit=row[7],
        soft_timeout_seconds=row[8],
        allowed_origins=tuple(row[9] or ()),
        revision_id=row[10],
        revision_number=row[11],
        tools=bound,
        canary=Canary(trial, row[22], tried) if trial and tried else None,
        limits=Limits(*row[13:19]) if row[12] else Limits.default(),
        prompts={item["name"]: Prompt.model_validate(item) for item in row[19]},
        resources={item["name"]: Resource.model_validate(item) for item in row[20]},
    )


def _bound(rows: list[Any]) -> dict[str, ToolBinding]:
    return {row[1]: ToolBinding(*(*row[:13], _is_long(row[9], row[13]))) for row in rows}


_LONG_STEPS = frozenset({"flow.wait", "flow.approval"})


def _is_long(action: str, steps: list[Any]) -> bool:
    """Whether a tool has steps that rest, or that are work for the compute queue."""
    known = registry().actions
    return any(
        step in _LONG_STEPS or (step in known and known[step].heavy)
        for step in [action, *steps]
        if isinstance(step, str)
    )


class Targets:
    """The targets known to one event loop."""

    def __init__(self) -> None:
        self._known: dict[str, Target] = {}
        self._missing: dict[str, float] = {}
        self._loading: dict[str, asyncio.Task[Target | None]] = {}
        self._listening: asyncio.Task[None] | None = None
        self.listeners: set[Any] = set()

    async def get(self, slug: str) -> Target | None:
        """The present target of the slug, None when there is no such deployment."""
        found, now = self._known.get(slug), time.monotonic()
        if found is not None and now - found.loaded_at < MAX_AGE_SECONDS:
            return found
        if now - self._missing.get(slug, -MISSING_AGE_SECONDS) < MISSING_AGE_SECONDS:
            return None
        await self._listen()
        task = self._loading.get(slug)
        if task is None:
            task = self._loading[slug] = asyncio.ensure_future(self._load(slug))
            task.add_done_callback(lambda _: self._loading.pop(slug, None))
        return await asyncio.shield(task)

    async def _load(self, slug: str) -> Target | None:
        found = await load_target(slug)
        if found is None:
            if len(self._missing) > 1000:
                self._missing.clear()
            self._missing[slug] = time.monotonic()
            self._known.pop(slug, None)
        else:
            self._known[slug] = found
            self._missing.pop(slug, None)
        return found

    async def _listen(self) -> None:
        if self._listening is None or (self._listening.done() and self._listening.exception()):
            self._listening = asyncio.ensure_future(hub().subscribe(CHANNEL, self._changed, self._known.clear))
        if not self._listening.done():
            await asyncio.shield(self._listening)

    def _changed(self, data: bytes) -> None:
        change = orjson.loads(data)
        self._known.pop(change["slug"], None)
        self._missing.pop(change["slug"], None)
        for listener in tuple(self.listeners):
            listener(change)


def targets() -> Targets:
    return per_loop("mcp-targets", Targets)


def announce(slug: str, *, tools_changed: bool) -> None:
    """Tell every process that a deployment changed; call it after the commit."""
    sync_client().publish(CHANNEL, orjson.dumps({"slug": slug, "tools_changed": tools_changed}))


async def announce_async(slug: str, *, tools_changed: bool) -> None:
    await client().publish(CHANNEL, orjson.dumps({"slug": slug, "tools_changed": tools_changed}))
