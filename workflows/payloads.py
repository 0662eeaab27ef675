"""Who may open what a run was given and gave; opening the call of somebody else is written down.

Runs that members start are open to everybody who builds. What outside callers sent over MCP is theirs: only the auditor
right opens it, apart from every role, and each opening is a line of the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.common.errors import Conflict, PermissionDenied
from portal.common.hub import sync_client
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from workflows.models import Execution


def is_foreign_call(actor: Actor, run: Execution) -> bool:
    """Whether the run answered a call from outside that this person did not make."""
    own = actor.user is not None and run.user_id == actor.user.pk
    return run.source == Execution.Source.MCP and not own


def may_open(actor: Actor, run: Execution) -> bool:
    """Whether there is still a payload, and this person may look into it."""
    if run.payload_removed_at is not None:
        return False
    return actor.may(Permission.CALL_PAYLOAD if is_foreign_call(actor, run) else Permission.EXECUTION_PAYLOAD)


def openable(actor: Actor) -> Q:
    """The runs whose payload the actor may look into, for a search: a hit tells what stands in one."""
    own = Q(user=actor.user) if actor.user is not None else Q(pk=None)
    foreign = Q(source=Execution.Source.MCP) & ~own
    allowed = Q(pk=None)
    if actor.may(Permission.EXECUTION_PAYLOAD):
        allowed |= ~foreign
    if actor.may(Permission.CALL_PAYLOAD):
        allowed |= foreign
    return allowed


def opened(actor: Actor, run: Execution, part: str) -> bool:
    """Whether the payload may be shown; when it is that of a foreign call, this records that it was."""
    if not may_open(actor, run):
        return False
    if is_foreign_call(actor, run) and not actor.is_system and _is_first(actor, run, part):
        audit(actor, "call.payload_opened", run, after={"part": part, "tool": run.tool})
    return True


def _is_first(actor: Actor, run: Execution, part: str) -> bool:
    """A page that asks again within a minute, as live previews do, goes on with the same opening."""
    who = actor.user.pk if actor.user else ""
    return bool(sync_client().set(f"opened:{who}:{actor.through}:{run.pk}:{part}", 1, nx=True, ex=60))


def require_kept(run: Execution) -> None:
    """`Conflict` once the payload was removed; see `workflows.retention`."""
    if run.payload_removed_at is not None:
        raise Conflict(
            "What this run was given and gave was removed when its time of keeping was over.",
            remedy="Start a new run; the operator sets how many days they are kept.",
        )


def require(actor: Actor, run: Execution, part: str) -> None:
    """Raise unless the payload may be opened; record the opening."""
    require_kept(run)
    if not opened(actor, run, part):
        raise PermissionDenied(
            "You may not open what this run was given and gave.",
            remedy="Ask an owner for the auditor right: outside callers sent this."
            if is_foreign_call(actor, run)
            else f"Ask an owner or admin for a role with the permission {Permission.EXECUTION_PAYLOAD}.",
        )


# Events ----------------------------------------------------------------------------------------------------------

#: Events whose words come from a node's own code, which may repeat anything that it was given. All others tell of a
#: run's course: names, sizes, times, and why something failed, which everybody who sees the run may know.
SPOKEN = frozenset({"log", "node.progress"})
#: What stays of the data of such an event: how far it is.
_COUNTS = ("done", "total")
Veil = Callable[[dict[str, Any]], dict[str, Any]]


def veil_for(actor: Actor, run: Execution) -> Veil:
    """What each event of the run passes through on its way to this reader; recorded like every opening."""
    if opened(actor, run, "events"):
        return lambda event: event
    words = _("Hidden: opening what this run was given and gave needs the auditor right.")
    if not is_foreign_call(actor, run):
        words = _("Hidden: your role does not open what this run was given and gave.")
    return lambda event: _veiled(event, words)


def _veiled(event: dict[str, Any], words: str) -> dict[str, Any]:
    if event["kind"] not in SPOKEN:
        return event
    counts = {name: event["data"][name] for name in _COUNTS if isinstance(event["data"].get(name), int)}
    return {**event, "message": words, "data": {**counts, "hidden": True}}
