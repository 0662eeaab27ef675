"""Saved searches: what is collected for them, what matched, and telling it once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.common.errors import Conflict, Invalid, NotFound
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from procurement.collection import fetch_awards, fetch_notices, store_awards, store_notices
from procurement.models import Notice, SavedSearch, SavedSearchMatch
from procurement.search import search
from procurement.signals import notices_matched
from procurement.upstream import blocking, open_access

COLLECTED = ("Thng", "Servc", "Cnstwk")


@transaction.atomic
def create_search(
    actor: Actor,
    name: str,
    *,
    words: str = "",
    kind: str = "",
    price_min: int | None = None,
    price_max: int | None = None,
    is_alerting: bool = True,
) -> SavedSearch:
    """Keep a question; notices already known count as matches that need no alert."""
    actor.require(Permission.DATA_WRITE)
    if not name.strip():
        raise Invalid("The search needs a name.")
    if not words.strip() and not kind and price_min is None and price_max is None:
        raise Invalid("The search has no condition.", remedy="Give words, a kind or a price.")
    if SavedSearch.objects.for_workspace(actor.workspace).filter(name=name).exists():
        raise Conflict("There is a saved search of this name already.", remedy="Choose another name.")
    found: SavedSearch = SavedSearch.objects.create(
        workspace=actor.workspace,
        name=name,
        words=words,
        kind=kind,
        price_min=price_min,
        price_max=price_max,
        is_alerting=is_alerting,
        created_by=actor.user,
    )
    audit(actor, "search.created", found)
    check_search(found, tell=False)
    return found


@transaction.atomic
def delete_search(actor: Actor, found: SavedSearch) -> None:
    actor.require(Permission.DATA_WRITE)
    audit(actor, "search.deleted", found)
    found.delete()


def search_of(workspace: Any, search_id: UUID) -> SavedSearch:
    """A saved search of this workspace."""
    found: SavedSearch | None = SavedSearch.objects.for_workspace(workspace).filter(pk=search_id).first()
    if found is None:
        raise NotFound("There is no such saved search in this workspace.")
    return found


def matching(found: SavedSearch) -> QuerySet[Notice]:
    """Stored notices a search asks for."""
    rows = search(Notice.objects.for_workspace(found.workspace_id), found.words)
    if found.kind:
        rows = rows.filter(kind=found.kind)
    if found.price_min is not None:
        rows = rows.filter(estimated_price__gte=found.price_min)
    if found.price_max is not None:
        rows = rows.filter(estimated_price__lte=found.price_max)
    return rows


@transaction.atomic
def check_search(found: SavedSearch, *, tell: bool = True) -> list[Notice]:
    """Record new matches; with `tell` and alerts on, whoever listens hears of them, once."""
    SavedSearch.objects.select_for_update().get(pk=found.pk)
    fresh = list(matching(found).exclude(pk__in=found.found.values("notice_id"))[:500])
    now = timezone.now()
    SavedSearchMatch.objects.bulk_create(
        [SavedSearchMatch(search=found, notice=notice, told_at=now) for notice in fresh], ignore_conflicts=True
    )
    found.checked_at = now
    found.save(update_fields=["checked_at"])
    if fresh and tell and found.is_alerting:
        transaction.on_commit(lambda: notices_matched.send_robust(sender=SavedSearch, search=found, notices=fresh))
    return fresh


def collect(workspace_id: UUID, days: int = 2) -> dict[str, int]:
    """Fetch and keep the newest notices and awards of a workspace, then check its saved searches."""
    counts = blocking(_fetch)(workspace_id, days)
    for found in SavedSearch.objects.for_workspace(workspace_id):
        counts["matches"] = counts.get("matches", 0) + len(check_search(found))
    return counts


async def _fetch(workspace_id: UUID, days: int) -> dict[str, int]:
    from asgiref.sync import sync_to_async

    counts: dict[str, int] = {}
    async with open_access(workspace_id) as access:
        notices, as_of = await fetch_notices(access, days, COLLECTED)
        counts["notices"] = await sync_to_async(store_notices)(
            workspace_id, notices, is_sample=access.is_sample, as_of=as_of
        )
        counts["awards"] = 0
        for kind in COLLECTED:
            awards, as_of = await fetch_awards(access, days, kind)
            counts["awards"] += await sync_to_async(store_awards)(
                workspace_id, awards, kind, is_sample=access.is_sample, as_of=as_of
            )
    return counts


def workspaces_to_collect() -> list[UUID]:
    """Workspaces that look at notices: those with a saved search or with notices kept before."""
    watching = set(SavedSearch.objects.values_list("workspace_id", flat=True))
    return sorted(watching | set(Notice.objects.values_list("workspace_id", flat=True).distinct()))
