"""What a change of a workflow means for those who call its tools: contract verdict, and who called lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from deployments.contracts import Change, Contract, annotations_of, compare, input_schema, output_schema, tool_name
from deployments.models import Tool
from integrations.registry import catalogue
from workflows.definition import Definition
from workflows.models import Execution, Workflow

DAYS = 30
MAX_CLIENTS = 20


@dataclass(frozen=True, slots=True)
class Caller:
    """A key or person and the program it calls with."""

    label: str
    client: str
    calls: int
    last_call: datetime
    tool: str


def contract_of(definition: Definition, *, name: str, description: str = "") -> Contract:
    """The contract that a definition has as a tool of this name."""
    actions = [catalogue().get(node.action) for node in definition.every_node()]
    known = [action for action in actions if action is not None]
    return Contract(
        name=name,
        title=name,
        description=description,
        input_schema=input_schema(definition),
        output_schema=output_schema(definition),
        annotations=annotations_of((a.effect for a in known), idempotent=all(a.is_idempotent for a in known)),
    )


def live_tools(workflow: Workflow) -> list[Tool]:
    """The tools that serve any version of the workflow right now."""
    return list(
        Tool.objects.filter(version__workflow=workflow, revision__deployment__live_revision_id=F("revision_id"))
        .select_related("revision__deployment", "version")
        .order_by("revision__deployment__name")
    )


def compare_contracts(workflow: Workflow, old: Definition, new: Definition) -> tuple[str, list[Change]]:
    """The verdict for clients that know `old` when `new` takes its place; words of the tool stay as they are."""
    tools = live_tools(workflow)
    name = tools[0].name if tools else tool_name(workflow.name)
    before = contract_of(old, name=name)
    after = contract_of(new, name=name)
    return compare([before], [after])


def recent_callers(workflow: Workflow) -> list[Caller]:
    """Who called the workflow's tools in the last 30 days, most active first."""
    rows: list[dict[str, Any]] = list(
        Execution.objects.for_workspace(workflow.workspace_id)
        .filter(
            workflow=workflow,
            source=Execution.Source.MCP,
            created_at__gte=timezone.now() - timedelta(days=DAYS),
        )
        .annotate(label=KeyTextTransform("label", "caller"), client=KeyTextTransform("client_name", "caller"))
        .values("label", "client", "tool")
        .annotate(calls=Count("id"), last_call=Max("created_at"))
        .order_by("-calls")[:MAX_CLIENTS]
    )
    return [
        Caller(row["label"] or "", row["client"] or "", row["calls"], row["last_call"], row["tool"]) for row in rows
    ]
