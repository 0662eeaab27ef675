"""Reads of the listing manager. A search says which conditions it could not apply and why it found nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.utils import timezone

from portal.common.errors import NotFound
from properties.models import (
    Advert,
    Collection,
    CollectionState,
    History,
    HistoryKind,
    LegalBasis,
    Listing,
    ListingState,
    Match,
    Requirement,
    ReviewPair,
)
from properties.normalise.regions import prefix_of, regions

SORTS: dict[str, tuple[Any, ...]] = {
    "recent": ("-last_seen", "-id"),
    "price": ("price", "-id"),
    # PostgreSQL puts what is not known first when it sorts downwards.
    "-price": (F("price").desc(nulls_last=True), "-id"),
    "area": (F("exclusive_m2").desc(nulls_last=True), "-id"),
    "changed": (F("price_changed_at").desc(nulls_last=True), "-id"),
}


@dataclass(slots=True)
class Conditions:
    """What to look for; empty means no condition. Money in 만원, areas in ㎡."""

    area: str = ""
    trade: str = ""
    property_type: str = ""
    text: str = ""
    price_min: int | None = None
    price_max: int | None = None
    rent_max: int | None = None
    area_min: float | None = None
    area_max: float | None = None
    floor_min: int | None = None
    direction: str = ""
    rooms_min: int | None = None
    box: tuple[float, float, float, float] | None = None
    changed_within_days: int | None = None
    is_own: bool | None = None
    include_gone: bool = False
    sort: str = "recent"


@dataclass(slots=True)
class Search:
    """A prepared search: its rows, the conditions that could not be applied, and notes on the ones that could."""

    rows: QuerySet[Any]
    unapplied: list[str] = field(default_factory=list)
    region_name: str = ""


def region_filter(code: str, column: str = "region_code") -> Q:
    """Rows inside a region, also those stored under its former codes. Ranges, so that an ordinary index serves them."""
    condition = Q()
    for prefix in {prefix_of(item) for item in regions().family(code)}:
        after = str(int(prefix) + 1).zfill(len(prefix))
        condition |= Q(**{f"{column}__gte": prefix, f"{column}__lt": after})
    return condition


def listings_search(workspace: Any, wish: Conditions) -> Search:
    """Listings of a workspace that meet the conditions."""
    rows = Listing.objects.for_workspace(workspace)
    search = Search(rows)
    if not wish.include_gone:
        rows = rows.filter(state=ListingState.LIVE)
    if wish.area:
        region = regions().find(wish.area)
        if region is None:
            hits = regions().search(wish.area, 30)
            # "강남구" alone is unambiguous in the table; a bare dong name is not, and must not widen the search.
            districts = [hit for hit in hits if hit.level in ("sido", "sgg")]
            region = districts[0] if len(districts) == 1 else None
        if region is None:
            near = ", ".join(hit.name for hit in regions().search(wish.area, 3))
            search.unapplied.append(
                f"area: {wish.area!r} is unknown or ambiguous." + (f" Did you mean {near}?" if near else "")
            )
            rows = rows.none()
        else:
            search.region_name = region.name
            rows = rows.filter(region_filter(region.code))
    exact = {"trade": wish.trade, "property_type": wish.property_type, "direction": wish.direction}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    ranges = {
        "price__gte": wish.price_min,
        "price__lte": wish.price_max,
        "exclusive_m2__gte": wish.area_min,
        "exclusive_m2__lte": wish.area_max,
        "floor__gte": wish.floor_min,
        "rooms__gte": wish.rooms_min,
        "is_own": wish.is_own,
    }
    rows = rows.filter(**{name: value for name, value in ranges.items() if value is not None})
    if wish.floor_min is not None:
        search.unapplied.append("floor_min leaves out listings whose platform masks the floor.")
    if wish.rent_max is not None:
        if wish.trade in ("sale", "jeonse"):
            search.unapplied.append("rent_max: only monthly offers have a rent.")
        else:
            rows = rows.filter(rent__lte=wish.rent_max)
    if wish.text:
        rows = rows.filter(Q(title__icontains=wish.text) | Q(address__icontains=wish.text))
    if wish.box:
        south, west, north, east = wish.box
        rows = rows.filter(latitude__range=(south, north), longitude__range=(west, east))
    if wish.changed_within_days is not None:
        rows = rows.filter(price_changed_at__gte=timezone.now() - timedelta(days=wish.changed_within_days))
    if wish.sort not in SORTS:
        search.unapplied.append(f"sort: {wish.sort!r} is unknown; one of {', '.join(SORTS)}.")
    search.rows = rows.order_by(*SORTS.get(wish.sort, SORTS["recent"])).select_related("complex")
    return search


def why_empty(workspace: Any, wish: Conditions, search: Search) -> str:
    """The most useful reason for an empty result: nothing collected here yet, or which condition leaves nothing."""
    if search.unapplied and not search.region_name and wish.area:
        return "The area was not understood."
    base = Listing.objects.for_workspace(workspace)
    if not base.exists():
        return "This workspace has no listings yet: collect a platform, import a table or add one by hand."
    if wish.area:
        region = regions().find(search.region_name)
        inside = base.filter(region_filter(region.code)) if region else base.none()
        if not inside.exists():
            last = (
                Collection.objects.for_workspace(workspace)
                .filter(region_code__startswith=prefix_of(region.code))
                .first()
                if region
                else None
            )
            if last is None:
                return f"Nothing was ever collected in {search.region_name}."
            return (
                f"The last collection in {search.region_name} ended as {last.outcome or last.state} and left nothing."
            )
        base = inside
    for name, condition in (
        ("trade", Q(trade=wish.trade) if wish.trade else None),
        ("property_type", Q(property_type=wish.property_type) if wish.property_type else None),
        ("price_max", Q(price__lte=wish.price_max) if wish.price_max is not None else None),
        ("price_min", Q(price__gte=wish.price_min) if wish.price_min is not None else None),
        ("rent_max", Q(rent__lte=wish.rent_max) if wish.rent_max is not None else None),
        ("area_min", Q(exclusive_m2__gte=wish.area_min) if wish.area_min is not None else None),
        ("area_max", Q(exclusive_m2__lte=wish.area_max) if wish.area_max is not None else None),
        ("floor_min", Q(floor__gte=wish.floor_min) if wish.floor_min is not None else None),
        ("state", Q(state=ListingState.LIVE) if not wish.include_gone else None),
    ):
        if condition is None:
            continue
        base = base.filter(condition)
        if not base.exists():
            return f"No listing is left after the condition {name}."
    return "No listing meets all the conditions together."


def data_time(workspace: Any) -> datetime | None:
    """When the listings of a workspace were last seen; None when there are none."""
    rows = Listing.objects.for_workspace(workspace)
    # State by state, so that the index on it gives each newest row at once, however many there are.
    newest = [rows.filter(state=state).order_by("-last_seen", "-id").values_list("last_seen", flat=True).first()
              for state in ListingState.values]  # fmt: skip
    return max((moment for moment in newest if moment), default=None)


def listing_get(workspace: Any, listing_id: UUID | str) -> Listing:
    """One listing of a workspace with its adverts."""
    found = (
        Listing.objects.for_workspace(workspace)
        .select_related("complex")
        .prefetch_related("adverts")
        .filter(pk=listing_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such listing.", remedy="Search again; listings end when their adverts do.")
    return found


def price_history(listing: Listing) -> list[dict[str, Any]]:
    """Points of every advert of a listing: time, platform, price and rent in 만원."""
    rows = (
        History.objects.filter(listing=listing, kind__in=[HistoryKind.NEW, HistoryKind.PRICE, HistoryKind.RELISTED])
        .select_related("advert")
        .order_by("at", "id")
    )
    return [
        {
            "at": row.at,
            "platform": row.advert.platform,
            "advert": row.advert_id,
            "kind": row.kind,
            "price": row.price,
            "rent": row.rent,
        }
        for row in rows
        if row.price is not None
    ]


def days_on_market(listing: Listing) -> int:
    """Days since the first advert was seen, until now or until it was gone."""
    end = listing.last_seen if listing.state == ListingState.GONE else timezone.now()
    return max((end - listing.first_seen).days, 0)


def price_feed(workspace: Any, limit: int = 20) -> QuerySet[Any]:
    """Latest price changes."""
    return (
        History.objects.for_workspace(workspace)
        .filter(kind=HistoryKind.PRICE, listing__isnull=False)
        .select_related("listing", "advert")
        .order_by("-at", "-id")[:limit]
    )


def overview(workspace: Any) -> dict[str, Any]:
    """Counts for the dashboard."""
    live = Listing.objects.for_workspace(workspace).filter(state=ListingState.LIVE)
    week = timezone.now() - timedelta(days=7)
    return {
        "listings": live.count(),
        "adverts": Advert.objects.for_workspace(workspace).exclude(state="closed").count(),
        "new_this_week": live.filter(first_seen__gte=week).count(),
        "price_changes": History.objects.for_workspace(workspace).filter(kind=HistoryKind.PRICE, at__gte=week).count(),
        "reviews": ReviewPair.objects.for_workspace(workspace).count(),
        "customers": Requirement.objects.for_workspace(workspace).filter(is_active=True).count(),
        "matches": Match.objects.for_workspace(workspace).filter(is_dismissed=False).count(),
        "as_of": data_time(workspace),
    }


def by_region(workspace: Any, limit: int = 8) -> list[dict[str, Any]]:
    """Live listings per dong with their price range."""
    rows = (
        Listing.objects.for_workspace(workspace)
        .filter(state=ListingState.LIVE)
        .exclude(region_code="")
        .values("region_code", "trade")
        .annotate(count=Count("id"), low=Min("price"), high=Max("price"))
        .order_by("-count")[:limit]
    )
    table = regions()
    return [{**row, "name": region.name if (region := table.get(row["region_code"])) else ""} for row in rows]


def platform_states(workspace: Any) -> list[dict[str, Any]]:
    """Every platform with its legal basis, its last collection and its terms."""
    from properties.collectors import Access, load_profiles

    bases = {basis.platform: basis for basis in LegalBasis.objects.for_workspace(workspace).filter(revoked_at=None)}
    last: dict[str, Collection] = {}
    for task in Collection.objects.for_workspace(workspace).order_by("platform", "-id").distinct("platform"):
        last[task.platform] = task
    return [
        {
            "profile": profile,
            "basis": bases.get(key),
            "is_on": profile.collectable and (profile.access is Access.OPEN or key in bases),
            "is_link_only": profile.access is Access.LINK_ONLY,
            "last": last.get(key),
        }
        for key, profile in load_profiles().items()
    ]


def running_collections(workspace: Any) -> Sequence[Collection]:
    """Collections that wait or run."""
    return list(Collection.objects.for_workspace(workspace).exclude(state=CollectionState.DONE)[:50])
