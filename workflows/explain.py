"""Why a run failed, in words that a person and a model can act on: cause, node, what changed, remedy.

`explain_failure` is pure and the only place that composes this text. The run page and the answer to an MCP client
both use it, so everybody reads the same sentences. It names arguments and never shows their values: the
last good run may have been somebody else's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portal.common import pg

Say = Callable[[str], str]
#: A good run longer ago says little about today.
DAYS = 30


def _as_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Known:
    """What the explanation compares of a run. `definition` is the graph, `number` its version (None: no version)."""

    id: UUID
    number: int | None
    input: Mapping[str, Any]
    definition: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts, each a sentence or empty; `problems` are one line per wrong field, `changed` one per difference."""

    cause: str
    code: str
    where: str
    problems: tuple[str, ...]
    changed: tuple[str, ...]
    remedies: tuple[str, ...]
    node: str = ""
    good_run: UUID | None = None

    def as_text(self) -> str:
        """The whole as lines of text."""
        lines = [self.cause, self.where, *(f"- {line}" for line in self.problems), *self.changed, *self.remedies]
        return "\n".join(line for line in lines if line)

    def as_dict(self) -> dict[str, Any]:
        return {
            "cause": self.cause,
            "code": self.code,
            "node": self.node,
            "where": self.where,
            "problems": list(self.problems),
            "changed": list(self.changed),
            "remedies": list(self.remedies),
            "good_run": str(self.good_run) if self.good_run else None,
            "text": self.as_text(),
        }


def explain_failure(
    error: Mapping[str, Any], failed: Known | None = None, good: Known | None = None, *, _: Say = _as_is
) -> Explanation:
    """Explain a stored error. `failed` and `good` are the run and the last good one before it, where known.

    `_` translates our own sentences; the error's message and remedy come from where it happened, in English.
    """
    path = str(error.get("node") or "")
    title = _title_of(failed.definition, path) if failed else ""
    where = ""
    if path:
        named = f"{title} ({path})" if title and title != path else path
        where = _("It happened in the node %(node)s.") % {"node": named}
    return Explanation(
        cause=str(error.get("message") or _("The run failed.")),
        code=str(error.get("code") or "error"),
        where=where,
        problems=tuple(_problem(problem) for problem in error.get("problems") or ()),
        changed=_changes(failed, good, path, _) if failed else (),
        remedies=_remedies(error, _),
        node=path,
        good_run=good.id if good else None,
    )


def _problem(problem: Mapping[str, Any]) -> str:
    field = f"{problem['field']}: " if problem.get("field") else ""
    return f"{field}{problem.get('message', '')} {problem.get('remedy', '')}".rstrip()


def _remedies(error: Mapping[str, Any], _: Say) -> tuple[str, ...]:
    found = [str(error["remedy"])] if error.get("remedy") else []
    if error.get("retry_after") is not None:
        found.append(_("Try again in %(seconds)s s.") % {"seconds": f"{float(error['retry_after']):.0f}"})
    elif error.get("retryable") and not found:
        found.append(_("This can pass by itself: try again in a moment."))
    return tuple(found)


def _changes(failed: Known, good: Known | None, path: str, _: Say) -> tuple[str, ...]:
    if good is None:
        return (_("No run before it succeeded in the last %(days)s days.") % {"days": DAYS},)
    found = []
    names = sorted(name for name in {*failed.input, *good.input} if failed.input.get(name) != good.input.get(name))
    if names:
        found.append(_("Arguments other than in the last good run: %(names)s.") % {"names": ", ".join(names)})
    if failed.definition != good.definition:
        if failed.number != good.number and failed.number and good.number:
            found.append(
                _("The last good run used version %(good)s, this one version %(failed)s.")
                % {"good": good.number, "failed": failed.number}
            )
        else:
            found.append(_("The workflow was changed after the last good run."))
        if path and _node_of(failed.definition, path) != _node_of(good.definition, path):
            found.append(_("This node is among what was changed."))
    if not found:
        found.append(
            _("Arguments and workflow are those of the last good run: what the node reaches outside is different now.")
        )
    return tuple(found)


def _node_of(definition: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """The node behind a run path such as `each[3].fetch`, without where it stands on the canvas."""
    nodes: list[dict[str, Any]] = definition.get("nodes") or []
    found: dict[str, Any] = {}
    for part in path.split("."):
        name = part.partition("[")[0]
        found = next((node for node in nodes if node.get("id") == name), {})
        if not found:
            return None
        nodes = (found.get("body") or {}).get("nodes") or []
    return {name: value for name, value in found.items() if name not in ("position", "note", "title")}


def _title_of(definition: Mapping[str, Any], path: str) -> str:
    nodes, title = definition.get("nodes") or [], ""
    for part in path.split("."):
        name = part.partition("[")[0]
        found = next((node for node in nodes if node.get("id") == name), None)
        if found is None:
            return title
        title = str(found.get("title") or "")
        nodes = (found.get("body") or {}).get("nodes") or []
    return title


# Reading what is known ---------------------------------------------------------------------------------------

_RUN = """
    SELECT e.id, v.number, e.input, coalesce(v.definition, e.definition, '{}'::jsonb), e.created_at, e.error,
           e.workspace_id, e.workflow_id, e.deployment_id, e.tool
    FROM workflows_execution e LEFT JOIN workflows_workflowversion v ON v.id = e.version_id WHERE e.id = %s
"""
_GOOD = """
    SELECT e.id, v.number, e.input, coalesce(v.definition, e.definition, '{{}}'::jsonb), e.created_at
    FROM workflows_execution e LEFT JOIN workflows_workflowversion v ON v.id = e.version_id
    WHERE e.workspace_id = %s AND {same} AND e.id < %s AND e.state = 'succeeded'
      AND e.created_at > now() - make_interval(days => {days})
    ORDER BY e.id DESC LIMIT 1
"""
_OF_WORKFLOW = _GOOD.format(same="e.workflow_id = %s", days=DAYS)
_OF_TOOL = _GOOD.format(same="e.deployment_id = %s AND e.tool = %s", days=DAYS)


def _known(row: tuple[Any, ...]) -> Known:
    def loaded(value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    return Known(row[0], row[1], loaded(row[2]) or {}, loaded(row[3]) or {}, row[4].astimezone(UTC))


def _question(row: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]] | None:
    """The statement that finds the last good run like this one; None for a single action called from nowhere."""
    identifier, workspace, workflow, deployment, tool = row[0], row[6], row[7], row[8], row[9]
    if workflow is not None:
        return _OF_WORKFLOW, (workspace, workflow, identifier)
    return (_OF_TOOL, (workspace, deployment, tool, identifier)) if deployment is not None else None


async def explain_async(execution_id: UUID, error: Mapping[str, Any]) -> Explanation:
    """The explanation of a failed run, from the event loop; without a comparison when the rows are out of reach."""
    try:
        async with pg.connection() as connection:
            row = await (await connection.execute(_RUN, (execution_id,))).fetchone()
            asked = _question(row) if row is not None else None
            good = await (await connection.execute(*asked)).fetchone() if asked else None
    except (OSError, *pg.DatabaseAway):
        return explain_failure(error)
    return explain_failure(error, _known(row) if row else None, _known(good) if good else None)


def explain(execution_id: UUID, *, _: Say = _as_is) -> Explanation:
    """`explain_async` for synchronous code, in the reader's language."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_RUN, (execution_id,))
        row = cursor.fetchone()
        good = None
        if row is not None and (asked := _question(row)) is not None:
            cursor.execute(*asked)
            good = cursor.fetchone()
    error = (json.loads(row[5]) if isinstance(row[5], str) else row[5]) if row is not None else None
    return explain_failure(error or {}, _known(row) if row else None, _known(good) if good else None, _=_)
