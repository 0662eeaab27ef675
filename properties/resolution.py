"""Adverts become offers: runs the duplicate search over the dongs that changed and keeps listings stable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.common.errors import Invalid
from portal.workspaces.models import Workspace
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from properties import signals
from properties.models import (
    Advert,
    AdvertState,
    Complex,
    Decision,
    History,
    Listing,
    ListingState,
    ReviewPair,
)
from properties.normalise.codes import COMPLEX_TYPES
from properties.normalise.names import parse_complex_name
from properties.normalise.regions import regions

OWN_PLATFORMS = ("own", "manual")


def resolve_regions(workspace: Workspace, region_codes: Iterable[str]) -> list[UUID]:
    """Cluster the live adverts of some dongs and update their listings; returns ids of listings that are new.

    Blocks never cross a dong, so a dong can be resolved alone and gives the same result as the whole country.
    """
    created: list[UUID] = []
    for code in sorted(set(region_codes)):
        with transaction.atomic():
            created.extend(_resolve_region(workspace, code))
    if created:
        transaction.on_commit(
            partial(signals.listings_found.send, sender=Listing, workspace_id=workspace.pk, listing_ids=created)
        )
    return created


def comparison_view(advert: Advert, photo_key: str = "") -> Any:
    """The advert as the duplicate search sees it."""
    from properties.dedup import Advert as View

    facts = advert.facts
    return View(
        key=advert.key,
        platform=advert.platform,
        trade=advert.trade,
        region_code=advert.region_code,
        name=facts.get("complex_name", ""),
        is_complex=facts.get("property_type") in COMPLEX_TYPES,
        price=advert.price,
        rent=advert.rent,
        exclusive_m2=facts.get("exclusive_m2"),
        supply_m2=facts.get("supply_m2"),
        floor=facts.get("floor"),
        band=facts.get("floor_band"),
        floor_total=facts.get("floor_total"),
        dong=facts.get("building_dong"),
        direction=facts.get("direction"),
        rooms=facts.get("rooms"),
        latitude=facts.get("latitude"),
        longitude=facts.get("longitude"),
        description=facts.get("description", ""),
        photo_key=photo_key,
        group_key=f"{advert.platform}:{facts['group_key']}" if facts.get("group_key") else "",
        source_keys=tuple(facts.get("source_keys", ())),
    )


def _resolve_region(workspace: Workspace, code: str) -> list[UUID]:
    from properties.dedup import Decision as Verdict
    from properties.dedup import DuplicateIndex, compare
    from properties.images.services import photo_keys_of

    adverts = list(Advert.objects.for_workspace(workspace).filter(region_code=code).select_for_update().order_by("pk"))
    live = {advert.key: advert for advert in adverts if advert.state != AdvertState.CLOSED}
    region = regions().get(code) if code else None
    leaf = region.leaf if region else ""
    index = DuplicateIndex({code: leaf})
    verdicts = [
        Verdict(decision.one_key, decision.other_key, decision.same)
        for decision in Decision.objects.for_workspace(workspace).filter(Q(one_key__in=live) | Q(other_key__in=live))
    ]
    photos = photo_keys_of(list(live.values()))
    views = {key: comparison_view(advert, photos.get(key, "")) for key, advert in live.items()}
    index.add(views.values(), verdicts)
    now = timezone.now()
    created: list[UUID] = []
    kept: set[UUID] = set()
    for members in index.clusters().values():
        group = [live[key] for key in members]
        # A listing stays the same row while any of its adverts lives: the oldest row of the group carries on.
        candidates = sorted({advert.listing_id for advert in group if advert.listing_id} - kept)
        listing = Listing.objects.filter(pk=candidates[0]).first() if candidates else None
        if listing is None:
            listing = Listing(workspace=workspace, first_seen=min(advert.first_seen for advert in group))
            created.append(listing.pk)
        _fill(listing, group, index.independent_sources(members), now)
        listing.save()
        kept.add(listing.pk)
        changed = [advert.pk for advert in group if advert.listing_id != listing.pk]
        Advert.objects.filter(pk__in=changed).update(listing=listing)
        History.objects.filter(advert__in=group).exclude(listing=listing).update(listing=listing)
    stale = (
        Listing.objects.for_workspace(workspace).filter(region_code=code, state=ListingState.LIVE).exclude(pk__in=kept)
    )
    stale.filter(adverts__isnull=True).delete()
    stale.update(state=ListingState.GONE)
    ReviewPair.objects.for_workspace(workspace).filter(one__region_code=code).delete()
    decided = {(verdict.one, verdict.other) for verdict in verdicts}
    ReviewPair.objects.bulk_create(
        ReviewPair(
            workspace=workspace,
            one=live[question.one],
            other=live[question.other],
            score=question.score,
            reason=question.reason,
            reasons=list(compare(views[question.one], views[question.other], leaf).reasons),
        )
        for question in index.questions()
        if (question.one, question.other) not in decided
    )
    return created


def _fill(listing: Listing, group: list[Advert], sources: int, now: datetime) -> None:
    """Consolidate: exact facts win over masked ones, the cheapest advert gives the price."""

    def first(name: str) -> Any:
        return next((advert.facts[name] for advert in group if advert.facts.get(name) not in (None, "")), None)

    priced = [advert for advert in group if advert.price is not None]
    cheapest = min(priced, key=lambda advert: (advert.rent or 0, advert.price or 0)) if priced else None
    price = cheapest.price if cheapest else None
    rent = cheapest.rent if cheapest else None
    if listing.price is not None and (listing.price, listing.rent) != (price, rent):
        listing.price_changed_at = now
    decimals = [a.facts["exclusive_m2"] for a in group if a.facts.get("exclusive_m2")]
    exact = next((area for area in decimals if area != int(area)), decimals[0] if decimals else None)
    name = first("complex_name") or ""
    listing.cluster_key = group[0].key
    listing.trade = group[0].trade
    listing.property_type = first("property_type") or ""
    listing.region_code = group[0].region_code
    listing.complex = _complex(listing, name, group) if name and listing.property_type in COMPLEX_TYPES else None
    listing.title = name[:200]
    region = regions().get(listing.region_code) if listing.region_code else None
    listing.address = (first("address") or (region.name if region else ""))[:200]
    listing.building_dong = first("building_dong") or ""
    listing.floor, listing.floor_total = first("floor"), first("floor_total")
    listing.floor_band = first("floor_band") or ""
    listing.direction = first("direction") or ""
    listing.rooms = first("rooms")
    listing.exclusive_m2, listing.supply_m2 = exact, first("supply_m2")
    listing.price, listing.rent = price, rent
    listing.price_high = max((advert.price or 0 for advert in priced), default=None)
    listing.latitude, listing.longitude = first("latitude"), first("longitude")
    listing.state = ListingState.LIVE
    listing.adverts_count, listing.sources_count = len(group), sources
    listing.is_own = any(advert.platform in OWN_PLATFORMS for advert in group)
    listing.flags = sorted({flag for advert in group for flag in advert.facts.get("flags", ())})
    listing.last_seen = max(advert.last_seen for advert in group)


def _complex(listing: Listing, name: str, group: list[Advert]) -> Complex:
    key = parse_complex_name(name).key[:120]
    found, _ = Complex.objects.get_or_create(
        workspace=listing.workspace, region_code=listing.region_code, key=key, defaults={"name": name[:120]}
    )
    names = defaultdict(int)
    for advert in group:
        if other := advert.facts.get("complex_name"):
            names[other[:120]] += 1
    missing = sorted(set(names) - {found.name, *found.aliases})
    if missing:
        found.aliases = [*found.aliases, *missing][:20]
        found.save(update_fields=["aliases"])
    return found


def pair_decide(actor: Actor, *, one_key: str, other_key: str, same: bool) -> Decision:
    """A person's verdict on two adverts; it survives every later run."""
    actor.require(Permission.DATA_WRITE)
    first, second = sorted((one_key, other_key))
    if first == second:
        raise Invalid("These are the same advert.", remedy="Choose two different adverts.")
    with transaction.atomic():
        decision, _ = Decision.objects.update_or_create(
            workspace=actor.workspace,
            one_key=first,
            other_key=second,
            defaults={
                "same": same,
                "decided_by": actor.user,
                "decided_label": actor.user.email if actor.user else "system",
            },
        )
        audit(actor, "duplicate.decided", decision, after={"same": same})
    codes = [
        code
        for key in (first, second)
        for code in Advert.objects.for_workspace(actor.workspace)
        .filter(platform=key.partition(":")[0], platform_id=key.partition(":")[2])
        .values_list("region_code", flat=True)
    ]
    resolve_regions(actor.workspace, codes)
    return decision
