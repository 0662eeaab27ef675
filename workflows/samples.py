"""Data that people keep beside a workflow while they build it: pinned results of nodes, inputs under a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound, TooLarge
from portal.common.json import dumps
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows import selectors
from workflows.models import NodePin, SavedInput, Workflow

MAX_BYTES = 512 * 1024
MAX_KEPT = 50


def pins_of(workflow: Workflow) -> QuerySet[NodePin]:
    return NodePin.objects.filter(workflow=workflow).select_related("saved_by")


def saved_inputs_of(workflow: Workflow) -> QuerySet[SavedInput]:
    return SavedInput.objects.filter(workflow=workflow)


def _writable(actor: Actor, workflow_id: UUID) -> Workflow:
    actor.require(Permission.WORKFLOW_UPDATE)
    return selectors.get_workflow(actor.workspace, workflow_id)


def _small_enough(value: Any) -> None:
    size = len(dumps(value).encode())
    if size > MAX_BYTES:
        raise TooLarge(
            f"This is {size // 1024:,} KiB; at most {MAX_BYTES // 1024} KiB can be kept.", remedy="Keep fewer rows."
        )


@transaction.atomic
def pin_output(actor: Actor, workflow_id: UUID, node: str, output: Any, *, port: str = "out") -> NodePin:
    """Hold a result fast for a node of the draft, in place of an earlier pin of it."""
    workflow = _writable(actor, workflow_id)
    _small_enough(output)
    if pins_of(workflow).exclude(node=node).count() >= MAX_KEPT:
        raise Conflict(f"At most {MAX_KEPT} nodes of a workflow can be pinned.", remedy="Unpin one first.")
    values = {"output": output, "port": port or "out", "saved_by": actor.user}
    pin, _ = NodePin.objects.update_or_create(workflow=workflow, node=node, defaults=values)
    return pin


def unpin_output(actor: Actor, workflow_id: UUID, node: str) -> None:
    """Let the node run again."""
    pins_of(_writable(actor, workflow_id)).filter(node=node).delete()


@transaction.atomic
def save_input(actor: Actor, workflow_id: UUID, name: str, input: Mapping[str, Any]) -> SavedInput:
    """Keep an input under a name; the same name again replaces it."""
    workflow = _writable(actor, workflow_id)
    name = name.strip()
    if not name:
        raise Invalid("The input has no name.", problems=[FieldProblem("name", "Empty.", "Give it a name.")])
    _small_enough(input)
    if saved_inputs_of(workflow).exclude(name=name).count() >= MAX_KEPT:
        raise Conflict(f"At most {MAX_KEPT} inputs of a workflow can be kept.", remedy="Delete one first.")
    values = {"input": dict(input), "created_by": actor.user}
    kept, _ = SavedInput.objects.update_or_create(workflow=workflow, name=name, defaults=values)
    return kept


def delete_input(actor: Actor, workflow_id: UUID, input_id: UUID) -> None:
    """Forget a kept input."""
    deleted, _ = saved_inputs_of(_writable(actor, workflow_id)).filter(pk=input_id).delete()
    if not deleted:
        raise NotFound("There is no such input.")
