"""Pages that read: overview, listings as table and map, one listing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from properties import selectors
from properties.desk_models import Photo
from properties.images.services import same_photos
from properties.models import Listing
from properties.normalise.codes import PropertyType, Trade
from properties.normalise.regions import regions
from properties.templatetags.listings import word

PAGE_SIZE = 50
COUNTED_ROWS = 10_000
MAP_POINTS = 600


class CappedPaginator(Paginator):
    """Counts no further than COUNTED_ROWS: counting a million rows would cost more than showing fifty."""

    @cached_property
    def count(self) -> int:
        return int(self.object_list[:COUNTED_ROWS].count())

    @property
    def is_capped(self) -> bool:
        """Whether there may be more rows than counted."""
        return self.count >= COUNTED_ROWS


class FilterForm(forms.Form):
    """Conditions above the listing table. Money in 만원."""

    area = forms.CharField(required=False, max_length=60, label=gettext_lazy("Region"))
    trade = forms.ChoiceField(required=False, label=gettext_lazy("Trade"))
    property_type = forms.ChoiceField(required=False, label=gettext_lazy("Type"))
    price_min = forms.IntegerField(required=False, min_value=0, label=gettext_lazy("Price from"))
    price_max = forms.IntegerField(required=False, min_value=0, label=gettext_lazy("Price to"))
    area_min = forms.FloatField(required=False, min_value=0, label=gettext_lazy("Area from"))
    area_max = forms.FloatField(required=False, min_value=0, label=gettext_lazy("Area to"))
    text = forms.CharField(required=False, max_length=80, label=gettext_lazy("Words"))
    sort = forms.ChoiceField(required=False, label=gettext_lazy("Sort"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trade"].choices = [("", _("Any trade")), *((item.value, word(item.value)) for item in Trade)]
        self.fields["property_type"].choices = [
            ("", _("Any type")),
            *((item.value, word(item.value)) for item in PropertyType if item is not PropertyType.OTHER),
        ]
        self.fields["sort"].choices = [
            ("recent", _("Newest")),
            ("price", _("Cheapest")),
            ("-price", _("Dearest")),
            ("area", _("Largest")),
            ("changed", _("Price changed")),
        ]

    def conditions(self) -> selectors.Conditions:
        """The filled-in conditions; fields that are wrong count as empty and show their error."""
        values = getattr(self, "cleaned_data", {})
        return selectors.Conditions(**{name: value for name, value in values.items() if value not in (None, "")})


@require_GET
@workspace_page(Permission.DATA_READ)
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What is there, what moved, what waits for a person."""
    workspace = actor.workspace
    page = {
        "tab": "overview",
        "figures": selectors.overview(workspace),
        "changes": list(selectors.price_feed(workspace, 12)),
        "areas": selectors.by_region(workspace),
        "running": selectors.running_collections(workspace),
    }
    return render(request, "properties/overview.html", page)


def _search(request: HttpRequest, actor: Actor) -> tuple[FilterForm, selectors.Conditions, selectors.Search]:
    form = FilterForm(request.GET)
    form.is_valid()
    wish = form.conditions()
    return form, wish, selectors.listings_search(actor.workspace, wish)


@require_GET
@workspace_page(Permission.DATA_READ)
def listing_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The table of listings with its filters."""
    form, wish, search = _search(request, actor)
    rows = CappedPaginator(search.rows, PAGE_SIZE).get_page(request.GET.get("page"))
    page = {
        "tab": "listings",
        "form": form,
        "rows": rows,
        "search": search,
        "empty_reason": "" if rows else selectors.why_empty(actor.workspace, wish, search),
        "as_of": selectors.data_time(actor.workspace),
    }
    return render(request, "properties/listing_list.html", page)


@require_GET
@workspace_page(Permission.DATA_READ)
def listing_export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same rows as a workbook."""
    from properties.exports import MAX_ROWS, listings_workbook

    form, _wish, search = _search(request, actor)
    conditions = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
    content = listings_workbook(
        search.rows[:MAX_ROWS], conditions=conditions, as_of=selectors.data_time(actor.workspace)
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": 'attachment; filename="listings.xlsx"'}
    )


@require_GET
@workspace_page(Permission.DATA_READ)
def listing_map(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same listings as points, drawn without any outside tile server."""
    form, _wish, search = _search(request, actor)
    located = search.rows.exclude(latitude=None).exclude(longitude=None)
    rows = list(located[:MAP_POINTS])
    total = located[:COUNTED_ROWS].count() if len(rows) == MAP_POINTS else len(rows)
    page = {
        "tab": "map",
        "form": form,
        "search": search,
        "picture": draw_map(rows),
        "shown": len(rows),
        "total": f"{COUNTED_ROWS:,}+" if total == COUNTED_ROWS else total,
        "as_of": selectors.data_time(actor.workspace),
    }
    return render(request, "properties/listing_map.html", page)


def draw_map(rows: list[Listing]) -> dict[str, Any] | None:
    """Points and dong names in a 1000 × 640 picture; adverts of one complex share a point and grow it."""
    if not rows:
        return None
    spots: dict[tuple[float, float], list[Listing]] = {}
    for row in rows:
        assert row.latitude is not None and row.longitude is not None
        spots.setdefault((round(row.latitude, 4), round(row.longitude, 4)), []).append(row)
    latitudes, longitudes = [spot[0] for spot in spots], [spot[1] for spot in spots]
    middle = (min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2
    # One degree of longitude is 0.79 of one of latitude at Seoul.
    span = max((max(latitudes) - min(latitudes)) * 1000 / 640, (max(longitudes) - min(longitudes)) * 0.79, 0.004) * 1.12

    def place(latitude: float, longitude: float) -> tuple[float, float]:
        x = 500 + (longitude - middle[1]) * 0.79 / span * 1000
        return round(x, 1), round(320 - (latitude - middle[0]) / span * 1000, 1)

    points = []
    dongs: dict[str, list[tuple[float, float]]] = {}
    for (latitude, longitude), group in spots.items():
        x, y = place(latitude, longitude)
        points.append(
            {
                "x": x,
                "y": y,
                "r": round(min(5 + len(group) ** 0.5 * 2, 16), 1),
                "listing": group[0],
                "count": len(group),
                "trade": group[0].trade,
            }
        )
        dongs.setdefault(group[0].region_code, []).append((x, y))
    table = regions()
    labels = [
        {
            "x": round(sum(spot[0] for spot in found) / len(found), 1),
            "y": round(min(spot[1] for spot in found) - 14, 1),
            "name": region.leaf,
        }
        for code, found in dongs.items()
        if (region := table.get(code)) is not None
    ]
    kilometre = round(1 / 111.32 / span * 1000, 1)
    return {
        "points": points,
        "labels": labels,
        "kilometre": kilometre,
        "kilometre_end": 24 + kilometre,
        "middle": middle,
        "span": span,
    }


@require_GET
@workspace_page(Permission.DATA_READ)
def listing_detail(request: HttpRequest, actor: Actor, listing_id: UUID) -> HttpResponse:
    """One listing: facts, adverts, history."""
    listing = selectors.listing_get(actor.workspace, listing_id)
    points = selectors.price_history(listing)
    photos = list(Photo.objects.filter(advert__listing=listing, state=Photo.State.DONE).order_by("position", "id"))
    page = {
        "tab": "listings",
        "listing": listing,
        "adverts": list(listing.adverts.all()),
        "points": points,
        "days": selectors.days_on_market(listing),
        "figure": _figure(points) if points else None,
        "photos": [photo for photo in photos if photo.file],
        "linked_photos": sum(photo.file is None for photo in photos),
        "same_photos": same_photos(actor.workspace, listing.pk) if photos else [],
        "events": listing.history.select_related("advert").order_by("-at", "-id")[:30],
    }
    return render(request, "properties/listing_detail.html", page)


def _figure(points: list[dict[str, Any]]) -> dict[str, Any]:
    adverts: dict[Any, list[dict[str, Any]]] = {}
    for point in points:
        adverts.setdefault(point["advert"], []).append(point)
    named: set[str] = set()
    traces = []
    for found in adverts.values():
        platform = found[0]["platform"]
        # The last known price holds until now, so a single point is a line too.
        times = [*(point["at"].isoformat() for point in found), timezone.now().isoformat()]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": platform,
                "legendgroup": platform,
                "showlegend": platform not in named,
                "line": {"shape": "hv"},
                "x": times,
                "y": [*(point["price"] for point in found), found[-1]["price"]],
            }
        )
        named.add(platform)
    return {
        "data": traces,
        "layout": {"yaxis": {"title": {"text": _("Price, 10,000 won")}, "tickformat": ","}, "height": 280},
    }
