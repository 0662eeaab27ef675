"""Runs of a part of a draft: up to a node, from a node on, one node alone, with results that are known already.

A run stores what it was told in `Execution.options`: `target` and `start` are node ids, `reuse` is the execution
whose results are taken for the nodes in `given`, and `pins` are results that people hold fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.common import pg
from portal.common.errors import FieldProblem, Invalid, NotFound
from portal.workspaces.services import Actor
from workflows import payloads
from workflows.definition import Definition, not_behind, up_to
from workflows.engine import Given
from workflows.models import Execution, NodePin, Workflow


@dataclass(frozen=True, slots=True)
class Part:
    """What of a draft runs. `target`: nothing behind it runs. `start`: only it and what is behind it runs afresh,
    the other results come from the execution `reuse`. `pins`: pinned results stand for their nodes.
    """

    target: str = ""
    start: str = ""
    reuse: UUID | None = None
    pins: bool = False


def cut(actor: Actor, workflow: Workflow, definition: Definition, part: Part) -> tuple[Definition, dict[str, Any]]:
    """The definition to run, and the options to store with the run."""
    known = {node.id for node in definition.nodes}
    for name in ("target", "start"):
        if (wanted := getattr(part, name)) and wanted not in known:
            problem = FieldProblem(name, f"There is no node `{wanted}` in the draft.", "Name a node of the top level.")
            raise Invalid("This part cannot be run.", problems=[problem])
    if part.target:
        definition = up_to(definition, part.target)
    options: dict[str, Any] = {}
    if part.start and part.start not in {node.id for node in definition.nodes}:
        problem = FieldProblem("start", f"`{part.start}` is not before `{part.target}`.", "Choose a node before it.")
        raise Invalid("This part cannot be run.", problems=[problem])
    if part.start and part.reuse is not None:
        # Whose results nobody may read, nobody may copy into a run of their own.
        earlier = Execution.objects.for_workspace(actor.workspace).filter(pk=part.reuse, workflow=workflow).first()
        if earlier is None:
            raise NotFound("The earlier run is gone.", remedy="Run the whole workflow once, then this part.")
        payloads.require(actor, earlier, "results")
        options |= {"reuse": str(part.reuse), "given": not_behind(definition, part.start)}
    if part.pins:
        # The node that somebody asks to run does run, pinned or not.
        kept = {node.id for node in definition.nodes} - {part.start}
        pins = NodePin.objects.filter(workflow=workflow, node__in=kept)
        options["pins"] = {pin.node: {"output": pin.output, "port": pin.port} for pin in pins}
    return definition, {name: getattr(part, name) for name in ("target", "start") if getattr(part, name)} | options


_RESULTS = """
    SELECT r.path, r.output, r.port FROM workflows_noderun r JOIN workflows_execution e ON e.id = r.execution_id
    WHERE e.id = %s AND e.workspace_id = %s AND r.path = ANY(%s) AND r.state IN ('succeeded', 'handled')
"""


async def given_of(workspace_id: UUID, options: dict[str, Any] | None) -> dict[str, Given]:
    """The results that an execution with these options starts with; a pin goes before an earlier result."""
    if not options:
        return {}
    given: dict[str, Given] = {}
    if options.get("given"):
        async with pg.connection() as connection:
            values = (UUID(options["reuse"]), workspace_id, options["given"])
            rows = await (await connection.execute(_RESULTS, values)).fetchall()
        given = {path: Given(output, port or "out", "earlier") for path, output, port in rows}
    pinned = {name: Given(pin["output"], pin["port"], "pinned") for name, pin in options.get("pins", {}).items()}
    return given | pinned
