"""A revision on trial: it gets a share of the calls, and steps back by itself when it fails more than the live one.

Only tools whose inputs and outputs are those of the live revision take part, so a client never notices which one
answered. A failed call on trial is what makes somebody look (`canary_watch`); nothing counts on the path of good ones.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from deployments.contracts import Contract
from deployments.mcp.target import announce
from deployments.models import Deployment, Revision
from deployments.services import _locked_unretired, contracts_of
from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from workflows.models import Execution

SHARES = (5, 10, 25, 50)
MOST_PERCENT = 50
#: Fewer errors than this say nothing.
MIN_ERRORS = 3
#: How many percentage points more calls may fail than at the live revision.
TOLERANCE = 10.0


@dataclass(frozen=True, slots=True)
class Score:
    """Finished calls and failed ones since the trial began, on trial and live."""

    calls: int = 0
    errors: int = 0
    live_calls: int = 0
    live_errors: int = 0

    @property
    def is_worse(self) -> bool:
        """Whether the revision on trial fails clearly more often than the live one."""
        if self.errors < MIN_ERRORS:
            return False
        live = 100 * self.live_errors / self.live_calls if self.live_calls else 0.0
        return 100 * self.errors / self.calls > live + TOLERANCE


def _shared_tools(live: list[Contract], trial: list[Contract]) -> list[str]:
    known = {item.name: (item.input_schema, item.output_schema) for item in live}
    return [item.name for item in trial if known.get(item.name) == (item.input_schema, item.output_schema)]


@transaction.atomic
def start_canary(actor: Actor, deployment: Deployment, number: int, percent: int) -> Deployment:
    """Give a probed revision a share of the calls, in place of an earlier trial."""
    actor.require(Permission.DEPLOYMENT_MANAGE)
    if percent not in range(1, MOST_PERCENT + 1):
        problem = FieldProblem("percent", "This is no share.", "Use 1 to 50 percent.")
        raise Invalid("The trial cannot start.", problems=[problem])
    locked = _locked_unretired(actor, deployment)
    revision = locked.revisions.filter(number=number).first()
    if revision is None:
        raise NotFound(f"There is no revision {number} of this server.")
    if revision.probed_at is None or revision.pk == locked.live_revision_id:
        raise Conflict("This revision is live, or never passed its probe.", remedy="Choose another one.")
    if not _shared_tools(contracts_of(locked.live_revision), contracts_of(revision)):
        raise Conflict(
            "No tool of this revision has the inputs and outputs of the live one, so none can be tried beside it.",
            remedy="Make it live, or deploy it to a server of its own.",
        )
    locked.canary_revision, locked.canary_percent = revision, percent
    locked.canary_since, locked.canary_result = timezone.now(), None
    locked.save(update_fields=["canary_revision", "canary_percent", "canary_since", "canary_result", "updated_at"])
    audit(actor, "deployment.canary_started", locked, after={"revision": number, "percent": percent})
    transaction.on_commit(lambda: announce(locked.slug, tools_changed=False))
    return locked


@transaction.atomic
def stop_canary(actor: Actor, deployment: Deployment) -> None:
    """End the trial; all calls go to the live revision."""
    actor.require(Permission.DEPLOYMENT_MANAGE)
    locked = _locked_unretired(actor, deployment)
    if locked.canary_revision is None:
        raise Conflict("No revision is on trial.")
    audit(actor, "deployment.canary_stopped", locked, before={"revision": locked.canary_revision.number})
    _clear(locked, None)


def _clear(locked: Deployment, result: dict[str, Any] | None) -> None:
    locked.canary_revision, locked.canary_percent, locked.canary_since = None, 0, None
    locked.canary_result = result
    locked.save(update_fields=["canary_revision", "canary_percent", "canary_since", "canary_result", "updated_at"])
    slug = locked.slug
    transaction.on_commit(lambda: announce(slug, tools_changed=False))


def score_of(deployment: Deployment) -> Score:
    """How both revisions did since the trial began."""
    sides = (deployment.canary_revision_id, deployment.live_revision_id)
    rows = (
        Execution.objects.for_workspace(deployment.workspace_id)
        .filter(deployment_id=deployment.pk, revision_id__in=sides, created_at__gte=deployment.canary_since)
        .filter(finished_at__isnull=False)
        .values("revision_id")
        .annotate(calls=Count("id"), errors=Count("id", filter=Q(state=Execution.State.FAILED)))
        .order_by()
    )
    by = {row["revision_id"]: (row["calls"], row["errors"]) for row in rows}
    return Score(*by.get(sides[0], (0, 0)), *by.get(sides[1], (0, 0)))


@transaction.atomic
def judge(deployment_id: UUID) -> bool:
    """Take a revision off trial that fails too often; True when it was."""
    locked = Deployment.objects.select_for_update().filter(pk=deployment_id, canary_revision__isnull=False).first()
    if locked is None:
        return False
    score = score_of(locked)
    if not score.is_worse:
        return False
    number = Revision.objects.values_list("number", flat=True).get(pk=locked.canary_revision_id)
    percent = locked.canary_percent
    _clear(locked, {"revision": number, "percent": percent, "at": timezone.now().isoformat(), **asdict(score)})
    audit(
        Actor(locked.workspace, None, None, is_system=True),
        "deployment.canary_rolled_back",
        locked,
        before={"revision": number},
        after=asdict(score),
    )
    return True
