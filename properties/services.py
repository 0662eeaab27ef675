"""Writes of the listing manager: collections, imports, customers and matches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.common.errors import FieldProblem, Invalid, NotFound, PortalError
from portal.common.ids import uuid7
from portal.workspaces.models import Workspace
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from properties import orchestration, signals
from properties.collectors import Collected, Collector, CollectRequest, Outcome, Profile, load_profiles
from properties.collectors.rendering import PlaywrightRenderer, availability
from properties.errors import UnknownRegion
from properties.intake import Intake, take_adverts
from properties.legal import basis_in_force, platform_profile, require_basis
from properties.matching import fit
from properties.models import (
    Collection,
    CollectionState,
    Listing,
    ListingState,
    Match,
    RawPage,
    Requirement,
)
from properties.normalise import PropertyType, RawAdvert, Trade, regions
from properties.normalise.personal import scrub
from properties.normalise.regions import prefix_of
from properties.resolution import resolve_regions

RAW_DAYS = 30
BATCH_REGIONS = 20
#: Replaces the network in tests.
TRANSPORT: Any = None


def region_of(text: str) -> Any:
    """The current region of a name or code; raises with near names as the remedy."""
    region = regions().find(text)
    if region is None:
        near = [item.name for item in regions().search(text, 3)]
        raise UnknownRegion(
            f"The region {text!r} is unknown or ambiguous.",
            remedy=f"Did you mean {', '.join(near)}?" if near else "Name it with its district, such as 강남구 역삼동.",
        )
    return region


def collection_start(
    actor: Actor,
    *,
    platforms: Sequence[str],
    areas: Sequence[str],
    property_types: Sequence[str] = (PropertyType.APARTMENT.value, PropertyType.VILLA.value),
    trades: Sequence[str] = (Trade.SALE.value, Trade.JEONSE.value, Trade.MONTHLY.value),
    box: tuple[float, float, float, float] | None = None,
    complex_ids: Sequence[str] = (),
    priority: int = 5,
) -> list[Collection]:
    """Queue one collection per platform and area. Refused as a whole when a platform has no legal basis."""
    actor.require(Permission.DATA_WRITE)
    if not platforms or not areas:
        raise Invalid(
            "Nothing to collect.", problems=[FieldProblem("areas", "Name at least one platform and one area.")]
        )
    if len(areas) > BATCH_REGIONS:
        raise Invalid(f"At most {BATCH_REGIONS} areas at once.")
    profiles = [platform_profile(key) for key in platforms]
    for profile in profiles:
        require_basis(actor.workspace, profile)
    found = [region_of(area) for area in areas]
    request = {
        "property_types": [PropertyType(kind).value for kind in property_types],
        "trades": [Trade(trade).value for trade in trades],
        "box": list(box) if box else None,
        "complex_ids": list(complex_ids),
    }
    batch = uuid7()
    with transaction.atomic():
        tasks = [
            Collection.objects.create(
                workspace=actor.workspace,
                platform=profile.key,
                region_code=region.code,
                region_name=region.name,
                request=request,
                priority=priority,
                batch=batch,
                requested_by=actor.user,
            )
            for profile in profiles
            for region in found
        ]
        for task in tasks:
            transaction.on_commit(partial(orchestration.send, task.pk, priority))
        audit(actor, "collection.started", None, after={"platforms": list(platforms), "areas": list(areas)})
    return tasks


def collection_run(collection_id: UUID | str) -> Collection:
    """Execute a queued collection. Safe to run twice: one that is done or taken is returned as it is."""
    task = orchestration.collection_claim(collection_id)
    if task is None:
        return Collection.objects.select_related("workspace").get(pk=collection_id)
    try:
        profile = platform_profile(task.platform)
        basis = require_basis(task.workspace, profile)
        rate = basis.requests_per_second if basis else None
        collected = asyncio.run(_collect(profile, _request_of(task), rate, task))
    except PortalError as error:
        # The legal basis may have been revoked while it waited.
        collected = Collected(task.platform, Outcome.REFUSED, reason=error.message, remedy=error.remedy)
        profile = load_profiles()[task.platform]
    if _finish(task, profile, collected):
        orchestration.announce(task)
        signals.collection_ended.send(sender=Collection, workspace_id=task.workspace_id, collection_id=task.pk)
    transaction.on_commit(partial(orchestration.dispatch_next, task.platform))
    return task


def _request_of(task: Collection) -> CollectRequest:
    wish = task.request
    box = tuple(wish["box"]) if wish.get("box") else box_around(task.workspace, task.region_code)
    return CollectRequest(
        region_code=task.region_code,
        region_name=task.region_name,
        trades=tuple(Trade(item) for item in wish["trades"]),
        property_types=tuple(PropertyType(item) for item in wish["property_types"]),
        box=box,
        complex_ids=tuple(wish.get("complex_ids", ())),
    )


def box_around(workspace: Workspace, region_code: str) -> tuple[float, float, float, float] | None:
    """South, west, north, east of a region: from the boxes of its districts that are known."""
    from properties.places import box_of_region

    return box_of_region(region_code)


async def _collect(profile: Profile, request: CollectRequest, rate: float | None, task: Collection) -> Collected:
    from portal.common import http
    from portal.common.store import RedisStore
    from properties.sites import site_of

    site = site_of(profile)
    trusted = site.base_url if site.is_ours else ""
    async with (
        orchestration.signs_of_life(task),
        http.client(site.base_url, trusted_url=trusted, transport=TRANSPORT or _egress(site.is_ours)) as client,
    ):
        collector = Collector(
            profile,
            client,
            RedisStore("properties"),
            base_url=site.base_url,
            allowed=True,
            requests_per_second=20.0 if site.is_sandbox else rate,
            check_robots=not site.is_sandbox,
            renderer=PlaywrightRenderer() if availability().is_there else None,
        )
        return await collector.collect(request)


def _egress(is_ours: bool) -> Any:
    """The operator's proxies as a transport; None for direct requests, and always for addresses of our own."""
    from portal.common.http import default_policy
    from portal.common.http.proxies import ProxiedTransport, ProxyPool
    from portal.common.store import RedisStore
    from portal.settings.env import env

    urls = env().egress_proxies
    if is_ours or not urls:
        return None
    return ProxiedTransport(ProxyPool(urls, RedisStore("http")), default_policy())


def _finish(task: Collection, profile: Profile, collected: Collected) -> bool:
    """Store what a run brought; False when the run was given up for lost and another has its place."""
    prefixes = [prefix_of(code) for code in regions().family(task.region_code)]
    # A box that somebody drew covers less than the region: what lies outside it was not asked for.
    is_whole = collected.may_mark_gone and not task.request.get("box")
    complete = (profile.origin or profile.key, prefixes) if is_whole else None
    with transaction.atomic():
        if not orchestration.is_mine(task):
            return False
        taken: Intake = take_adverts(task.workspace, collected.adverts, complete_for=complete, scope=collected.scope)
        expires = timezone.now() + timedelta(days=RAW_DAYS)
        RawPage.objects.bulk_create(
            RawPage(
                workspace=task.workspace,
                collection=task,
                platform=task.platform,
                step=page.step,
                url=page.url[:500],
                status=page.status,
                body=json.loads(page.body),
                expires_at=expires,
            )
            for page in collected.pages
        )
        task.state, task.outcome = CollectionState.DONE, collected.outcome.value
        task.reason, task.remedy = collected.reason[:300], collected.remedy[:300]
        task.robots, task.expected, task.requests = collected.robots, collected.expected, collected.requests
        task.received, task.created = len(collected.adverts), taken.created
        task.changed, task.gone, task.finished_at = taken.changed, taken.gone, timezone.now()
        task.save()
        codes = sorted(taken.regions)
        if codes:
            transaction.on_commit(partial(_send_resolution, task.workspace_id, codes))
    return True


def _send_resolution(workspace_id: UUID, codes: list[str]) -> None:
    from properties.tasks import resolve

    resolve.delay(str(workspace_id), codes)


def adverts_import(actor: Actor, raws: Iterable[RawAdvert], *, source: str = "own") -> Intake:
    """Take adverts that a person entered or uploaded, and resolve them at once."""
    from properties.images.services import photos_note

    actor.require(Permission.DATA_WRITE)
    taken = take_adverts(actor.workspace, raws)
    audit(actor, "listings.imported", None, after={"source": source, "created": taken.created})
    resolve_regions(actor.workspace, taken.regions)
    photos_note(actor.workspace, taken.regions)
    return taken


@transaction.atomic
def requirement_create(actor: Actor, **fields: Any) -> Requirement:
    """A customer's wish; matched at once against what is live."""
    actor.require(Permission.DATA_WRITE)
    if not fields.get("customer"):
        raise Invalid("The customer has no name.", problems=[FieldProblem("customer", "Give a name.")])
    for code in fields.get("region_codes", ()):
        if regions().get(code) is None:
            raise Invalid("Unknown region.", problems=[FieldProblem("region_codes", f"There is no region {code}.")])
    fields["note"] = scrub(fields.get("note", ""))
    wish = Requirement.objects.create(workspace=actor.workspace, **fields)
    audit(actor, "requirement.created", wish)
    match_listings(actor.workspace, requirements=[wish])
    return wish


def match_listings(
    workspace: Workspace,
    *,
    listing_ids: Sequence[UUID] | None = None,
    requirements: Sequence[Requirement] | None = None,
) -> list[Match]:
    """Match live listings (all, or those given) to active requirements (all, or those given); returns new matches."""
    wishes = requirements or list(Requirement.objects.for_workspace(workspace).filter(is_active=True))
    created: list[Match] = []
    for wish in wishes:
        offers = Listing.objects.for_workspace(workspace).filter(state=ListingState.LIVE, trade=wish.trade)
        if listing_ids is not None:
            offers = offers.filter(pk__in=listing_ids)
        elif wish.price_max is not None:
            offers = offers.filter(price__lte=wish.price_max)
        known = set(wish.matches.values_list("listing_id", flat=True))
        fresh = []
        for offer in offers.iterator(chunk_size=1_000):
            result = fit(wish, offer)
            if result.is_match and offer.pk not in known:
                fresh.append(
                    Match(
                        workspace=workspace,
                        requirement=wish,
                        listing=offer,
                        score=result.score,
                        reasons=list(result.reasons),
                        misses=list(result.misses),
                    )
                )
        created.extend(Match.objects.bulk_create(fresh, ignore_conflicts=True))
    instant = [match.pk for match in created if match.requirement.notify == Requirement.Notify.INSTANT]
    if instant:
        transaction.on_commit(
            partial(signals.matches_found.send, sender=Match, workspace_id=workspace.pk, match_ids=instant)
        )
    return created


@transaction.atomic
def requirement_end(actor: Actor, requirement_id: UUID) -> Requirement:
    """Stop matching and telling for a customer; what matched stays readable."""
    actor.require(Permission.DATA_WRITE)
    wish = Requirement.objects.for_workspace(actor.workspace).filter(pk=requirement_id).first()
    if wish is None:
        raise NotFound("There is no such customer.")
    wish.is_active = False
    wish.save(update_fields=["is_active"])
    audit(actor, "requirement.ended", wish)
    return wish


def match_dismiss(actor: Actor, match_id: UUID) -> Match:
    """Hide a match from the customer's list."""
    actor.require(Permission.DATA_WRITE)
    match = Match.objects.for_workspace(actor.workspace).filter(pk=match_id).first()
    if match is None:
        raise NotFound("There is no such match.")
    match.is_dismissed = True
    match.save(update_fields=["is_dismissed"])
    return match


def collections_repeat(*, within_days: int = 7) -> int:
    """Queue each recently collected platform and region again; returns how many. Revoked platforms stay off."""
    since = timezone.now() - timedelta(days=within_days)
    recent = (
        Collection.objects.filter(created_at__gte=since, requested_by__isnull=False)
        .order_by("workspace_id", "platform", "region_code", "-id")
        .distinct("workspace_id", "platform", "region_code")
        .select_related("workspace")
    )
    count = 0
    for task in recent:
        if basis_in_force(task.workspace, task.platform) is None:
            continue
        with transaction.atomic():
            again = Collection.objects.create(
                workspace=task.workspace,
                platform=task.platform,
                region_code=task.region_code,
                region_name=task.region_name,
                request=task.request,
                priority=task.priority,
                requested_by=None,
            )
            transaction.on_commit(partial(orchestration.send, again.pk, again.priority))
        count += 1
    return count


def raw_pages_expire() -> int:
    """Delete raw answers whose retention has ended; returns how many."""
    deleted, _ = RawPage.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted
