"""Run bundles: one run as a file, with its graph, data, story and end, to be read in another workspace or portal."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from portal.common.errors import FieldProblem, Invalid
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from workflows import payloads, selectors
from workflows.definition import load
from workflows.models import Execution, ExecutionEvent, NodeRun

KIND = "mcp-portal/run"
MAX_BYTES = 20 * 1024 * 1024
MAX_EVENTS = 100_000
MAX_NODES = 20_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class BundleNode(_Part):
    """A node run. Times are ISO 8601, `milliseconds` is its own duration."""

    path: str = Field(max_length=300)
    node: str = Field(max_length=64)
    action: str = Field(max_length=130)
    state: Literal["running", "succeeded", "failed", "handled", "waiting"]
    attempt: int = Field(default=1, ge=0, le=1000)
    output: Any = None
    port: str = Field(default="", max_length=64)
    error: dict[str, Any] | None = None
    started_at: datetime | None = None
    milliseconds: float = 0.0


class BundleEvent(_Part):
    seq: int = Field(ge=1, le=2**31 - 1)
    time: datetime
    kind: str = Field(max_length=32)
    level: str = Field(default="info", max_length=7)
    node: str = Field(default="", max_length=300)
    message: str = ""
    data: dict[str, Any] | None = None


class Bundle(_Part):
    """The file. `version` counts its own form."""

    kind: Literal["mcp-portal/run"] = KIND
    version: Literal[1] = 1
    name: str = Field(default="", max_length=128)
    state: Literal["succeeded", "failed", "cancelled"]
    definition: dict[str, Any]
    input: dict[str, Any] = Field(default_factory=dict)
    output: Any = None
    error: dict[str, Any] | None = None
    caller: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    nodes: list[BundleNode] = Field(default_factory=list, max_length=MAX_NODES)
    events: list[BundleEvent] = Field(default_factory=list, max_length=MAX_EVENTS)


def export_run(actor: Actor, run: Execution) -> dict[str, Any]:
    """The bundle of a finished run. It names connections and holds no credentials."""
    payloads.require(actor, run, "export")
    if not run.is_done:
        raise Invalid("A run can be exported once it has ended.")
    bundle = Bundle(
        name=str(run.workflow or run.tool)[:128],
        state=run.state,
        definition=selectors.definition_of(run),
        input=run.input,
        output=run.output,
        error=run.error,
        caller={name: run.caller.get(name, "") for name in ("kind", "client_name", "client_version")},
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        nodes=[BundleNode.model_validate(record, from_attributes=True) for record in selectors.node_runs_of(run)],
        events=[
            BundleEvent.model_validate(event, from_attributes=True)
            for event in ExecutionEvent.objects.filter(execution=run).order_by("seq")[:MAX_EVENTS]
        ],
    )
    return bundle.model_dump(mode="json")


@transaction.atomic
def import_run(actor: Actor, data: Any) -> Execution:
    """Store a bundle as a run of this workspace: to look at, to compare, to resume its study; it never runs."""
    actor.require(Permission.WORKFLOW_EXECUTE)
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise Invalid("This is no exported run.", remedy="Choose a file made by Export on the page of a run.")
    try:
        bundle = Bundle.model_validate(data)
    except ValidationError as error:
        problems = [
            FieldProblem(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors(include_url=False)[:10]
        ]
        raise Invalid("This run cannot be read.", problems=problems) from None
    run: Execution = Execution.objects.create(
        workspace=actor.workspace,
        definition=load(bundle.definition).as_data(),
        state=bundle.state,
        source=Execution.Source.PAGE,
        input=bundle.input,
        output=bundle.output,
        error=bundle.error,
        caller={"kind": "import", "label": f"{bundle.name} ({actor.user.email if actor.user else 'import'})"},
        user=actor.user,
        tool=bundle.name,
        started_at=bundle.started_at,
        finished_at=bundle.finished_at or timezone.now(),
    )
    NodeRun.objects.bulk_create(
        NodeRun(execution=run, position=position, **node.model_dump()) for position, node in enumerate(bundle.nodes)
    )
    ExecutionEvent.objects.bulk_create(
        (ExecutionEvent(execution=run, **{**event.model_dump(), "seq": seq}) for seq, event in
         enumerate(sorted(bundle.events, key=lambda event: event.seq), start=1)),
        batch_size=2000,
    )  # fmt: skip
    audit(actor, "execution.imported", run, after={"name": bundle.name})
    return run
