"""Pages of customers: what each looks for, what fits and why, and what just missed."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from portal.common.errors import NotFound, PortalError
from portal.workspaces.pages import workspace_page
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from properties import services
from properties.matching import just_missed
from properties.models import Listing, ListingState, Requirement
from properties.normalise.codes import Direction, PropertyType, Trade
from properties.places import find_place
from properties.templatetags.listings import word
from properties.views import draw_map

MAX_CORNERS = 60
#: Homes on the map to draw on, and those compared for what just missed.
MAP_HOMES, COMPARED = 300, 3_000


class RequirementForm(forms.Form):
    """A customer's wishes. Money in 만원."""

    customer = forms.CharField(max_length=80, label=gettext_lazy("Customer"))
    contact = forms.CharField(required=False, max_length=120, label=gettext_lazy("Contact"))
    trade = forms.ChoiceField(label=gettext_lazy("Trade"))
    property_types = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label=gettext_lazy("Kind of property")
    )
    region = forms.CharField(required=False, max_length=60, label=gettext_lazy("Region"))
    near = forms.CharField(
        required=False,
        max_length=60,
        label=gettext_lazy("Near"),
        help_text=gettext_lazy("A complex of the listings, a region, or latitude, longitude."),
    )
    radius_m = forms.IntegerField(
        required=False, min_value=50, max_value=50_000, label=gettext_lazy("Within metres of it")
    )
    polygon = forms.CharField(required=False, max_length=4_000, widget=forms.HiddenInput)
    price_min = forms.IntegerField(
        required=False, min_value=0, label=gettext_lazy("Price or deposit from (10,000 won)")
    )
    price_max = forms.IntegerField(
        required=False, min_value=0, label=gettext_lazy("Price or deposit up to (10,000 won)")
    )
    rent_max = forms.IntegerField(required=False, min_value=0, label=gettext_lazy("Rent up to (10,000 won)"))
    area_min = forms.FloatField(required=False, min_value=0, label=gettext_lazy("Area from (㎡)"))
    area_max = forms.FloatField(required=False, min_value=0, label=gettext_lazy("Area to (㎡)"))
    floor_min = forms.IntegerField(required=False, min_value=-5, max_value=150, label=gettext_lazy("Lowest floor"))
    rooms_min = forms.IntegerField(required=False, min_value=1, max_value=20, label=gettext_lazy("Rooms at least"))
    directions = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label=gettext_lazy("Direction")
    )
    move_in_by = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label=gettext_lazy("Move-in by")
    )
    commute_place = forms.CharField(required=False, max_length=60, label=gettext_lazy("Place of work"))
    commute_minutes = forms.IntegerField(
        required=False,
        min_value=5,
        max_value=180,
        label=gettext_lazy("Minutes to work at most"),
        help_text=gettext_lazy("Estimated from the distance, not from a timetable."),
    )
    school_place = forms.CharField(required=False, max_length=60, label=gettext_lazy("School"))
    school_metres = forms.IntegerField(
        required=False, min_value=50, max_value=10_000, label=gettext_lazy("Metres to school at most")
    )
    notify = forms.ChoiceField(required=False, label=gettext_lazy("Tell me"))
    note = forms.CharField(required=False, max_length=2_000, widget=forms.Textarea, label=gettext_lazy("Note"))

    def __init__(self, *args: Any, workspace: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._workspace = workspace
        self._places: dict[str, dict[str, Any]] = {}
        self.fields["trade"].choices = [(item.value, word(item.value)) for item in Trade]
        self.fields["property_types"].choices = [
            (item.value, word(item.value)) for item in PropertyType if item is not PropertyType.OTHER
        ]
        self.fields["directions"].choices = [(item.value, word(item.value)) for item in Direction]
        self.fields["notify"].choices = [
            (Requirement.Notify.INSTANT, _("at once")),
            (Requirement.Notify.DAILY, _("once a day")),
            (Requirement.Notify.NEVER, _("never")),
        ]

    def clean_region(self) -> str:
        text: str = self.cleaned_data["region"].strip()
        if text:
            try:
                services.region_of(text)
            except PortalError as error:
                raise forms.ValidationError(error.explain()) from None
        return text

    def clean_polygon(self) -> list[list[float]] | None:
        text = self.cleaned_data["polygon"].strip()
        if not text:
            return None
        try:
            corners = [[float(latitude), float(longitude)] for latitude, longitude in json.loads(text)]
        except (ValueError, TypeError):
            corners = []
        if not 3 <= len(corners) <= MAX_CORNERS or any(
            not (-90 <= corner[0] <= 90 and -180 <= corner[1] <= 180) for corner in corners
        ):
            raise forms.ValidationError(_("A drawn area needs three to sixty corners."))
        return corners

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name, limit in (
            ("near", "radius_m"),
            ("commute_place", "commute_minutes"),
            ("school_place", "school_metres"),
        ):
            text, number = values.get(name, ""), values.get(limit)
            if bool(text) != (number is not None):
                self.add_error(limit if text else name, _("Give both the place and its limit."))
            elif text:
                found = find_place(self._workspace, text)
                if found is None:
                    self.add_error(name, _("This place is not known: name a complex, a region, or a position."))
                else:
                    self._places[name] = {"place": text, "latitude": found[0], "longitude": found[1]}
        return values

    def fields_of_requirement(self) -> dict[str, Any]:
        """The checked form as fields of a requirement."""
        values = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}
        region = values.pop("region", "")
        if region:
            values["region_codes"] = [services.region_of(region).code]
        for name, limit, target, unit in (
            ("near", "radius_m", "centre", "radius_m"),
            ("commute_place", "commute_minutes", "commute", "minutes"),
            ("school_place", "school_metres", "school", "metres"),
        ):
            values.pop(name, None)
            number = values.pop(limit, None)
            if name in self._places:
                values[target] = {**self._places[name], unit: number}
        return values


@require_GET
@workspace_page(Permission.DATA_READ)
def customers(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Customers and the listings that fit them."""
    return _customers(request, actor, RequirementForm(workspace=actor.workspace))


def _customers(request: HttpRequest, actor: Actor, form: RequirementForm, status: int = 200) -> HttpResponse:
    wishes = list(Requirement.objects.for_workspace(actor.workspace).filter(is_active=True)[:100])
    for wish in wishes:
        wish.shown = list(wish.matches.filter(is_dismissed=False, listing__state="live").select_related("listing")[:6])
        wish.total = wish.matches.filter(is_dismissed=False, listing__state="live").count()
    homes = Listing.objects.for_workspace(actor.workspace).filter(state=ListingState.LIVE).exclude(latitude=None)
    located = list(homes.exclude(longitude=None).order_by("-last_seen", "-id")[:MAP_HOMES])
    page = {"tab": "customers", "wishes": wishes, "form": form, "picture": draw_map(located)}
    return render(request, "properties/customers.html", page, status=status)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def customer_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Add a customer's wishes."""
    form = RequirementForm(request.POST, workspace=actor.workspace)
    if not form.is_valid():
        return _customers(request, actor, form, 422)
    services.requirement_create(actor, **form.fields_of_requirement())
    messages.success(request, _("Added, and matched against what is live."))
    return redirect("properties:customers")


def _wish(actor: Actor, requirement_id: UUID) -> Requirement:
    found: Requirement | None = Requirement.objects.for_workspace(actor.workspace).filter(pk=requirement_id).first()
    if found is None:
        raise NotFound("There is no such customer.")
    return found


@require_GET
@workspace_page(Permission.DATA_READ)
def customer_detail(request: HttpRequest, actor: Actor, requirement_id: UUID) -> HttpResponse:
    """One customer: every match with its reasons, and what missed by one condition."""
    wish = _wish(actor, requirement_id)
    matches = wish.matches.filter(is_dismissed=False, listing__state=ListingState.LIVE).select_related("listing")
    offers = Listing.objects.for_workspace(actor.workspace).filter(state=ListingState.LIVE, trade=wish.trade)
    page = {
        "tab": "customers",
        "wish": wish,
        "rows": Paginator(matches, 30).get_page(request.GET.get("page")),
        "missed": just_missed(wish, offers.order_by("-last_seen", "-id")[:COMPARED], 10),
    }
    return render(request, "properties/customer_detail.html", page)


@require_POST
@workspace_page(Permission.DATA_WRITE)
def customer_end(request: HttpRequest, actor: Actor, requirement_id: UUID) -> HttpResponse:
    """Stop looking for a customer."""
    services.requirement_end(actor, requirement_id)
    messages.success(request, _("Ended. Nothing more is matched or told for this customer."))
    return redirect("properties:customers")


@require_POST
@workspace_page(Permission.DATA_WRITE)
def dismiss(request: HttpRequest, actor: Actor, match_id: UUID) -> HttpResponse:
    """Hide a match."""
    services.match_dismiss(actor, match_id)
    return redirect("properties:customers")
