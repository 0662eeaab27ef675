"""Adverts come in: normalised, upserted and their history written in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.workspaces.models import Workspace
from properties import signals
from properties.collectors import Scope
from properties.models import Advert, AdvertState, History, HistoryKind
from properties.normalise import Listing, RawAdvert, Status, normalise_advert

MISSES_BEFORE_GONE = 2
BATCH = 1_000


@dataclass(slots=True)
class Intake:
    """What one intake changed."""

    created: int = 0
    changed: int = 0
    gone: int = 0
    regions: set[str] = field(default_factory=set)


def facts_of(listing: Listing) -> dict[str, Any]:
    """A listing as JSON data."""
    facts = asdict(listing)
    return {
        key: value.isoformat()
        if isinstance(value, date | datetime)
        else list(value)
        if isinstance(value, tuple)
        else value
        for key, value in facts.items()
        if value not in (None, "", ()) and key not in ("platform", "platform_id")
    }


def take_adverts(
    workspace: Workspace,
    raws: Iterable[RawAdvert],
    *,
    complete_for: tuple[str, Sequence[str]] | None = None,
    scope: Scope | None = None,
    now: datetime | None = None,
) -> Intake:
    """Upsert adverts with their history. `complete_for` (platform, region prefixes) says that the adverts are all

    there are, so that absent ones count as missed; a second miss in a row ends them. Pass it only for complete runs,
    with the `scope` of the question: adverts of other trades and types were not asked for and are not missed.
    """
    now = now or timezone.now()
    result = Intake()
    listings = {(item.platform, item.platform_id): item for item in map(normalise_advert, raws)}
    keys = list(listings)
    with transaction.atomic():
        for start in range(0, len(keys), BATCH):
            _upsert(workspace, {key: listings[key] for key in keys[start : start + BATCH]}, now, result)
        if complete_for:
            _mark_missing(workspace, complete_for, scope, set(keys), now, result)
    return result


def _upsert(workspace: Workspace, listings: dict[tuple[str, str], Listing], now: datetime, result: Intake) -> None:
    known = {
        (advert.platform, advert.platform_id): advert
        for advert in Advert.objects.for_workspace(workspace)
        .filter(platform__in={key[0] for key in listings}, platform_id__in={key[1] for key in listings})
        .select_for_update()
        .order_by("pk")
    }
    fresh: list[Advert] = []
    stale: list[Advert] = []
    events: list[History] = []
    for key, listing in listings.items():
        facts = facts_of(listing)
        state = AdvertState.CLOSED if listing.status is Status.CLOSED else AdvertState.LIVE
        advert = known.get(key)
        if advert is None:
            advert = Advert(
                workspace=workspace, platform=key[0], platform_id=key[1], first_seen=now, facts=facts, state=state
            )
            fresh.append(advert)
            events.append(_event(advert, HistoryKind.NEW, now, listing))
            result.created += 1
        else:
            found = _changes(advert, listing, facts, state, now)
            if found:
                result.changed += 1
            events.extend(found)
            stale.append(advert)
        advert.region_code = listing.region_code or ""
        advert.trade = listing.trade.value if listing.trade else ""
        advert.price, advert.rent = listing.amount, listing.rent
        advert.facts, advert.state, advert.missed = facts, state, 0
        advert.url, advert.confirmed_on, advert.last_seen = listing.url[:500], listing.confirmed_on, now
        result.regions.add(advert.region_code)
    Advert.objects.bulk_create(fresh)
    Advert.objects.bulk_update(
        stale,
        ["region_code", "trade", "price", "rent", "facts", "state", "missed", "url", "confirmed_on", "last_seen"],
        batch_size=500,
    )
    History.objects.bulk_create(events)
    for event in events:
        if event.kind == HistoryKind.PRICE:
            transaction.on_commit(
                partial(
                    signals.price_changed.send,
                    sender=Advert,
                    workspace_id=workspace.pk,
                    history_id=event.pk,
                    listing_id=event.listing_id,
                    before=event.before,
                    after=event.after,
                )
            )


def _event(advert: Advert, kind: str, at: datetime, listing: Listing | None = None, **fields: Any) -> History:
    return History(
        workspace=advert.workspace,
        advert=advert,
        listing_id=advert.listing_id,
        kind=kind,
        at=at,
        price=listing.amount if listing else advert.price,
        rent=listing.rent if listing else advert.rent,
        **fields,
    )


def _changes(advert: Advert, listing: Listing, facts: dict[str, Any], state: str, now: datetime) -> list[History]:
    events = []
    if (advert.price, advert.rent) != (listing.amount, listing.rent):
        before = {"price": advert.price, "rent": advert.rent}
        after = {"price": listing.amount, "rent": listing.rent}
        events.append(_event(advert, HistoryKind.PRICE, now, listing, before=before, after=after))
    if advert.state == AdvertState.CLOSED and state == AdvertState.LIVE:
        events.append(_event(advert, HistoryKind.RELISTED, now, listing))
    elif advert.state == AdvertState.LIVE and state == AdvertState.CLOSED:
        events.append(_event(advert, HistoryKind.STATE, now, listing, before="live", after="closed"))
    texts = ("title", "description")
    old = {name: advert.facts.get(name, "") for name in texts}
    new = {name: facts.get(name, "") for name in texts}
    if old != new:
        events.append(_event(advert, HistoryKind.TEXT, now, listing, before=old, after=new))
    return events


def _mark_missing(
    workspace: Workspace,
    complete_for: tuple[str, Sequence[str]],
    scope: Scope | None,
    seen: set[tuple[str, str]],
    now: datetime,
    result: Intake,
) -> None:
    platform, prefixes = complete_for
    adverts = Advert.objects.for_workspace(workspace).filter(platform=platform).exclude(state=AdvertState.CLOSED)
    if scope is not None:
        adverts = adverts.filter(
            trade__in=[trade.value for trade in scope.trades],
            facts__property_type__in=[kind.value for kind in scope.property_types],
        )
    ended: list[Advert] = []
    missed: list[Advert] = []
    for advert in adverts.select_for_update().order_by("pk"):
        if (advert.platform, advert.platform_id) in seen or not advert.region_code.startswith(tuple(prefixes)):
            continue
        advert.missed += 1
        if advert.missed >= MISSES_BEFORE_GONE:
            advert.state = AdvertState.CLOSED
            ended.append(advert)
            result.regions.add(advert.region_code)
        else:
            advert.state = AdvertState.MISSING
        missed.append(advert)
    Advert.objects.bulk_update(missed, ["missed", "state"], batch_size=500)
    History.objects.bulk_create(
        [_event(advert, HistoryKind.STATE, now, before="live", after="closed") for advert in ended]
    )
    result.gone = len(ended)
